"""A hospital as processes over a MariaDB and a Kafka, with a few people and a month of free slots."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from hospital.names import NAMES
from tests.bench.hospital import PASSWORD, Client, Slot, Staff, over_http
from tests.hospital.supervisor.processes import Processes, up
from tests.services import kafka, mariadb
from tests.services.components import begin, environment_of

ADMIN = "admin@hospital.example"
_DOCTORS = 6
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_DAILY = [{"day": day, "startTime": "09:00", "endTime": "17:00"} for day in _DAYS]
_EMPLOY = """
mutation ($input: CreateStaffAccountInput!) { createStaffAccount(input: $input) { account { id } errors { code } } }
"""
_DEPARTMENT = """
mutation { createDepartment(input: {name: "Medicine"}) { department { id } errors { code } } }
"""
_HIRE = "mutation ($input: RegisterDoctorInput!) { registerDoctor(input: $input) { doctor { id } errors { code } } }"


@dataclass(frozen=True)
class OverServers:
    processes: Processes
    urls: dict[str, str]
    broker: kafka.Broker
    session: aiohttp.ClientSession
    staff: Staff
    slots: list[Slot]

    @property
    def url(self) -> str:
        return self.processes.url

    @property
    def answering(self) -> tuple[int, ...]:
        """The processes that a query goes through."""
        return (*self.processes.pids("router"), *self.processes.pids("subgraph"))

    def client(self) -> Client:
        return Client(over_http(self.url, self.session))


@asynccontextmanager
async def hospital_over_servers(scratch: Path, smtp_port: int) -> AsyncIterator[OverServers]:
    print("Opening a hospital as processes over MariaDB and Kafka …", flush=True)
    with ExitStack() as servers:
        database = servers.enter_context(mariadb.running(_made(scratch / "mariadb")))
        broker = servers.enter_context(kafka.broker(_made(scratch / "kafka"), options=()))
        urls = {name: database.url(f"{name}:secret", name) for name in NAMES}
        environment = environment_of(scratch, urls, broker.address, smtp_port)
        await begin(environment, database.url(), ADMIN, PASSWORD)
        connector = aiohttp.TCPConnector(limit=0)
        async with up(environment=environment) as processes, aiohttp.ClientSession(connector=connector) as session:
            await _hire(Client(over_http(processes.url, session)))
            staff = await Staff.of(over_http(processes.url, session))
            yield OverServers(processes, urls, broker, session, staff, await staff.desk.open_slots())


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def _hire(admin: Client) -> None:
    await admin.sign_in(ADMIN)
    for name, role in (("desk", "RECEPTIONIST"), ("billing", "BILLING_CLERK")):
        given = {"email": f"{name}@hospital.example", "password": PASSWORD, "role": role}
        await admin.ask(_EMPLOY, input=given)
    department = (await admin.ask(_DEPARTMENT))["createDepartment"]["department"]["id"]
    for number in range(_DOCTORS):
        await admin.ask(_HIRE, input=_doctor(number, department))


def _doctor(number: int, department: str) -> dict[str, Any]:
    return {
        "name": f"Dr. {number}",
        "email": f"doctor{number or ''}@hospital.example",
        "password": PASSWORD,
        "specialty": "Cardiology",
        "departmentId": department,
        "consultationFee": "500",
        "timeZone": "UTC",
        "availability": _DAILY,
    }
