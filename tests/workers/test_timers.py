import asyncio
import time

import pytest
from structlog.testing import capture_logs

from workers.timers import Job, Timers


class Work:
    """Counts its runs, fails the first ones, and notices when two overlap."""

    def __init__(self, failures: int = 0, seconds: float = 0.0) -> None:
        self.failures, self.seconds = failures, seconds
        self.runs: list[float] = []
        self.under_way = self.at_once = 0

    async def __call__(self) -> None:
        self.runs.append(time.monotonic())
        self.under_way += 1
        self.at_once = max(self.at_once, self.under_way)
        await asyncio.sleep(self.seconds)
        self.under_way -= 1
        if len(self.runs) <= self.failures:
            raise ValueError("of patient Huzaifa")


async def test_each_job_runs_by_its_own_interval(running):
    often, seldom = Work(), Work()
    async with running(Timers([Job("often", 0.02, often), Job("seldom", 10, seldom)])):
        await asyncio.sleep(0.3)
    assert len(often.runs) >= 5
    assert len(seldom.runs) == 1


async def test_a_slow_job_never_runs_twice_at_a_time_and_holds_up_no_other(running):
    slow, quick = Work(seconds=0.05), Work()
    async with running(Timers([Job("slow", 0.001, slow), Job("quick", 0.01, quick)])):
        await asyncio.sleep(0.3)
    assert slow.at_once == 1
    assert 2 <= len(slow.runs) <= 7
    assert len(quick.runs) > 8


async def test_a_failing_job_is_logged_without_its_text_and_tried_ever_later(running):
    failing, other = Work(failures=4), Work()
    with capture_logs() as logs:
        async with running(Timers([Job("failing", 0.02, failing), Job("other", 0.02, other)])):
            await asyncio.sleep(0.8)
    assert len(failing.runs) > 4
    assert len(other.runs) > 10
    assert [(line["event"], line["job"], line["failures"]) for line in logs] == [
        ("timer.failed", "failing", number) for number in (1, 2, 3, 4)
    ]
    assert "Huzaifa" not in str(logs)
    waits = [later - sooner for sooner, later in zip(failing.runs, failing.runs[1:], strict=False)]
    assert waits[3] > waits[0]


@pytest.mark.parametrize(("every", "first", "longest"), [(1, 1, 300), (3600, 5, 3600)])
def test_how_long_a_failing_job_waits(every, first, longest):
    back_off = Job("any", every, Work()).back_off()
    waits = [back_off.next_seconds() for _ in range(100)]
    assert first / 2 <= waits[0] <= first
    assert longest / 2 <= waits[-1] <= longest


async def test_it_waits_before_the_first_run_when_it_is_told_to(running):
    later = Work()
    async with running(Timers([Job("later", 0.01, later, after_seconds=60)])):
        await asyncio.sleep(0.1)
    assert later.runs == []


async def test_it_finishes_a_job_under_way_and_stops():
    slow = Work(seconds=0.1)
    timers = Timers([Job("slow", 60, slow)])
    task = asyncio.create_task(timers.run())
    await asyncio.sleep(0.02)
    timers.stop()
    await asyncio.wait_for(task, 1)
    assert (len(slow.runs), slow.under_way) == (1, 0)
