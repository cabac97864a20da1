"""Which progressive overrides, `@override(label:)`, hold for a request, and a planner for each set of them."""

import random
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from hashlib import sha256

from router.context import RequestContext
from router.planner import Planner
from router.settings import Overrides
from router.supergraph import Supergraph

LabelCheck = Callable[[frozenset[str], RequestContext], Awaitable[Collection[str]]]
"""Asked for the labels that are no share; gives those that hold."""

SHARE = re.compile(r"percent\((\d{1,3}(?:\.\d{1,8})?)\)", re.ASCII)
NONE: frozenset[str] = frozenset()
MOST_PLANNERS = 16


async def no_labels(_: frozenset[str], __: RequestContext) -> Collection[str]:
    return ()


class HeldOverrides:
    """One draw decides on all shares, so that there are no more outcomes than shares and one."""

    def __init__(self, labels: frozenset[str], settings: Overrides, check: LabelCheck) -> None:
        found = {label: SHARE.fullmatch(label) for label in labels}
        self._shares = {label: float(share[1]) for label, share in found.items() if share}
        self._named = labels - self._shares.keys()
        self._set = self._named.intersection(settings.labels)
        self._by_caller = settings.draw == "caller"
        self._check = check

    async def of(self, context: RequestContext) -> frozenset[str]:
        drawn = self._drawn(context) if self._shares else NONE
        told = self._named.intersection(await self._check(self._named, context)) if self._named else NONE
        return drawn | told | self._set

    def _drawn(self, context: RequestContext) -> frozenset[str]:
        subject = context.token.subject if context.token and self._by_caller else None
        percent = random.random() * 100 if subject is None else percent_of(subject)
        return frozenset(label for label, share in self._shares.items() if percent < share)


def percent_of(subject: str) -> float:
    """Where this caller stands between 0 and 100, always the same."""
    return int.from_bytes(sha256(subject.encode()).digest()[:6]) / 2**48 * 100


class Planners:
    """A planner knows one set of labels; those used last are kept."""

    def __init__(self, supergraph: Supergraph) -> None:
        self._supergraph = supergraph
        self._kept: OrderedDict[frozenset[str], Planner] = OrderedDict()

    def of(self, labels: frozenset[str]) -> Planner:
        planner = self._kept.get(labels)
        if planner is None:
            planner = self._kept[labels] = Planner(self._supergraph, labels)
        self._kept.move_to_end(labels)
        if len(self._kept) > MOST_PLANNERS:
            self._kept.popitem(last=False)
        return planner
