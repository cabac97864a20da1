"""What is kept of operations between requests: those used last, as many and as long as allowed."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from graphql import OperationType

from router.documents import Inputs
from router.memory import free_young, settle_memory
from router.planner import QueryPlan
from router.planner.deferral import Deferring
from router.supergraph.model import Need

SETTLED_TOGETHER = 20_000
"""Characters of documents, each with a thousand more for itself: to hide them takes some 20 ms, in which all waits."""
MOST_GIVEN_UP = 1_000


class Key(NamedTuple):
    """`labels` are the progressive overrides that hold; of its guards, only those `held` do (None: all).

    `switched_on` are the variables that defer; None if nothing is deferred.
    """

    text: str
    name: str | None
    labels: frozenset[str] = frozenset()
    held: Need | None = None
    switched_on: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What is kept of a document between requests; `guards` must all hold for the whole answer to be seen."""

    kind: OperationType
    inputs: Inputs
    plan: QueryPlan
    guards: Need = frozenset()
    deferring: Deferring | None = None

    def switched_on(self, variables: Mapping[str, Any]) -> frozenset[str] | None:
        return self.deferring.switched_on({**self.plan.defaults, **variables}) if self.deferring else None


class KeptOperations:
    """A plan takes up to 150 bytes for each character of its document, so both are bounded."""

    def __init__(self, most: int, most_characters: int) -> None:
        self._kept: OrderedDict[Key, Operation] = OrderedDict()
        self._most = most
        self._most_characters = most_characters
        self._characters = 0
        self._added = 0
        self._unsettled = 0

    def get(self, key: Key) -> Operation | None:
        if found := self._kept.get(key):
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, operation: Operation) -> Operation:
        self._kept[key] = operation
        self._characters += len(key.text)
        while len(self._kept) > self._most or self._characters > self._most_characters:
            dropped, _ = self._kept.popitem(last=False)
            self._characters -= len(dropped.text)
        self._settle(key.text)
        free_young()
        return operation

    def _settle(self, text: str) -> None:
        """A thousand plans are 200,000 objects, which a full collection would look at for 0.2 s each time.

        Only the first are hidden from it, as many as are kept: clients who go on sending new documents end this.
        """
        self._added += 1
        self._unsettled += 1_000 + len(text)
        if self._unsettled >= SETTLED_TOGETHER and self._added <= self._most:
            self._unsettled = 0
            settle_memory()


class GivenUp:
    """Why operations could not be planned: to find out again may take a second of processor time."""

    def __init__(self) -> None:
        self._reasons: OrderedDict[Key, str] = OrderedDict()

    def get(self, key: Key) -> str | None:
        return self._reasons.get(_digested(key))

    def keep(self, key: Key, why: str) -> None:
        self._reasons[_digested(key)] = why
        if len(self._reasons) > MOST_GIVEN_UP:
            self._reasons.popitem(last=False)


def _digested(key: Key) -> Key:
    return key._replace(text=sha256(repr((key.text, key.name)).encode()).hexdigest(), name=None)
