"""A hospital under test on a port of this machine, and a client of it that shares no code with it."""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from argon2 import PasswordHasher
from graphql import GraphQLSchema, build_client_schema, get_introspection_query
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette

from hospital.domains import Domains
from hospital.folder import DataFolder
from hospital.mailbox.page import MailboxPage
from hospital.runtime import Runtime, keeping_time, open_runtime
from hospital.server import Server
from hospital.web import web_app
from router.server import server_config
from router.settings import RouterSettings
from subgraphs.accounts.hashing import PasswordHashing
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.settings import Settings
from subgraphs.kernel.tables import DeadLetterRow, OutboxRow

ISSUER, ADMIN, PASSWORD = "http://hospital.test", "admin@hospital.test", "a long pass phrase"
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
DAILY = [{"day": day, "startTime": "09:00", "endTime": "17:00"} for day in DAYS]
ERRORS = "errors { code message field }"
APPOINTMENT = "appointment { id status slot end version createdAt updatedAt notes reason }"

_numbers = count(1)


class MovableClock:
    """The real time, and as much ahead of it (or behind it) as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @cached_property
    def body(self) -> Any:
        return orjson.loads(self.text)

    @property
    def data(self) -> Any:
        """Of an answer without errors."""
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def codes(self) -> list[str]:
        """The codes of its errors; of an error without one, its message."""
        return [error.get("extensions", {}).get("code", error["message"]) for error in self.body.get("errors", [])]


@dataclass(frozen=True)
class Gate:
    """One address of a hospital, and what is asked there."""

    url: str
    session: aiohttp.ClientSession

    async def post(self, body: object, bearer: str | None = None, **headers: str) -> Answer:
        """Any body: bytes as they are, all else as JSON. A header's name is written with `_`."""
        sent = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        if bearer is not None:
            sent["authorization"] = bearer
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        async with self.session.post(f"{self.url}/graphql", data=data, headers=sent) as response:
            return Answer(response.status, response.headers, await response.text())

    async def get(self, path: str, **headers: str) -> Answer:
        async with self.session.get(f"{self.url}{path}", headers=headers) as response:
            return Answer(response.status, response.headers, await response.text())

    async def ask(self, document: str, bearer: str | None = None, **variables: Any) -> Answer:
        return await self.post({"query": document, "variables": variables}, bearer)

    async def data(self, document: str, bearer: str | None = None, **variables: Any) -> Any:
        return (await self.ask(document, bearer, **variables)).data


@dataclass(frozen=True)
class Person:
    """Somebody with a login; `id` is that of the patient or doctor, or of the account where there is neither."""

    id: str
    email: str
    bearer: str = field(repr=False)


