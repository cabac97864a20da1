"""Two routers behind one port: told to end while people ask, and killed while somebody watches."""

import asyncio
import time
from contextlib import suppress

from websockets.exceptions import ConnectionClosed

from tests.containers.compose import Compose, run
from tests.containers.day import Staff, Town
from tests.containers.telling import say
from tests.e2e.sockets import Changes, listening_to

_METRICS = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/metrics').read().decode())"


async def two_routers(compose: Compose, town: Town, staff: Staff) -> None:
    compose.start("--scale", "router=2", "--no-recreate")
    ids = compose("ps", "--quiet", "router").decode().split()
    assert len(ids) == 2
    for id in ids:
        unanswered = await _unanswered_while(town, "docker", "stop", id)
        assert unanswered == 0, unanswered
        assert _told("{{.State.ExitCode}}", id) == "0"
        await town.lives_through(staff)
        await _started(id)
    say("two routers: either stopped while people asked, and every request was answered")
    await _watched_beyond_a_router(town, staff, ids)
    say("a router killed while a patient watched: the other goes on after what was seen last")


async def _watched_beyond_a_router(town: Town, staff: Staff, ids: list[str]) -> None:
    visit = await town.booked(staff)
    now = (await town.gate.data("{ appointmentChangesCursor }", visit.patient))["appointmentChangesCursor"]
    async with listening_to(town.gate.url, visit.patient, after=now) as changes:
        await town.done("acceptAppointment", staff.doctor, id=visit.appointment)
        seen = await changes.next(60.0)
        [watched] = [id for id in ids if "\nhospital_subscriptions 1.0\n" in _metrics(id)]
        run("docker", "kill", watched)
        await _cut(changes)
    await town.done("cancelAppointment", visit.patient, id=visit.appointment)
    async with listening_to(town.gate.url, visit.patient, after=seen["cursor"]) as changes:
        assert (await changes.next(60.0))["status"] == "CANCELLED"
    await _started(watched)


async def _cut(changes: Changes) -> None:
    with suppress(ConnectionClosed):
        raise AssertionError(await changes.next(30.0))


async def _unanswered_while(town: Town, *command: str) -> int:
    """How many requests were not answered while a command ran and two seconds longer."""
    running = asyncio.create_task(asyncio.to_thread(run, *command))
    answers, until = [], time.monotonic() + 2
    while not running.done() or time.monotonic() < until:
        answers.append(await town.answers())
        await asyncio.sleep(0.02)
    await running
    return answers.count(False)


async def _started(id: str) -> None:
    run("docker", "start", id)
    until = time.monotonic() + 60
    while _told("{{.State.Health.Status}}", id) != "healthy":
        assert time.monotonic() < until
        await asyncio.sleep(0.5)
    await asyncio.sleep(3)  # until the front has seen it as well


def _told(what: str, id: str) -> str:
    return run("docker", "inspect", "--format", what, id).decode().strip()


def _metrics(id: str) -> str:
    return run("docker", "exec", id, "python", "-c", _METRICS).decode()
