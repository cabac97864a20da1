"""Which headers a subgraph is given, where the settings say so for it alone."""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from typing import Any

from router.settings import HeaderRules, matches
from router.tracing import is_on
from router.transports.base import SubgraphRequest, Transport

OF_THE_TRACE = frozenset({"traceparent", "tracestate"})


class HeaderRulesTransport:
    """`rules` are by subgraph; who has none is given those that all are given."""

    def __init__(self, inner: Transport, rules: Mapping[str, HeaderRules], given_to_all: Collection[str]) -> None:
        self._inner = inner
        self._rules = rules
        self._of_others = HeaderRules(forward=tuple(given_to_all))

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        return await self._inner.execute(self._ruled(request))

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        return self._inner.subscribe(self._ruled(request))

    def _ruled(self, request: SubgraphRequest) -> SubgraphRequest:
        rules = self._rules.get(request.subgraph, self._of_others)
        return replace(request, headers=ruled(request.headers, rules, self._of_others))


def ruled(headers: Mapping[str, str], rules: HeaderRules, of_others: HeaderRules) -> dict[str, str]:
    """Traces that the router itself takes part in go on whatever the rules are."""
    forward = of_others.forward if rules.forward is None else rules.forward
    kept = {name: value for name, value in headers.items() if matches(name, forward or ())}
    kept = {rules.rename.get(name, name): value for name, value in kept.items() if not matches(name, rules.remove)}
    inserted = {name: value.get_secret_value() for name, value in rules.insert.items()}
    trace = {name: headers[name] for name in OF_THE_TRACE & headers.keys()} if is_on() else {}
    return kept | inserted | trace
