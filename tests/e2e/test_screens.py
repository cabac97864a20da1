"""What each role's screen costs in statements, straight from its tab: as many for much as for little."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Engine, event

from hospital.supergraph import SUPERGRAPH
from router.context import RequestContext
from router.pipeline import GraphQLRequest, Pipeline
from router.settings import Limits
from router.supergraph import read_supergraph
from router.transports.local import LocalTransport
from tests.e2e.hospital import Hospital, Person, open_hospital
from tests.e2e.tabs import Tabs, tabs_on

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("screens")]

SCREENS = {
    "frontDesk": 8,
    "doctorsDay": 10,
    "billing": 11,
    "myCare": 17,
    "audit": 8,
    "admin": 9,
}
CHAIN_AT_ONCE = 200
"""Events that one statement of the chain's check reads; of those checked before, the newest 5,000 are checked again."""

_counted: ContextVar[list[str] | None] = ContextVar("counted", default=None)


def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
    """For the request that is counted alone: others work at the same time."""
    if (counted := _counted.get()) is not None:
        counted.append(statement)


@contextmanager
def counting() -> Iterator[list[str]]:
    statements: list[str] = []
    token = _counted.set(statements)
    try:
        yield statements
    finally:
        _counted.reset(token)


@pytest.fixture(scope="module", autouse=True)
def noted() -> Iterator[None]:
    event.listen(Engine, "before_cursor_execute", note)
    yield
    event.remove(Engine, "before_cursor_execute", note)


@dataclass(frozen=True)
class Shown:
    """A screen's answer and the statements that it took."""

    data: Mapping[str, Any]
    statements: list[str]

    @property
    def walks_of_the_chain(self) -> int:
        return sum("WHERE audit_events.sequence > ? ORDER BY" in statement for statement in self.statements)

    @property
    def rows(self) -> int:
        """How many things it lists, in lists of lists too."""
        return listed(self.data)


@dataclass(frozen=True)
class Ward:
    hospital: Hospital
    pipeline: Pipeline
    tabs: Tabs
    patient: Person
    doctor: Person
    slots: list[str]

    async def visits(self, patients: list[Person], doctors: list[Person]) -> None:
        """With each patient and doctor two: one was treated, billed and claimed for, the other waits."""
        for patient in patients:
            for doctor in doctors:
                await self._visited(patient, doctor)
                await self._suspected(patient, doctor)
                waits = await self.hospital.booked(patient, doctor, self.slots.pop())
                await self.hospital.done("acceptAppointment", doctor.bearer, id=waits["id"])

    async def _visited(self, patient: Person, doctor: Person) -> None:
        done, clerk = self.hospital.done, self.hospital.staff["BILLING_CLERK"].bearer
        visit = (await self.hospital.booked(patient, doctor, self.slots.pop()))["id"]
        for deed in ("acceptAppointment", "completeAppointment"):
            await done(deed, doctor.bearer, id=visit)
        record = {"patientId": patient.id, "appointmentId": visit, "description": "Checked"}
        record["medicines"] = [{"name": "Paracetamol", "dosage": "500mg", "duration": "5 days"}]
        await done("createMedicalRecord", doctor.bearer, "medicalRecord { id }", **record)
        bill = await done("createBill", clerk, "bill { id }", appointmentId=visit, drugsAmount="900")
        policy = {"patientId": patient.id, "insurer": "Lotus Life", "policyNumber": visit, "coveragePercent": "50"}
        policy |= {"validFrom": "2020-01-01", "validTo": "2090-01-01"}
        insured = await done("addInsurancePolicy", clerk, "policy { id }", **policy)
        claim = {"billId": bill["id"], "policyId": insured["id"]}
        await done("submitInsuranceClaim", clerk, "claim { id }", **claim)
        part = {"billId": bill["id"], "amount": "10", "method": "CARD", "idempotencyKey": visit}
        await done("payBill", patient.bearer, "payment { id }", **part)

    async def _suspected(self, patient: Person, doctor: Person) -> None:
        """What an auditor looks for: a broken glass, and something that is not theirs to see."""
        await self.hospital.done("breakGlass", doctor.bearer, "patient { id }", patientId=patient.id, reason="Fainted")
        denied = await self.hospital.ask("{ notificationTemplates { id } }", patient.bearer)
        assert denied.codes == ["FORBIDDEN"]

    async def shown(self, screen: str) -> Shown:
        """The screen as its role sees it, over every day there is; asked once before, as screens are."""
        role, filled = self._asked(screen)
        body = self.tabs.request(screen, **filled)
        request = GraphQLRequest(body["query"], body["operationName"], body["variables"])
        for _ in range(2):
            await self.hospital.all_sent()
            with counting() as statements:
                context = RequestContext({"authorization": role})
                answer = await self.pipeline.execute(self.pipeline.prepare(request), context)
            assert "errors" not in answer, answer["errors"]
        return Shown(answer["data"], statements)

    def _asked(self, screen: str) -> tuple[str, dict[str, Any]]:
        """Whose bearer, and the variables."""
        always = {"from_": "2020-01-01T00:00:00Z", "to": "2090-01-01T00:00:00Z"}
        return {
            "frontDesk": (self.hospital.desk, always),
            "doctorsDay": (self.doctor.bearer, always),
            "billing": (self.hospital.staff["BILLING_CLERK"].bearer, {}),
            "myCare": (self.patient.bearer, {}),
            "audit": (self.hospital.auditor, {}),
            "admin": (self.hospital.admin, {"email": self.patient.email}),
        }[screen]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shown(new_folder: Callable[[], Path]) -> AsyncIterator[dict[str, list[Shown]]]:
    """By screen: with one patient and doctor in the house, and with four of each."""
    async with open_hospital(new_folder()) as hospital:
        transport = LocalTransport(hospital.domains.subgraphs, seconds_of=lambda _: 30.0)
        pipeline = Pipeline(read_supergraph(SUPERGRAPH.read_text()), transport, Limits())
        patient, doctor = await hospital.patient(), await hospital.doctor()
        slots = await hospital.slots(doctor)
        ward = Ward(hospital, pipeline, tabs_on(hospital.clock.now()), patient, doctor, slots)
        await ward.visits([patient], [doctor])
        few = {screen: await ward.shown(screen) for screen in SCREENS}
        patients = [patient, *[await hospital.patient() for _ in range(3)]]
        doctors = [doctor, *[await hospital.doctor() for _ in range(3)]]
        await ward.visits(patients, doctors)
        yield {screen: [few[screen], await ward.shown(screen)] for screen in SCREENS}
        await transport.aclose()


@pytest.mark.parametrize("screen", SCREENS)
async def test_a_screen_costs_as_many_statements_for_much_as_for_little(
    shown: dict[str, list[Shown]], screen: str
) -> None:
    few, many = shown[screen]
    assert many.rows > few.rows
    costs = [len(each.statements) - each.walks_of_the_chain for each in (few, many)]
    assert costs == [SCREENS[screen]] * 2, many.statements


async def test_the_chain_is_checked_two_hundred_events_a_statement(shown: dict[str, list[Shown]]) -> None:
    lengths = [each.data["auditChain"]["length"] for each in shown["audit"]]
    assert lengths[0] < CHAIN_AT_ONCE < lengths[1]
    assert [each.walks_of_the_chain for each in shown["audit"]] == [-(-length // CHAIN_AT_ONCE) for length in lengths]


def listed(found: object) -> int:
    if isinstance(found, list):
        return len(found) + sum(listed(each) for each in found)
    return sum(listed(each) for each in found.values()) if isinstance(found, dict) else 0
