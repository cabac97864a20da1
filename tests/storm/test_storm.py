"""Everything is killed again and again while people book, accept, bill and pay; then it must all add up.

`HOSPITAL_TEST_STORM_SECONDS` says for how long, and `HOSPITAL_TEST_STORM_SEED` repeats who is killed in which order. In
less than a minute, one of each kind is killed at least, and people rest longer.
"""

import asyncio
import os
import random
import signal
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

from hospital.names import NAMES
from tests.e2e.books import Books
from tests.e2e.comparison import check_the_checks
from tests.e2e.hiring import ADMIN, CLERK, Hired, hire
from tests.e2e.hospital import Gate
from tests.e2e.lives import Staff, rivals
from tests.hospital.supervisor.processes import SECONDS
from tests.storm.acknowledged import check
from tests.storm.clients import PATIENCE_SECONDS, Crowd, PersistentGate, acknowledged
from tests.storm.counted import let_half_a_minute_pass, waits, write_mail, write_out
from tests.storm.hospital import StormyHospital, consumers_of, missing, stormy_hospital
from tests.storm.killing import Killer
from tests.storm.topics import length

STORM_SECONDS = float(os.environ.get("HOSPITAL_TEST_STORM_SECONDS", "10"))
SEED = int(os.environ.get("HOSPITAL_TEST_STORM_SEED", random.randrange(10**6)))
IS_SHORT = STORM_SECONDS < 60
CLIENTS, DOCTORS, PATIENTS = 20, 6, 12
REST_SECONDS, PARTITIONS = (1.0, 2) if IS_SHORT else (0.3, 6)
TOKENS = ("succeed", "fail", "late", "late_fail", "refund_fail", "refund_late", "refund_late_fail", "cash")
"""What payments are made with; what is late is known when the provider is asked again."""


@pytest.fixture
def servers() -> None:
    if lacking := missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(lacking)


@pytest.mark.timeout(STORM_SECONDS + 600)
async def test_killed_everywhere_it_keeps_each_thing_that_it_acknowledged_once(servers: None, tmp_path: Path):
    tell("HOSPITAL_TEST_STORM_SEED", SEED)
    async with stormy_hospital(tmp_path, PARTITIONS) as hospital:
        try:
            crowd = await storm(hospital)
            tell("quiet after", f"{await quiet(hospital):.0f} s")
            hospital.processes.process.send_signal(signal.SIGTERM)
            assert await hospital.processes.ended() == 0
            assert hospital.processes.said[-1] == "The hospital is closed."
            lengths = [
                await length(hospital.broker.address, f"hospital.{name}") for name in ("billing", "dead-letters")
            ]
            assert (lengths[0] > 0, lengths[1]) == (True, 0)
            await write_out(hospital.database, NAMES, hospital.data)
        finally:
            (tmp_path / "said").write_text("\n".join(hospital.processes.said))
    tell("mails that came twice", write_mail(hospital.office, hospital.data / "mailbox.db"))
    check(Books(hospital.data), crowd.begun)
    tell("differences", "none")
    check_the_checks(hospital.data, crowd.begun, tmp_path / "copy", check)


async def storm(hospital: StormyHospital) -> Crowd:
    """Returns when everybody has what they wanted, was refused, or gave up."""
    patience = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=patience) as session:
        gate = PersistentGate(hospital.processes.url, session, random.Random(SEED))
        crowd = crowd_of(gate, await hire(Gate(gate.url, session), DOCTORS, PATIENTS))
        servers = {"MariaDB": hospital.database, "Kafka": hospital.broker}
        killer = Killer(hospital.processes, servers, random.Random(SEED))
        async with asyncio.timeout(STORM_SECONDS + SECONDS), asyncio.TaskGroup() as group:
            group.create_task(crowd.live(CLIENTS))
            await killer.rage(STORM_SECONDS, group)
            crowd.closing.set()
    tell("acknowledged", listed(acknowledged(crowd.begun)))
    tell("not answered at once", listed(gate.unanswered))
    tell("gave up", sum(not life.is_over for life in crowd.begun))
    tell("kills", f"{killer.kills.total()}: {listed(killer.kills)}")
    assert killer.missed == []
    return crowd


def crowd_of(gate: PersistentGate, hired: Hired) -> Crowd:
    chance = random.Random(SEED)
    doctors = list(hired.doctors.values())
    staff = Staff(gate, ADMIN, CLERK, {id: email for email, id in hired.doctors.items()})
    return Crowd(deque(rivals(chance, doctors, hired.patients, hired.slots, TOKENS)), staff, chance, REST_SECONDS)


async def quiet(hospital: StormyHospital) -> float:
    """After how many seconds there was nothing left to do."""
    began = time.monotonic()
    if IS_SHORT:
        await let_half_a_minute_pass(hospital.database)
    async with consumers_of(hospital) as groups:
        while left := await waits(hospital.database, NAMES) | await groups.unread():
            assert time.monotonic() < began + SECONDS, left
            await asyncio.sleep(0.5)
    return time.monotonic() - began


def tell(what: str, value: object) -> None:
    print(f"{what}: {value}", flush=True)  # noqa: T201


def listed(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counted.items()))
