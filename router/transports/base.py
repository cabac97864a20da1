"""What the executor asks of a transport, and what it gets back."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class SubgraphRequest:
    """One GraphQL request to one subgraph; `headers` are those that the router's rules let through."""

    subgraph: str
    document: str
    variables: Mapping[str, Any]
    operation_name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_mutation: bool = False


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