@dataclass(frozen=True)
class Hospital(Gate, ABC):
    """`domains` are those that serve it, or others over the same databases."""

    domains: Domains
    clock: MovableClock
    schema: GraphQLSchema
    staff: dict[str, Person] = field(default_factory=dict)

    @abstractmethod
    async def settled(self) -> None:
        """Returns when every consumer has read all that was announced, and what that brought about."""

    @abstractmethod
    async def outgoing(self) -> list[dict[str, Any]]:
        """All mail and SMS that have gone out, newest first."""

    @abstractmethod
    async def announce(self, domain: str, body: str) -> None:
        """Puts that among the messages of the domain, whatever it is."""

    @abstractmethod
    async def buried(self, consumer: str) -> list[str]:
        """The bodies that this consumer could not handle."""

    @abstractmethod
    async def written(self, domain: str) -> bytes:
        """All that stands in its database."""

    @property
    def admin(self) -> str:
        return self.staff["ADMIN"].bearer

    @property
    def desk(self) -> str:
        return self.staff["RECEPTIONIST"].bearer

    @property
    def auditor(self) -> str:
        return self.staff["AUDITOR"].bearer

    async def ask_to(self, mutation: str, bearer: str | None = None, selection: str = "", /, **given: Any) -> Answer:
        """The answer to one mutation; a trailing `_` of an argument's name (`from_`) is not sent."""
        wanted = {name.rstrip("_"): value for name, value in given.items()}
        return await self.ask(self.document_of(mutation, selection), bearer, input=wanted)

    async def do(self, mutation: str, bearer: str | None = None, selection: str = "", /, **given: Any) -> Any:
        """The payload of one mutation."""
        return (await self.ask_to(mutation, bearer, selection, **given)).data[mutation]

    async def done(self, mutation: str, bearer: str | None = None, selection: str = "", /, **given: Any) -> Any:
        """What the mutation made or changed; nobody refused it."""
        payload = await self.do(mutation, bearer, selection, **given)
        assert payload["errors"] == [], payload
        return next((value for name, value in payload.items() if name != "errors"), None)

    def document_of(self, mutation: str, selection: str = "") -> str:
        kind = self.schema.mutation_type.fields[mutation].args["input"].type  # type: ignore[union-attr]
        own = selection or (APPOINTMENT if "ppointment" in mutation or mutation == "markNoShow" else "")
        return f"mutation ($input: {kind}) {{ {mutation}(input: $input) {{ {own} {ERRORS} }} }}"

    async def sign_in(self, email: str, password: str = PASSWORD) -> str:
        session = await self.done("signIn", None, "session { accessToken }", email=email, password=password)
        return f"Bearer {session['accessToken']}"

    async def patient(self, name: str = "Huzaifa", **given: Any) -> Person:
        """Somebody who signed themself up."""
        email = given.pop("email", None) or f"patient{next(_numbers)}@example.com"
        known = {"name": name, "dob": "1990-01-01", "email": email, "password": PASSWORD}
        made = await self.done("registerPatient", None, "patient { id }", **known | given)
        return Person(made["id"], email, await self.sign_in(email))

    async def doctor(self, name: str = "Dr. Huzaifa", **given: Any) -> Person:
        """A doctor with a login who works from 9 to 17 UTC each day, in a department of their own."""
        email = f"doctor{next(_numbers)}@example.com"
        known = {
            "name": name,
            "email": email,
            "password": PASSWORD,
            "specialty": "Cardiology",
            "departmentId": given.pop("departmentId", None) or await self.department(),
            "timeZone": "UTC",
            "availability": DAILY,
        }
        made = await self.done("registerDoctor", self.admin, "doctor { id }", **known | given)
        return Person(made["id"], email, await self.sign_in(email))

    async def department(self, name: str = "Medicine") -> str:
        made = await self.done("createDepartment", self.admin, "department { id }", name=name)
        return str(made["id"])

    async def slots(self, doctor: Person, days: int = 31) -> list[str]:
        """The starts that may be booked from the day after tomorrow on."""
        first = self.clock.now().date() + timedelta(days=2)
        return await self.slots_of(doctor, first, first + timedelta(days=days - 1))

    async def slots_of(self, doctor: Person, first: date, last: date) -> list[str]:
        document = (
            "query ($id: ID!, $a: Date!, $b: Date!) { doctor(id: $id) { openSlots(from: $a, to: $b) { start } } }"
        )
        found = await self.data(document, id=doctor.id, a=first.isoformat(), b=last.isoformat())
        return [slot["start"] for slot in found["doctor"]["openSlots"]]

    async def booked(self, patient: Person, doctor: Person, slot: str, **given: Any) -> Any:
        return await self.done("bookAppointment", patient.bearer, doctorId=doctor.id, slot=slot, **given)

    async def trail(self, **wanted: Any) -> list[dict[str, Any]]:
        """What the auditor finds, newest first, when all is delivered."""
        await self.settled()
        document = """
        query ($filter: AuditEventFilter) {
          auditEvents(filter: $filter, first: 100) {
            nodes { type outcome action resourceType resourceId patientId actorId actorName actorRole reason }
          }
        }
        """
        return list((await self.data(document, self.auditor, filter=wanted))["auditEvents"]["nodes"])

    async def all_sent(self) -> None:
        """Returns when nothing waits to be mailed or texted any more."""
        document = "{ notifications(filter: {status: [QUEUED]}, first: 1) { nodes { id } } }"
        await self.settled()
        for _ in range(1000):
            if not (await self.data(document, self.admin))["notifications"]["nodes"]:
                return
            await asyncio.sleep(0.02)
        raise TimeoutError("something is queued that is not sent")

    async def mails(self, *addresses: str) -> list[dict[str, Any]]:
        """What went to these addresses and numbers, newest first, when everything has gone out."""
        await self.all_sent()
        return [mail for mail in await self.outgoing() if mail["to"] in addresses]

    async def hire(self) -> None:
        """Who works there, by their role. The administrator has a login already."""
        self.staff["ADMIN"] = await self._with_login(ADMIN)
        for role in ("RECEPTIONIST", "BILLING_CLERK", "AUDITOR"):
            email = f"{role.lower()}@hospital.test"
            given = {"email": email, "password": PASSWORD, "role": role}
            await self.done("createStaffAccount", self.admin, "account { id }", **given)
            self.staff[role] = await self._with_login(email)

    async def _with_login(self, email: str) -> Person:
        bearer = await self.sign_in(email)
        account = (await self.data("{ viewer { account { id } } }", bearer))["viewer"]["account"]
        return Person(account["id"], email, bearer)


