"""Work on heavy answers, beside the loop."""

import asyncio
import threading
import time

import pytest

from router.transports.base import HEAVY_BYTES, Load


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


async def test_what_a_step_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await Load(HEAVY_BYTES + 1).step(lambda: 1 // 0)
