"""Filling an empty hospital with a believable one, the same for the same seed; cut short, it goes on where it was.

What is past is imported. What is to come is booked and decided on like anything else, so every claim on time holds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from hospital.demo import people, words
from hospital.demo.diary import Diary, Entry
from hospital.demo.people import DemoDoctor
from hospital.demo.state import DemoState
from hospital.runtime import Runtime
from subgraphs.accounts.tables import AccountRow
from subgraphs.appointments.service import Booking, ImportedVisit, Request
from subgraphs.appointments.service.transitions import ACCEPT, CANCEL, REJECT, Transition
from subgraphs.doctors.service.importing import ImportedDepartment
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.importing import Imported
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.patients.service.importing import ImportedPatient

ACTOR = "demo"
BATCH = 100

STAFF = {
    "admin@hospital.example": RoleName.ADMIN,
    "desk@hospital.example": RoleName.RECEPTIONIST,
    "billing@hospital.example": RoleName.BILLING_CLERK,
    "auditor@hospital.example": RoleName.AUDITOR,
}
LOGINS = {
    "admin@hospital.example": RoleName.ADMIN,
    "desk@hospital.example": RoleName.RECEPTIONIST,
    people.DOCTOR_EMAIL: RoleName.DOCTOR,
    people.PATIENT_EMAIL: RoleName.PATIENT,
    "billing@hospital.example": RoleName.BILLING_CLERK,
    "auditor@hospital.example": RoleName.AUDITOR,
}

T = TypeVar("T")
OnProgress = Callable[[str, int, int], None]
"""Gets what is at hand, how much of everything is done, and how much everything is."""

_DECISIONS: dict[str, Transition] = {"ACCEPTED": ACCEPT, "REJECTED": REJECT, "CANCELLED": CANCEL}


@dataclass(frozen=True)
class Plan:
    """Everything that a demo hospital is to hold, decided before anything is written."""

    departments: list[ImportedDepartment]
    doctors: list[DemoDoctor]
    patients: list[ImportedPatient]
    visits: list[Entry]
    bookings: list[Entry]

    @classmethod
    def of(cls, state: DemoState, runtime: Runtime) -> "Plan":
        random = Random(state.seed)
        departments = [ImportedDepartment(f"demo:department/{key}", name) for key, name, _ in words.DEPARTMENTS]
        doctors = people.doctors(random)
        patients = people.patients(random, state.now)
        entries = Diary(random, doctors, patients, state.now, runtime.settings.zone).entries()
        past = [entry for entry in entries if entry.end <= state.now]
        return cls(departments, doctors, patients, past, [entry for entry in entries if entry.start > state.now])

    @property
    def size(self) -> int:
        people = len(self.departments) + len(self.doctors) + len(self.patients)
        return people + len(self.visits) + len(self.bookings)


class Filling:
    def __init__(self, runtime: Runtime, plan: Plan, password: str, on_progress: OnProgress) -> None:
        self._runtime, self._domains = runtime, runtime.domains
        self._plan, self._password, self._on_progress = plan, password, on_progress
        self._done = 0

    async def run(self) -> None:
        with self._runtime.delivery.without_handover():
            await self._fill()

    async def _fill(self) -> None:
        doctors, patients = await self._import_people()
        await self._runtime.delivery.settled()
        logins = await self._make_logins(doctors, patients)
        await self._import_visits(doctors, patients)
        await self._book(doctors, patients, logins)
        self._say("Audit trail")
        await self._runtime.delivery.settled()

    async def _import_people(self) -> tuple[list[str], list[str]]:
        """The ids of the doctors and of the patients, in the plan's order."""
        doctors, patients = self._domains.doctors.service, self._domains.patients.service

        async def take_departments(batch: Sequence[ImportedDepartment]) -> Imported:
            return await doctors.import_departments(batch, actor_name=ACTOR)

        async def take_doctors(batch: Sequence[DemoDoctor]) -> Imported:
            return await doctors.import_doctors([doctor.given for doctor in batch], actor_name=ACTOR)

        async def take_patients(batch: Sequence[ImportedPatient]) -> Imported:
            return await patients.import_patients(batch, Actor(name=ACTOR))

        await self._in_batches("Departments", self._plan.departments, take_departments)
        doctor_ids = await self._in_batches("Doctors", self._plan.doctors, take_doctors)
        patient_ids = await self._in_batches("Patients", self._plan.patients, take_patients)
        return (
            [doctor_ids[doctor.given.import_key] for doctor in self._plan.doctors],
            [patient_ids[patient.import_key] for patient in self._plan.patients],
        )

    async def _make_logins(self, doctors: list[str], patients: list[str]) -> dict[str, AccountRow]:
        """By e-mail. Every doctor has one: it is they who accept."""
        wanted: list[tuple[str, RoleName, str | None]] = [(email, role, None) for email, role in STAFF.items()]
        wanted.append((people.PATIENT_EMAIL, RoleName.PATIENT, patients[0]))
        for doctor, id in zip(self._plan.doctors, doctors, strict=True):
            wanted.append((doctor.given.email or "", RoleName.DOCTOR, id))
        self._say("Logins")
        create = self._domains.accounts.service.create_login
        rows = await asyncio.gather(*(create(email, self._password, role, subject) for email, role, subject in wanted))
        return {row.email: row for row in rows}

    async def _import_visits(self, doctors: list[str], patients: list[str]) -> None:
        rows = {row.name: row.id for row in await self._domains.doctors.service.departments()}
        departments = {key: rows[name] for key, name, _ in words.DEPARTMENTS}

        async def take(batch: Sequence[Entry]) -> Imported:
            visits = [
                ImportedVisit(
                    import_key=f"demo:visit/{entry.number}",
                    patient_id=patients[entry.patient],
                    doctor_id=doctors[entry.doctor],
                    department_id=departments[self._plan.doctors[entry.doctor].department],
                    starts_at=entry.start,
                    ends_at=entry.end,
                    notes=entry.notes,
                    status=entry.status,
                )
                for entry in batch
            ]
            return await self._domains.appointments.service.import_visits(visits)

        await self._in_batches("Past visits", self._plan.visits, take)

    async def _book(self, doctors: list[str], patients: list[str], logins: dict[str, AccountRow]) -> None:
        """By the desk, but for the patient who has a login; decided on by the doctors."""
        desk, patient = (_principal(logins[email]) for email in ("desk@hospital.example", people.PATIENT_EMAIL))
        for entry in self._plan.bookings:
            booker = desk if entry.patient else patient
            booking = Booking(
                patients[entry.patient], doctors[entry.doctor], entry.start, entry.notes, f"demo:book/{entry.number}"
            )
            doctor = _principal(logins[self._plan.doctors[entry.doctor].given.email or ""])
            await self._book_one(booker, doctor, booking, entry)
            self._advance("Appointments", 1)

    async def _book_one(self, booker: Principal, doctor: Principal, booking: Booking, entry: Entry) -> None:
        """One that cannot be booked any more, as its time has come meanwhile, is left out."""
        service = self._domains.appointments.service
        try:
            row = await service.book(booker, booking)
            decision = _DECISIONS.get(entry.status)
            if decision is not None:
                decider = booker if decision is CANCEL else doctor
                asked = Request(row.id, entry.reason, idempotency_key=f"demo:decide/{entry.number}")
                await service.perform(decider, decision, asked)
        except Refused:
            return

    async def _in_batches(
        self, label: str, items: Sequence[T], take: Callable[[Sequence[T]], Awaitable[Imported]]
    ) -> dict[str, str]:
        """The ids of all, by import key. Raises RuntimeError where one is refused: the plan is wrong then."""
        ids: dict[str, str] = {}
        for start in range(0, len(items), BATCH):
            batch = items[start : start + BATCH]
            outcome = await take(batch)
            if outcome.refused:
                raise RuntimeError(f"the demo data does not fit: {next(iter(outcome.refused.items()))}")
            ids |= outcome.ids
            self._advance(label, len(batch))
        return ids

    def _advance(self, label: str, count: int) -> None:
        self._done += count
        self._say(label)

    def _say(self, label: str) -> None:
        self._on_progress(label, self._done, self._plan.size)


def _principal(account: AccountRow) -> Principal:
    return Principal(account.id, account.role_name, account.email, account.patient_id, account.doctor_id)
