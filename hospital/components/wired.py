"""A domain as a component knows it: whatever it is, the same is asked of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from starlette.routing import BaseRoute

from router.entrypoints.metrics import Measure
from subgraphs.kernel.calls import Call
from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber

Step: TypeAlias = Callable[[], Awaitable[None]]


class Domain(Protocol):
    @property
    def base(self) -> Foundation: ...

    @property
    def subgraph(self) -> Subgraph: ...

    @property
    def subscribers(self) -> tuple[Subscriber, ...]: ...


@dataclass(frozen=True)
class Wired:
    """`answered`: what other domains ask of it, besides what all are asked. `prepare` may raise CannotDo."""

    domain: Domain
    answered: Mapping[str, Call] = field(default_factory=dict)
    routes: Sequence[BaseRoute] = ()
    measures: Mapping[str, Measure] = field(default_factory=dict)
    prepare: Sequence[Step] = ()
    """What it needs to have before it answers; safe for several that start at once."""

    closing: Sequence[Step] = ()
