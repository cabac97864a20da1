"""`hospital up --processes`, whole: every component a process, over a database each and a real broker."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from hospital.components.building import House
from hospital.folder import DataFolder
from hospital.names import NAMES
from hospital.settings import read_component_settings, read_kafka_settings, read_settings
from subgraphs.kernel.events import topic_of
from tests.e2e.hospital import PASSWORD, Gate
from tests.hospital.components.test_components import BOOK, PATIENT, hired, sign_in, slots_of
from tests.hospital.processes import Command
from tests.hospital.supervisor.processes import SECONDS, Processes, killed, up
from tests.hospital.supervisor.test_supervising import is_alive
from tests.services import kafka
from workers.kafka.dead_letters import DEAD_LETTERS
from workers.kafka.topics import make_topics

TOLD = "{ notifications(first: 5) { nodes { event } } }"


@pytest.fixture(scope="module")
def broker_address(kafka_jars: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with kafka.broker(tmp_path_factory.mktemp("kafka")) as opened:
        yield opened.address


@pytest.fixture
async def broker(broker_address: str, monkeypatch) -> None:
    monkeypatch.setenv("HOSPITAL_KAFKA", broker_address)
    await make_topics(read_kafka_settings(), [*map(topic_of, NAMES), DEAD_LETTERS])


@pytest.fixture
def settings(tmp_path: Path, monkeypatch, capsys) -> None:
    """All that the environment says of a hospital as processes."""
    callers, folder = tmp_path / "callers.json", DataFolder(tmp_path / "data")
    assert Command(capsys, monkeypatch)("keys", str(callers))[0] == 0
    monkeypatch.setenv("HOSPITAL_DATA", str(folder.path))
    monkeypatch.setenv("HOSPITAL_CALLERS", str(callers))
    monkeypatch.setenv("HOSPITAL_SECRET_KEY", "a secret of these components")
    for name in NAMES:
        monkeypatch.setenv(f"HOSPITAL_{name.upper()}_DATABASE_URL", folder.database_url(name))


@pytest.mark.timeout(300)
async def test_a_hospital_of_processes_opens_outlives_kills_and_closes(broker: None, settings: None):
    async with (
        up("--scale", "router=2", "--scale", "appointments=2", alone=True) as hospital,
        aiohttp.ClientSession() as session,
    ):
        assert len(hospital.pids("--supervised")) == len(NAMES) + 6 + 1 + 2
        assert (len(hospital.pids("router")), len(hospital.pids("subgraph", "appointments"))) == (2, 2)
        gate, house = Gate(hospital.url, session), House(read_settings()[0], read_component_settings())
        doctor, _ = await hired(gate, house)
        given = {"name": "Huzaifa", "dob": "1990-01-01", "email": "huzaifa@example.com", "password": PASSWORD}
        assert (await gate.ask(PATIENT, input=given)).data["registerPatient"]["errors"] == []
        patient = await sign_in(gate, "huzaifa@example.com")
        slots = iter(await slots_of(gate, doctor))
        await booked(gate, patient, doctor, next(slots))
        await told(gate, patient)
        await killed([hospital.pids("router")[0], hospital.pids("subgraph", "appointments")[0]])
        await hospital.says("signal=SIGKILL")
        async with aiohttp.ClientSession() as fresh:
            await booked(Gate(hospital.url, fresh), patient, doctor, next(slots))
        await hospital.says("component.works_again")
        await goes_on_unheard(hospital)
        children = hospital.pids()
        hospital.process.send_signal(signal.SIGTERM)
        assert await hospital.ended() == 0
        assert [pid for pid in children if is_alive(pid)] == []


async def goes_on_unheard(hospital: Processes) -> None:
    """Nobody listens to it any more."""
    hospital.deafen()
    for _ in range(2):  # the first line into a closed pipe may still be buffered
        await killed(hospital.pids("subgraph", "appointments"))
        async with asyncio.timeout(SECONDS):
            while not hospital.pids("subgraph", "appointments"):  # noqa: ASYNC110 (they are another process's children)
                await asyncio.sleep(0.05)


async def booked(gate: Gate, patient: str, doctor: str, slot: str) -> None:
    made = (await gate.ask(BOOK, patient, doctor=doctor, slot=slot)).data["bookAppointment"]
    assert made["errors"] == []


async def told(gate: Gate, patient: str) -> None:
    """By way of the outbox, the relay, the broker and the copies."""
    async with asyncio.timeout(SECONDS):
        while True:
            nodes = (await gate.ask(TOLD, patient)).data["notifications"]["nodes"]
            if {node["event"] for node in nodes} >= {"appointment.booked"}:
                return
            await asyncio.sleep(0.2)


async def test_a_second_one_over_the_same_folder_and_a_wrong_setting_are_refused_at_once(
    settings: None, monkeypatch, capsys, tmp_path: Path
):
    command = Command(capsys, monkeypatch)
    with DataFolder(tmp_path / "data").opened():
        status, _, error = await asyncio.to_thread(command, "up", "--processes", "--port", "0")
        assert (status, f"in use by process {os.getpid()}" in error) == (1, True)
    monkeypatch.setenv("HOSPITAL_KAFKA_PARTITIONS", "none")
    status, _, error = await asyncio.to_thread(command, "up", "--processes")
    assert (status, error.startswith("HOSPITAL_KAFKA_PARTITIONS: "), len(error.splitlines())) == (78, True, 1)