@dataclass(frozen=True, kw_only=True)
class OneProcess(Hospital):
    """In this process, over files of SQLite; its time can be moved."""

    runtime: Runtime

    async def settled(self) -> None:
        await self.runtime.delivery.settled()

    async def outgoing(self) -> list[dict[str, Any]]:
        return list((await self.get("/dev/mailbox", accept="application/json")).body)

    async def announce(self, domain: str, body: str) -> None:
        row = OutboxRow(event_id=new_id(), shard=0, type="?", body=body, recorded_at=datetime.now(UTC))

        async def work(session: AsyncSession) -> None:
            session.add(row)

        await getattr(self.domains, domain).base.database.transaction(work)

    async def buried(self, consumer: str) -> list[str]:
        [subscriber] = [each for each in self.domains.subscribers if each.consumer == consumer]
        statement = select(DeadLetterRow.body).where(col(DeadLetterRow.consumer) == consumer)
        async with subscriber.database.reading() as session:
            return list((await session.exec(statement)).all())

    async def written(self, domain: str) -> bytes:
        files = sorted(self.runtime.folder.path.glob(f"{domain}.db*"))
        return b"".join(file.read_bytes() for file in files)

    @asynccontextmanager
    async def later(self, span: timedelta) -> AsyncIterator[None]:
        """Time has moved on by so much inside; what was to be sent then has been sent before it moves back."""
        self.clock.ahead = span
        try:
            yield
            await self.all_sent()
        finally:
            self.clock.ahead = timedelta()


def hash_cheaply(runtime: Runtime) -> None:
    """Hundreds of people sign in."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    object.__setattr__(runtime.domains.accounts.service, "hashing", PasswordHashing(cheap))


@asynccontextmanager
async def open_hospital(folder: Path) -> AsyncIterator[OneProcess]:
    clock, data = MovableClock(), DataFolder(folder)
    settings = Settings(data=folder, public_url=ISSUER, time_zone="UTC")
    with data.opened():
        async with open_runtime(data, settings, clock) as runtime, keeping_time(runtime), visited(runtime) as gate:
            hash_cheaply(runtime)
            await runtime.domains.accounts.service.create_admin(ADMIN, PASSWORD)
            served = runtime.domains, clock, await schema_of(gate)
            hospital = OneProcess(gate.url, gate.session, *served, runtime=runtime)
            await hospital.hire()
            yield hospital


async def schema_of(gate: Gate) -> GraphQLSchema:
    return build_client_schema(await gate.data(get_introspection_query()))


@asynccontextmanager
async def visited(runtime: Runtime, settings: RouterSettings | None = None) -> AsyncIterator[Gate]:
    """The public port over that runtime, and a client in front of it."""
    settings = settings or RouterSettings()
    app = web_app(runtime, settings, mailbox=MailboxPage(runtime.domains.mailbox, any_host=False))
    connector = aiohttp.TCPConnector(limit=0)
    async with listening(app, settings) as url, aiohttp.ClientSession(connector=connector) as session:
        yield Gate(url, session)


@asynccontextmanager
async def listening(app: Starlette, settings: RouterSettings) -> AsyncIterator[str]:
    """The address of the application, on a real server in this loop."""
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle's delays of 40 ms in
    listener.bind(("127.0.0.1", 0))
    host, port = listener.getsockname()
    started = asyncio.Event()
    server = Server(server_config(app, settings, host=host, port=port), app.state.drain, started.set)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    await started.wait()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        await running
