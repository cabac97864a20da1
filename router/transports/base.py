"""What the executor asks of a transport, and what it gets back."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from router.aside import Found, aside

HEAVY_BYTES = 100_000
"""What subgraphs give for one answer without taking the loop for long: 5 ms of work, 30 where all of it is brackets."""


@dataclass(slots=True, eq=False)
class Load:
    """How many bytes subgraphs have given for one answer, as far as they came in bytes."""

    bytes: int = 0

    async def step(self, work: Callable[..., Found], *given: Any) -> Found:
        """Work on the answer. All steps of one that is heavy are done aside, so none at the same time as another."""
        return await aside(work, *given) if self.bytes > HEAVY_BYTES else work(*given)


@dataclass(frozen=True, slots=True)
class SubgraphRequest:
    """One GraphQL request to one subgraph; `headers` are those that the router's rules let through.

    To `load` is added what its replies weigh.
    """

    subgraph: str
    document: str
    variables: Mapping[str, Any]
    operation_name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_mutation: bool = False
    load: Load = field(default_factory=Load, compare=False)


class TransportError(Exception):
    """The subgraph gave no GraphQL answer: unreachable, too slow, too large, or not GraphQL."""


class Unreachable(TransportError):
    """Nobody was there, or not in time: another try in a moment may find somebody."""


class NotAsked(Unreachable):
    """The router itself did not ask: the subgraph is left alone for a while, or is too busy."""


class Transport(Protocol):
    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        """A GraphQL response: `data` (a mapping or null), `errors`, `extensions`. Raises TransportError."""
        ...

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        """The responses of a subscription, one an event. Raises TransportError when the stream breaks."""
        ...
