"""The state of one request. Plans hold none, so this is the only thing that changes while one runs."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from router.context import RequestContext
from router.errors import SHOWN_EXTENSIONS
from router.executor.errors import Error, NoAnswer, ResponsePath, owed, placed
from router.executor.gathered import Gathered
from router.executor.locate import Object
from router.executor.paths import client_path, data_path, innermost
from router.planner.conditions import Condition, holds
from router.planner.nodes import Fetch
from router.planner.selections import Selections
from router.transports.base import Load, SubgraphRequest, Transport

MOST_ERRORS = 1_000
MOST_LOST = 100
NO_VARIABLES: Mapping[str, Any] = {}


Runner = Callable[["Run"], Coroutine[Any, Any, None]]


async def together(first: Coroutine[Any, Any, None], *others: Coroutine[Any, Any, None]) -> None:
    """Side by side. The first that fails stops the others, and is raised when they have ended."""
    try:
        async with asyncio.TaskGroup() as group:
            for other in others:
                group.create_task(other)
            await first
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


@dataclass(slots=True, eq=False)
class Run:
    """`data` is what subgraphs gave, merged; `nulled` says that a null stood where the schema allows none.
    `left_out` counts the errors that were too many to tell; `shown_extensions` are those of subgraphs' errors that
    clients are shown. `everything` is all that the client asked for, `selections` what of it is told here.

    `absent` holds, by their ids, the objects in `data` that a subgraph said it has not, and no more than that.
    It keeps them: the id of an object that is gone is given to another. `unanswered` holds those likewise of which a
    subgraph owes something. `milestones` are there if a part is deferred. `gathered` holds what was gathered since
    the data changed: fetches that run side by side often ask for the same entities.
    """

    variables: Mapping[str, Any]
    switches: Mapping[str, Any]
    transport: Transport
    context: RequestContext
    data: dict[str, Any] = field(default_factory=dict)
    errors: list[Error] = field(default_factory=list)
    selections: Selections = ()
    everything: Selections = ()
    shown_extensions: frozenset[str] = frozenset(SHOWN_EXTENSIONS)
    left_out: int = 0
    nulled: bool = False
    absent: dict[int, Object] = field(default_factory=dict)
    unanswered: dict[int, Object] = field(default_factory=dict)
    milestones: dict[int, asyncio.Event] | None = None
    gathered: dict[object, Gathered] = field(default_factory=dict)
    load: Load = field(default_factory=Load)

    def beside(self, selections: Selections) -> "Run":
        """For a deferred block: it works on the same data, and its errors are its own."""
        return replace(self, selections=selections, errors=[], left_out=0, nulled=False)

    def forget(self) -> None:
        """Frees what was fetched: of a large answer that takes long, and is done by whoever works on it."""
        self.data, self.absent, self.unanswered, self.gathered = {}, {}, {}, {}

    async def reached(self, number: int) -> None:
        assert self.milestones is not None
        await self.milestones[number].wait()

    def reach(self, number: int) -> None:
        assert self.milestones is not None
        self.milestones[number].set()

    def holds(self, condition: Condition) -> bool:
        return holds(condition, self.switches)

    def report(self, error: Error, places: Sequence[ResponsePath], below: ResponsePath = ()) -> None:
        """An error of all these places, as far as there is room: a reply may have thousands, each of as many places."""
        room = max(0, MOST_ERRORS - len(self.errors))
        for at in places[:room]:
            path = data_path((*at, *below))
            self.owe(innermost(self.data, path))
            self.errors.append(self._placed(error, path))
        self.left_out += max(0, len(places) - room)

    def owe(self, *objects: Object) -> None:
        self.unanswered.update((id(found), found) for found in objects)

    def lose(self, subgraph: str, why: NoAnswer, paths: Iterable[ResponsePath]) -> None:
        """One error for each field that the subgraph owes, as far as that stays readable."""
        error = owed(subgraph, why)
        self.errors.extend(self._placed(error, path) for path in islice(paths, MOST_LOST))

    def _placed(self, error: Error, path: ResponsePath) -> Error:
        return placed(error, client_path(path, self.everything, self.switches, self.data))

    def request(self, fetch: Fetch, representations: Mapping[str, Any] = NO_VARIABLES) -> SubgraphRequest:
        """Variables the client left out are left out here too."""
        given = self.variables
        variables = {name: given[name] for name in fetch.variables if name in given}
        variables.update(representations)
        return SubgraphRequest(
            fetch.subgraph,
            fetch.document,
            variables,
            None,
            self.context.headers,
            is_mutation=fetch.operation == "mutation",
            load=self.load,
        )
