"""Keeping components, on small processes that do what a test wants: each is a line or two of Python."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import structlog

from hospital.problems import CannotRun
from hospital.supervisor.executing import Executing
from hospital.supervisor.keeping import Patience
from hospital.supervisor.process import Child, Component
from hospital.supervisor.supervising import Supervisor

QUICK = Patience(first_pause_seconds=0.05, longest_pause_seconds=0.4, steady_seconds=60, draining_seconds=10)
WORKS = "import os, signal, sys, time; print('works', flush=True)\n"
UNTIL_TOLD = "while True: signal.pause()\n"


def component(name: str, code: str) -> Component:
    return Component(name, ("-S", "-c", code))


def telling(file: Path, name: str) -> Component:
    """Writes down when it is started and when it is told to end."""
    tell = f"tell = lambda what: open({str(file)!r}, 'a').write(what + ' {name}\\n')\n"
    at_the_end = "signal.signal(signal.SIGTERM, lambda *_: (tell('ended'), sys.exit()))\n"
    return component(name, f"import signal, sys\n{tell}{at_the_end}tell('began')\n{WORKS}{UNTIL_TOLD}")


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


DEAF = component("email", f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{WORKS}{UNTIL_TOLD}")


async def until(file: Path, number: int) -> list[str]:
    async with asyncio.timeout(30):
        while len(lines(file)) < number:  # noqa: ASYNC110 (another process writes it)
            await asyncio.sleep(0.01)
    return lines(file)


@asynccontextmanager
async def supervised(
    *stages: Sequence[Component], patience: Patience = QUICK
) -> AsyncIterator[tuple[Supervisor, asyncio.Event, "asyncio.Task[bool]"]]:
    supervisor, opened = Supervisor(stages, Executing(os.environ, (sys.executable,)).start, patience), asyncio.Event()
    running = asyncio.create_task(supervisor.run(lambda name: None, opened.set))
    try:
        yield supervisor, opened, running
    finally:
        supervisor.stop()
        await asyncio.wait([running])


async def ended(logs: Sequence[Any], number: int) -> list[Any]:
    def found() -> list[Any]:
        return [each for each in logs if each["event"] == "component.ended"]

    async with asyncio.timeout(30):
        while len(found()) < number:  # noqa: ASYNC110 (the log has no bell)
            await asyncio.sleep(0.01)
    return found()[:number]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_stages_begin_one_after_another_and_are_drained_the_other_way_round(tmp_path: Path):
    told = tmp_path / "told"
    stages = [
        [telling(told, "subgraph"), telling(told, "subgraph")],
        [telling(told, "worker")],
        [telling(told, "router")],
    ]
    async with supervised(*stages) as (supervisor, opened, running):
        async with asyncio.timeout(30):
            await opened.wait()
        assert lines(told) == ["began subgraph", "began subgraph", "began worker", "began router"]
        supervisor.stop()
        assert await running
    assert lines(told)[4:] == ["ended router", "ended worker", "ended subgraph", "ended subgraph"]


async def test_nothing_is_open_before_the_last_one_works(tmp_path: Path):
    silent = component("router", f"import signal; open({str(tmp_path / 'began')!r}, 'w').write('x\\n')\n{UNTIL_TOLD}")
    async with supervised([telling(tmp_path / "told", "subgraph")], [silent]) as (supervisor, opened, running):
        await until(tmp_path / "began", 1)
        assert not opened.is_set()
        supervisor.stop()
        assert await running
    assert not opened.is_set()


async def test_what_ends_is_started_again_after_pauses_that_grow_and_are_bounded(tmp_path: Path):
    began = tmp_path / "began"
    dying = component("copies", f"{WORKS}open({str(began)!r}, 'a').write(f'{{time.monotonic()}}\\n'); sys.exit(3)")
    with structlog.testing.capture_logs() as logs:
        async with supervised([dying]):
            times = [float(line) for line in await until(began, 7)]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert all(pause >= least for pause, least in zip(pauses, (0.025, 0.05, 0.1, 0.2, 0.2, 0.2), strict=False))
    said = [each for each in logs if each["event"] == "component.ended"]
    assert {(each["component"], each["exit_status"]) for each in said} == {("copies", 3)}
    assert max(each["again_in_seconds"] for each in said) <= 0.4


async def test_after_a_steady_life_the_pauses_begin_anew():
    brief = Patience(first_pause_seconds=0.2, longest_pause_seconds=10, steady_seconds=0.1)
    steady = component("relay", f"{WORKS}time.sleep(0.15)")
    with structlog.testing.capture_logs() as logs:
        async with supervised([steady], patience=brief):
            said = await ended(logs, 4)
    assert max(each["again_in_seconds"] for each in said) <= 0.2


async def test_what_was_killed_is_said_with_the_signal_and_works_again(tmp_path: Path):
    pids = tmp_path / "pids"
    works = component("records", f"{WORKS}open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n')\n{UNTIL_TOLD}")
    with structlog.testing.capture_logs() as logs:
        async with supervised([works]):
            os.kill(int((await until(pids, 1))[0]), 9)
            await until(pids, 2)
            [said] = await ended(logs, 1)
    assert said["signal"] == "SIGKILL"
    assert "component.works_again" in {each["event"] for each in logs}


async def test_one_that_cannot_run_as_it_is_set_closes_all_and_leaves_none_behind(tmp_path: Path):
    pids = tmp_path / "pids"
    works = component("doctors", f"{WORKS}open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n')\n{UNTIL_TOLD}")
    wrong = component("relay", f"import sys; sys.exit({CannotRun.status})")
    async with supervised([works], [wrong]) as (_, opened, running):
        with pytest.raises(CannotRun, match="relay"):
            await asyncio.wait_for(running, 30)
    assert not opened.is_set()
    [pid] = await until(pids, 1)
    assert not is_alive(int(pid))


async def test_one_that_may_heal_is_tried_until_it_works(tmp_path: Path):
    tries = tmp_path / "tries"
    code = f"n = len(open({str(tries)!r}, 'a+').readlines()); f = open({str(tries)!r}, 'a+'); f.seek(0)\n"
    code += "n = len(f.readlines()); f.write('x\\n'); f.close()\nimport sys\nif n < 2: sys.exit(75)\n"
    async with supervised([component("copies", code + WORKS + UNTIL_TOLD)]) as (supervisor, opened, running):
        async with asyncio.timeout(30):
            await opened.wait()
        supervisor.stop()
        assert await running
    assert len(lines(tries)) == 3


async def test_one_that_worked_before_is_tried_again_though_its_settings_are_wrong_now():
    spoilt = component("audit", f"{WORKS}time.sleep(0.05); sys.exit({CannotRun.status})")
    with structlog.testing.capture_logs() as logs:
        async with supervised([spoilt]) as (_, _, running):
            first, second = await ended(logs, 2)
            assert not running.done()
    assert first["again_in_seconds"] == second["again_in_seconds"] == QUICK.longest_pause_seconds


async def test_who_does_not_end_in_time_is_killed_and_that_is_told():
    hurried = Patience(draining_seconds=0.3)
    with structlog.testing.capture_logs() as logs:
        async with supervised([DEAF], patience=hurried) as (supervisor, opened, running):
            await opened.wait()
            supervisor.stop()
            assert not await asyncio.wait_for(running, 30)
    assert "component.killed" in {each["event"] for each in logs}


async def test_a_second_word_waits_for_nobody():
    async with supervised([DEAF]) as (supervisor, opened, running):
        await opened.wait()
        supervisor.stop()
        await asyncio.sleep(0.1)
        began = time.monotonic()
        supervisor.stop()
        assert not await asyncio.wait_for(running, 30)
        assert time.monotonic() - began < QUICK.draining_seconds / 2


@pytest.mark.parametrize("words", [1, 2])
async def test_what_is_not_started_yet_holds_up_no_end_and_is_not_started_any_more(words: int):
    started = asyncio.Event()

    async def never(component: Component) -> Child:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    supervisor = Supervisor([[Component("email", ())]], never, QUICK)
    running = asyncio.create_task(supervisor.run(lambda name: None, lambda: None))
    await started.wait()
    for _ in range(words):
        supervisor.stop()
    await asyncio.wait_for(running, QUICK.draining_seconds / 2)


async def test_what_components_say_goes_on_with_their_names(capsys):
    talking = component(
        "sms", f"{WORKS}print('one'); print('two', file=sys.stderr); print('x' * 2_000_000); print('last')"
    )
    with structlog.testing.capture_logs() as logs:
        async with supervised([talking]):
            await ended(logs, 1)
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == "sms | one"
    assert said.out.splitlines()[-1] == "sms | last"
    assert "sms | two" in said.err.splitlines()
