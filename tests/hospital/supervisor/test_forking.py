"""Components forked by a process that has imported what they are made of."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hospital.commands.keys import keys
from hospital.problems import CannotRun
from hospital.supervisor import forking
from hospital.supervisor.forking import Forked, ForkServer
from hospital.supervisor.process import Component
from tests.hospital.supervisor.processes import SECONDS, children_of, command_of
from tests.hospital.supervisor.test_supervising import is_alive

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every component imports for itself"),
]

UNKNOWN = Component("neighbours", ("subgraph", "neighbours"))
"""Ends at once, and says why."""

ROUTER = Component("router", ("router", "--port", "0", "--supervised"))
"""Lives, whoever else does."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ForkServer]:
    """One for all: what ends it has another begun."""
    callers = tmp_path_factory.mktemp("forking") / "callers.json"
    keys(callers)
    given = ForkServer({**os.environ, "HOSPITAL_CALLERS": str(callers)})
    yield given
    await given.close()


async def ended(forked: Forked) -> tuple[int, str, str]:
    """Its exit status, and what it has said."""
    assert forked.stdout is not None
    assert forked.stderr is not None
    async with asyncio.timeout(SECONDS):
        said, errors = await asyncio.gather(forked.stdout.read(), forked.stderr.read())
        return await forked.wait(), said.decode(), errors.decode()


async def listening(server: ForkServer) -> Forked:
    forked = await server.start(ROUTER)
    assert forked.stdout is not None
    async with asyncio.timeout(SECONDS):
        assert (await forked.stdout.readline()).startswith(b"Listening at ")
    return forked


def process_of(server: ForkServer) -> asyncio.subprocess.Process:
    assert server._process is not None
    return server._process


async def test_it_is_what_the_command_of_those_arguments_is(server: ForkServer):
    status, said, errors = await ended(await server.start(UNKNOWN))
    assert (status, said) == (CannotRun.status, "")
    assert "There is no subgraph neighbours" in errors
    helped, said, _ = await ended(await server.start(Component("worker", ("worker", "--help"))))
    assert (helped, "hospital worker" in said) == (0, True)


async def test_it_is_a_child_of_who_asked_with_a_name_and_a_session_of_its_own(server: ForkServer):
    forked = await listening(server)
    pid = forked._pid
    assert command_of(pid)[:3] == ["hospital", "router", "--port"]
    assert pid in children_of(os.getpid())
    assert os.getsid(pid) == pid
    forked.send_signal(signal.SIGKILL)
    assert (await ended(forked))[0] == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        forked.send_signal(signal.SIGKILL)


async def test_it_ends_with_its_standard_input_whoever_was_forked_after_it(server: ForkServer):
    first, second = await listening(server), await listening(server)
    first._stdin.close()
    assert (await ended(first))[0] == 0
    assert is_alive(second._pid)
    second.send_signal(signal.SIGTERM)
    assert (await ended(second))[0] == 0


async def test_a_server_that_was_killed_takes_nobody_with_it_and_another_is_begun(server: ForkServer):
    first = await listening(server)
    killed = process_of(server)
    killed.kill()
    await killed.wait()
    assert is_alive(first._pid)
    second = await server.start(UNKNOWN)
    assert (await ended(second))[0] == CannotRun.status
    assert process_of(server) is not killed
    first.send_signal(signal.SIGTERM)
    assert (await ended(first))[0] == 0


async def test_who_gives_up_waiting_leaves_nothing_to_who_comes_next(server: ForkServer):
    await server.close()
    given_up = asyncio.create_task(server.start(UNKNOWN))
    await asyncio.sleep(0.1)  # it imports
    given_up.cancel()
    await asyncio.wait([given_up])
    helped = await server.start(Component("worker", ("worker", "--help")))
    status, said, _ = await ended(helped)
    assert (status, "hospital worker" in said) == (0, True)


async def test_a_server_that_says_nothing_is_given_up_and_another_is_begun(server: ForkServer, monkeypatch):
    await ended(await server.start(UNKNOWN))
    hanging = process_of(server)
    hanging.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(forking, "_FORKED_WITHIN_SECONDS", 0.05)
    with pytest.raises(OSError):
        await server.start(UNKNOWN)
    monkeypatch.undo()
    await asyncio.wait_for(hanging.wait(), SECONDS)
    assert (await ended(await server.start(UNKNOWN)))[0] == CannotRun.status


@pytest.mark.parametrize("fails", [OSError, asyncio.CancelledError])
async def test_what_a_start_leaves_that_fails_or_is_not_wanted_any_more_is_ended_and_reaped(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch, fails: type[BaseException]
):
    forked: list[int] = []

    async def failing(pid: int, *pipes: object) -> Forked:
        forked.append(pid)
        raise fails

    monkeypatch.setattr(Forked, "of", failing)
    with pytest.raises(fails):
        await server.start(ROUTER)
    assert not is_alive(forked[0])


async def test_a_server_that_hangs_holds_up_no_end(server: ForkServer):
    await ended(await server.start(UNKNOWN))
    process_of(server).send_signal(signal.SIGSTOP)
    await asyncio.wait_for(server.close(), SECONDS)
