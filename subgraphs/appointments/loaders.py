"""What one request reads of appointments, each kind for many keys in one statement; made anew after a change."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias, TypeVar

from sqlalchemy import ColumnElement
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import access, copies, repository
from subgraphs.appointments.repository import Filter
from subgraphs.appointments.rules import Span, check_doctor_days, open_slots, span_of_days
from subgraphs.appointments.tables import AppointmentRow, DoctorCopyRow, TransitionRow
from subgraphs.kernel.access import Thing, seat_towards
from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database
from subgraphs.kernel.loading import DataLoader
from subgraphs.kernel.pagination import PageRequest
from subgraphs.kernel.principal import Principal, RoleName

Days: TypeAlias = tuple[date, date]
Question = TypeVar("Question")


@dataclass(frozen=True, slots=True)
class ListOfMany:
    """The same list asked of many parents; `parent` is the attribute that names them, `patient_id` or `doctor_id`."""

    parent: str
    filter: Filter
    wanted: PageRequest

    @property
    def is_first_of_all(self) -> bool:
        """Whether it is the first page, narrowed by nothing."""
        return self.filter == Filter() and self.wanted.after is None


class Loaders:
    def __init__(self, database: Database, clock: Clock, principal: Principal | None) -> None:
        self._database, self._clock, self._principal = database, clock, principal
        self.histories: DataLoader[str, list[TransitionRow]] = DataLoader(self._histories)
        self.treats: DataLoader[str, bool] = DataLoader(self._treats)
        self.open_slots: DataLoader[tuple[str, Days], list[Span] | None] = DataLoader(self._open_slots)
        self.rows: DataLoader[tuple[str, ListOfMany], Sequence[AppointmentRow]] = DataLoader(self._rows)
        self.counts: DataLoader[tuple[str, ListOfMany], int] = DataLoader(self._counts)

    async def visible(self, ids: list[str]) -> list[AppointmentRow | None]:
        """The appointments, where there are such and this principal may see them."""
        async with self._database.reading() as session:
            found = await repository.appointments_by_id(session, set(ids))
        patients = await self.seen_of_patients(access.APPOINTMENT, [row.patient_id for row in found.values()])
        seen = {
            row.id: row
            for row in found.values()
            if row.patient_id in patients or access.is_doctor_of(self._principal, row.doctor_id)
        }
        return [seen.get(id) for id in ids]

    async def seen_of_patients(self, thing: Thing, patient_ids: list[str]) -> set[str]:
        """Those of the patients of whom they may see such a thing."""
        is_doctor = self._principal is not None and self._principal.role is RoleName.DOCTOR
        treats = await self.treats.load_many(patient_ids) if is_doctor else [False] * len(patient_ids)
        treated = dict(zip(patient_ids, treats, strict=True))
        return {id for id in treated if thing.may_see(seat_towards(self._principal, id, treating=treated[id]))}

    async def sees_of_patient(self, thing: Thing, patient_id: str) -> bool:
        return patient_id in await self.seen_of_patients(thing, [patient_id])

    async def _histories(self, ids: list[str]) -> list[list[TransitionRow]]:
        async with self._database.reading() as session:
            found = await repository.histories(session, ids)
        return [found.get(id, []) for id in ids]

    async def _treats(self, patient_ids: list[str]) -> list[bool]:
        """Whether the doctor who asks treats them, or has broken their glass."""
        asking = self._principal
        if asking is None or asking.doctor_id is None or not patient_ids:
            return [False] * len(patient_ids)
        async with self._database.reading() as session:
            now = self._clock.now()
            found = await repository.reached(session, asking.doctor_id, asking.account_id, now, patient_ids)
        return [id in found for id in patient_ids]

    async def _rows(self, keys: list[tuple[str, ListOfMany]]) -> list[Sequence[AppointmentRow]]:
        found: dict[tuple[str, ListOfMany], Sequence[AppointmentRow]] = {}
        async with self._database.reading() as session:
            for asked, ids in _grouped(keys).items():
                rows = await self._pages(session, asked, ids)
                found |= {(id, asked): rows.get(id, []) for id in ids}
        return [found[key] for key in keys]

    async def _pages(
        self, session: AsyncSession, asked: ListOfMany, ids: list[str]
    ) -> Mapping[str, Sequence[AppointmentRow]]:
        if len(ids) == 1 and asked.is_first_of_all and access.sees_all_of(self._principal, asked.parent, ids[0]):
            return {ids[0]: await repository.latest_of(session, asked.parent, ids[0], asked.wanted.first + 1)}
        return await repository.pages(session, asked.parent, ids, self._where(asked), asked.wanted)

    async def _counts(self, keys: list[tuple[str, ListOfMany]]) -> list[int]:
        found: dict[tuple[str, ListOfMany], int] = {}
        async with self._database.reading() as session:
            for asked, ids in _grouped(keys).items():
                counts = await repository.counts(session, asked.parent, ids, self._where(asked))
                found |= {(id, asked): counts.get(id, 0) for id in ids}
        return [found[key] for key in keys]

    def _where(self, asked: ListOfMany) -> ColumnElement[bool]:
        return repository.listed(self._principal, self._clock.now(), asked.filter, of_parents=True)

    async def _open_slots(self, keys: list[tuple[str, Days]]) -> list[list[Span] | None]:
        check_doctor_days(days for _, days in keys)
        found: dict[tuple[str, Days], list[Span] | None] = {}
        async with self._database.reading() as session:
            doctors = await repository.doctor_copies(session, {id for id, _ in keys})
            for days, ids in _grouped(keys).items():
                taken = await repository.taken_steps(session, ids, span_of_days(*days))
                found |= {(id, days): self._open(doctors.get(id), days, taken[id]) for id in ids}
        return [found[key] for key in keys]

    def _open(self, doctor: DoctorCopyRow | None, days: Days, taken: set[int]) -> list[Span] | None:
        if doctor is None:
            return None
        if not doctor.active:
            return []
        return open_slots(copies.schedule_of(doctor), *days, self._clock.now(), taken)


def _grouped(keys: Sequence[tuple[str, Question]]) -> dict[Question, list[str]]:
    """The ids for which the same is asked: one statement each."""
    grouped: dict[Question, list[str]] = defaultdict(list)
    for id, asked in keys:
        grouped[asked].append(id)
    return grouped
