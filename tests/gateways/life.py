"""One visit lived through one address: what its mutations were answered, and its queries compared with another's."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import OperationDefinitionNode, OperationType, parse

from tests.e2e.hospital import PASSWORD, Gate, Hospital
from tests.e2e.test_tabs import Reader, told
from tests.hospital import test_readme
from tests.hospital.test_up import doctor_in

ID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)"
CHANGING = re.compile(rf"(?P<id>{ID})|(?P<time>{TIME})")
SECRETS = {"accessToken", "refreshToken"}
READ = "medical_record.read"


@dataclass
class Life:
    """All is asked at `gate`. Where there is `other`, it must answer each query the same."""

    hospital: Hospital
    gate: Gate
    other: Gate | None = None
    mutations: list[tuple[str, Any]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)

    async def asked(self, body: Mapping[str, Any], bearer: str | None = None) -> Any:
        operation, kind = operation_of(body)
        if kind is OperationType.QUERY:
            await self.hospital.all_sent()
        answer = (await self.gate.post(body, bearer)).body
        if kind is OperationType.MUTATION:
            self.mutations.append((operation, normalised(answer)))
        elif self.other is not None:
            await self.hospital.all_sent()
            expected = (await self.other.post(body, bearer)).body
            assert without_reads(answer) == without_reads(expected), operation
            self.queries.append(operation)
        assert "errors" not in answer, answer
        return without_reads(answer["data"], kept=1)


class TabReader(Reader):
    """Of GraphiQL's tabs."""

    def __init__(self, life: Life) -> None:
        super().__init__(life.hospital)
        self.life = life

    async def data(self, operation: str, bearer: str | None = None, **filled: Any) -> Any:
        return await self.life.asked(self.tabs.request(operation, **filled), bearer)


@dataclass
class ReadersWay:
    """How the README's reader asks, from a thread of their own."""

    life: Life
    loop: asyncio.AbstractEventLoop

    def ask(self, document: str, bearer: str | None = None, **variables: Any) -> Any:
        asking = self.life.asked({"query": document, "variables": variables}, bearer)
        return asyncio.run_coroutine_threadsafe(asking, self.loop).result()

    def sign_in(self, email: str, password: str) -> str:
        return asyncio.run_coroutine_threadsafe(self.life.hospital.sign_in(email, password), self.loop).result()

    def newest_mail(self, subject: str) -> None:
        """All that is to be sent is sent before each query, and the README asks for the mails next."""


async def lived(life: Life) -> None:
    """The visit of the tabs, and after it that of the README."""
    reader = TabReader(life)
    await told(reader)
    assert list(dict.fromkeys(reader.tabs.asked)) == list(reader.tabs.by_operation)
    await life.hospital.runtime.domains.accounts.service.create_admin("admin@example.com", PASSWORD)
    await asyncio.to_thread(read_through, ReadersWay(life, asyncio.get_running_loop()))


def read_through(way: ReadersWay) -> None:
    """All that the README says to paste, but the subscription: GraphiQL's tabs have the same."""
    doctor_in(way)  # type: ignore[arg-type]
    reader = test_readme.Reader(way)  # type: ignore[arg-type]
    reader.answered("registerPatient")
    session = reader.answered("signIn")["session"]
    patient = f"Bearer {session['accessToken']}"
    visit = test_readme.booked(reader, patient)
    patient_id = test_readme.accepted(reader, visit)
    test_readme.written_down(reader, patient_id, visit)
    test_readme.paid(reader, patient, visit)
    assert reader.answered("auditEvents", reader.hired("AUDITOR"), patientId=patient_id)["nodes"]
    reader.answered("refreshSession", refreshToken=session["refreshToken"])
    [(left, _)] = reader.left
    assert left.startswith("subscription")


def operation_of(body: Mapping[str, Any]) -> tuple[str, OperationType]:
    """Its name, or that of its first field; and what it is."""
    named = [node for node in parse(body["query"]).definitions if isinstance(node, OperationDefinitionNode)]
    [node] = [node for node in named if len(named) == 1 or (node.name and node.name.value == body["operationName"])]
    return node.name.value if node.name else node.selection_set.selections[0].name.value, node.operation  # type: ignore[attr-defined]


def normalised(answer: Any) -> Any:
    """Each id by when it came first in the answer; times and tokens by what they are."""
    ids: dict[str, str] = {}

    def plain(found: re.Match[str]) -> str:
        return ids.setdefault(found[0], f"id {len(ids) + 1}") if found["id"] else "a time"

    def walk(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: walk(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner) for inner in value]
        if name in SECRETS:
            return f"{name}, {value.count('.')} dots"
        return CHANGING.sub(plain, value) if isinstance(value, str) else value

    return walk(answer)


def without_reads(answer: Any, kept: int = 0) -> Any:
    """Who reads a record a second time finds in the trail that it was read a first time. `kept` stay of each list."""
    if isinstance(answer, dict):
        return {name: without_reads(value, kept) for name, value in answer.items()}
    if isinstance(answer, list):
        reads = [each for each in answer if isinstance(each, dict) and each.get("type") == READ]
        return [without_reads(each, kept) for each in answer if each not in reads[kept:]]
    return answer
