"""Asking a subgraph, whatever comes back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from router.executor.errors import NoAnswer
from router.tracing import traced
from router.transports.base import SubgraphRequest, Transport, TransportError, Unreachable
from router.watching import WatchedFetch

TOO_DEEP = NoAnswer("its answer is nested too deeply.")
MALFORMED = NoAnswer("its answer is no GraphQL response.")
NOT_ASKED = NoAnswer("it was not asked, for want of what another subgraph owes.")
OF_OTHERS = NoAnswer("it answered for other entities than asked.")


async def ask(transport: Transport, request: SubgraphRequest) -> Mapping[str, Any] | NoAnswer:
    """The reply, with `data` a mapping or null; or why there is none."""
    with WatchedFetch(request) as watched:
        try:
            reply = await transport.execute(with_trace(request))
        except TransportError as error:
            return unanswered(error)
        if is_malformed(reply):
            return MALFORMED
        watched.answered(reply)
        return reply


def with_trace(request: SubgraphRequest) -> SubgraphRequest:
    headers = traced(request.headers)
    return request if headers is request.headers else replace(request, headers=headers)


def unanswered(error: TransportError) -> NoAnswer:
    return NoAnswer("it gave no answer.", cause=str(error), passes=isinstance(error, Unreachable))


def is_malformed(reply: object) -> bool:
    if not isinstance(reply, Mapping):
        return True
    data = reply.get("data")
    return not reply.get("errors") if data is None else type(data) is not dict
