"""Documents that are new are planned in a thread, one after the other; who asks for the same waits for the same."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from router.errors import RequestRefused, unavailable
from router.metrics import PLANNING, UNPLANNED
from router.operations import KeptOperations, Key, Operation
from router.settings import Planning


class PlanningLine:
    def __init__(self, rules: Planning, kept: KeptOperations) -> None:
        self._rules = rules
        self._kept = kept
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="planner")
        self._under_way: dict[Key, asyncio.Task[Operation]] = {}

    async def planned(self, key: Key, plan: Callable[[Key], Operation]) -> Operation:
        """Raises what `plan` does, and RequestRefused where it would take too long; what has begun goes on then."""
        planning = self._under_way.get(key) or self._begun(key, plan)
        try:
            async with asyncio.timeout(self._rules.wait_seconds):
                return await asyncio.shield(planning)
        except TimeoutError:
            raise too_busy("waited too long") from None

    def _begun(self, key: Key, plan: Callable[[Key], Operation]) -> asyncio.Task[Operation]:
        if len(self._under_way) > self._rules.waiting:
            raise too_busy("too many wait")
        planning = self._under_way[key] = asyncio.create_task(self._plan(key, plan))
        return planning

    async def _plan(self, key: Key, plan: Callable[[Key], Operation]) -> Operation:
        with PLANNING.track_inprogress():
            try:
                planned = await asyncio.get_running_loop().run_in_executor(self._thread, plan, key)
                return self._kept.keep(key, planned)
            finally:
                del self._under_way[key]


def too_busy(reason: str) -> RequestRefused:
    UNPLANNED.labels(reason).inc()
    return unavailable("Too many new operations are being planned: try again in a moment.")
