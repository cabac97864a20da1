"""Documents that are new are planned in a thread, one after the other; who asks for the same waits for the same."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from router.errors import RequestRefused, unavailable
from router.metrics import PLANNING, UNPLANNED
from router.operations import KeptOperations, Key, Operation
from router.settings import Planning

Plan: TypeAlias = Callable[[Key], Operation]


class Place:
    """Of one document in the line: as long as somebody waits for it, and to its end when that has begun."""

    def __init__(self, key: Key, plan: Plan) -> None:
        self.key, self._plan = key, plan
        self.waiting, self.begun = 0, False
        self.task: asyncio.Task[Operation] | None = None

    def plan(self) -> Operation:
        self.begun = True
        return self._plan(self.key)


class PlanningLine:
    def __init__(self, rules: Planning, kept: KeptOperations) -> None:
        self._rules = rules
        self._kept = kept
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="planner")
        self._places: dict[Key, Place] = {}

    async def planned(self, key: Key, plan: Plan) -> Operation:
        """Raises what `plan` does, and RequestRefused where it would take too long."""
        place = self._places.get(key) or self._taken(Place(key, plan))
        assert place.task is not None
        place.waiting += 1
        try:
            async with asyncio.timeout(self._rules.wait_seconds):
                return await asyncio.shield(place.task)
        except TimeoutError:
            raise too_busy("waited too long") from None
        finally:
            place.waiting -= 1
            if not (place.waiting or place.begun):
                self._leave(place)
                place.task.cancel()

    def _taken(self, place: Place) -> Place:
        if len(self._places) > self._rules.waiting:
            raise too_busy("too many wait")
        self._places[place.key] = place
        place.task = asyncio.create_task(self._plan(place))
        return place

    def _leave(self, place: Place) -> None:
        if self._places.get(place.key) is place:
            del self._places[place.key]

    async def _plan(self, place: Place) -> Operation:
        with PLANNING.track_inprogress():
            try:
                planned = await asyncio.get_running_loop().run_in_executor(self._thread, place.plan)
                return self._kept.keep(place.key, planned)
            finally:
                self._leave(place)


def too_busy(reason: str) -> RequestRefused:
    UNPLANNED.labels(reason).inc()
    return unavailable("Too many new operations are being planned: try again in a moment.")
