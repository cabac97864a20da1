"""Work on heavy answers, beside the loop."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import parse

from router.aside import aside
from router.executor import subscribe
from router.transports.base import HEAVY_BYTES, Load, SubgraphRequest
from tests.router.executor.subgraphs import PLANNER


async def test_what_is_light_is_done_at_once() -> None:
    assert await Load(HEAVY_BYTES).step(threading.current_thread) is threading.current_thread()


async def test_what_is_heavy_is_done_beside_the_loop_one_step_at_a_time() -> None:
    running = 0

    def work() -> int:
        nonlocal running
        running += 1
        time.sleep(0.01)
        found, running = running, running - 1
        return found

    load = Load(HEAVY_BYTES + 1)
    assert await load.step(threading.current_thread) is not threading.current_thread()
    assert await asyncio.gather(*(load.step(work) for _ in range(5))) == [1] * 5


async def test_between_two_steps_the_loop_has_its_turn() -> None:
    loop, seen = asyncio.get_running_loop(), list[str]()

    def work() -> None:
        seen.append("step")
        loop.call_soon_threadsafe(seen.append, "turn")

    load = Load(HEAVY_BYTES + 1)
    await asyncio.gather(*(load.step(work) for _ in range(10)))
    assert seen == ["step", "turn"] * 10


async def test_what_a_step_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await Load(HEAVY_BYTES + 1).step(lambda: 1 // 0)


class Weighing:
    """Its first event is heavy, its second is not."""

    async def execute(self, request: SubgraphRequest) -> Any:
        raise AssertionError(request)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Any]:
        for weight in (HEAVY_BYTES + 1, 10):
            request.load.bytes += weight
            yield {"data": {"admitted": {"name": "Ada"}}}


async def test_each_event_is_weighed_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []

    async def counted(work: Any, *given: Any) -> Any:
        steps.append(work)
        return await aside(work, *given)

    monkeypatch.setattr("router.transports.base.aside", counted)
    plan = PLANNER.plan(parse("subscription { admitted { name } }"), None)
    taken = []
    async for event in subscribe(plan, {}, Weighing()):
        assert event == {"data": {"admitted": {"name": "Ada"}}}
        taken.append(len(steps))
    assert taken == [2, 2]
