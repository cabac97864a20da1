"""`make bench`: what a screen and a booking cost through the router, as ratios to the same by hand, in one run."""

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.bench.hospital import BOOK, PASSWORD, SCREEN, Client, Slot
from tests.bench.server import cpu_ms_a_request, running, spare_port
from tests.bench.shares import print_shares

SCREENS, BOOKINGS, WARM_UP, ROUNDS = 1000, 200, 200, 3
AT_MOST = 4.0


@dataclass(frozen=True)
class Side:
    """A process under measurement: its id and where it answers."""

    pid: int
    url: str


async def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        async with _hospital(Path(scratch)) as hospital, _session() as session:
            patient = Client(hospital.url, session)
            await patient.sign_in("patient@hospital.example")
            desk = Client(hospital.url, session)
            await desk.sign_in("desk@hospital.example")
            async with _by_hand(Path(scratch), hospital, session) as by_hand:
                await _compare_screens(hospital, by_hand, patient, session)
                await _compare_bookings(hospital, by_hand, desk, session)
            patient_id = await patient.own_patient()
        await print_shares(Path(scratch) / "data", hospital.url, SCREEN, patient.bearer, patient_id)


def _session() -> aiohttp.ClientSession:
    """Drops an idle connection before the servers do."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=2))


@asynccontextmanager
async def _hospital(scratch: Path) -> AsyncIterator[Side]:
    port = spare_port()
    url = f"http://127.0.0.1:{port}"
    up = ["hospital", "up", "--demo", "--demo-password", PASSWORD, "--port", str(port), "--data", str(scratch / "data")]
    print("Filling a hospital with demo data …", flush=True)
    async with running(up, f"{url}/readyz", scratch / "hospital.log") as pid:
        yield Side(pid, url)


@asynccontextmanager
async def _by_hand(scratch: Path, hospital: Side, session: aiohttp.ClientSession) -> AsyncIterator[Side]:
    """The handlers by hand, over a copy of the hospital's databases and with its public keys."""
    copy, jwks, port = scratch / "copy", scratch / "jwks.json", spare_port()
    copy.mkdir()
    for name in ("patients", "doctors", "appointments"):
        _copy_database(scratch / "data" / f"{name}.db", copy / f"{name}.db")
    async with session.get(f"{hospital.url}/.well-known/jwks.json") as answer:
        jwks.write_bytes(await answer.read())
    async with session.get(f"{hospital.url}/.well-known/openid-configuration") as answer:
        issuer = (await answer.json())["issuer"]
    url = f"http://127.0.0.1:{port}"
    serve = ["tests.bench.by_hand", str(copy), str(port), str(jwks), issuer]
    async with running(serve, f"{url}/none", scratch / "by_hand.log") as pid:
        yield Side(pid, url)


def _copy_database(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as known, sqlite3.connect(target) as made:
        known.backup(made)


async def _compare_screens(hospital: Side, by_hand: Side, client: Client, session: aiohttp.ClientSession) -> None:
    patient_id = await client.own_patient()

    async def through_router(_: int) -> None:
        await client.ask(SCREEN, id=patient_id)

    async def plain(_: int) -> None:
        headers = {"Authorization": client.bearer}
        async with session.get(f"{by_hand.url}/screen/{patient_id}", headers=headers) as answer:
            assert len((await answer.json())["appointments"]) == len(screen["patient"]["appointments"]["nodes"])

    screen = await client.ask(SCREEN, id=patient_id)
    print(f"\nA screen: a patient, {len(screen['patient']['appointments']['nodes'])} appointments, their doctors")
    await cpu_ms_a_request(hospital.pid, through_router, WARM_UP)
    await cpu_ms_a_request(by_hand.pid, plain, WARM_UP)
    for _ in range(ROUNDS):
        ours = await cpu_ms_a_request(hospital.pid, through_router, SCREENS)
        theirs = await cpu_ms_a_request(by_hand.pid, plain, SCREENS)
        _print(ours, theirs)


async def _compare_bookings(hospital: Side, by_hand: Side, client: Client, session: aiohttp.ClientSession) -> None:
    slots = await client.open_slots()
    patients = [await client.new_patient(number) for number in range(BOOKINGS * ROUNDS)]

    async def through_router(number: int) -> None:
        slot = slots[number]
        answer = await client.ask(BOOK, patient=patients[number], doctor=slot.doctor_id, slot=slot.start)
        assert answer["bookAppointment"]["errors"] == []

    async def plain(number: int) -> None:
        body = _booking(patients[number], slots[number])
        headers = {"Authorization": client.bearer}
        async with session.post(f"{by_hand.url}/book", json=body, headers=headers) as answer:
            assert answer.status == 200

    print("\nA booking: the answer and all that it brings about (copies, audit trail) against its bare transaction")
    for turn in range(ROUNDS):
        first = turn * BOOKINGS
        ours = await cpu_ms_a_request(
            hospital.pid, lambda number, first=first: through_router(first + number), BOOKINGS
        )
        theirs = await cpu_ms_a_request(by_hand.pid, lambda number, first=first: plain(first + number), BOOKINGS)
        _print(ours, theirs)


def _booking(patient_id: str, slot: Slot) -> dict[str, str]:
    return {
        "patientId": patient_id,
        "doctorId": slot.doctor_id,
        "departmentId": slot.department_id,
        "slot": slot.start,
    }


def _print(ours: float, theirs: float) -> None:
    ratio = ours / theirs
    verdict = "" if ratio <= AT_MOST else f"  MORE THAN {AT_MOST:.0f} TIMES"
    cost = f"{ours:6.2f} ms of CPU time, by hand {theirs:5.2f} ms"
    print(f"  {cost}: {ratio:4.1f} times, {1000 / ours:4.0f} a second{verdict}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
