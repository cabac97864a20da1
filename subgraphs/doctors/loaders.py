"""One DataLoader per entity: many ids, one statement."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, TypeVar

from subgraphs.doctors import repository
from subgraphs.doctors.rules import Hours
from subgraphs.doctors.tables import DepartmentRow, DoctorRow, LeaveRow
from subgraphs.kernel.database import Database
from subgraphs.kernel.loading import DataLoader, found_by_id
from subgraphs.kernel.pagination import Page, PageRequest

T = TypeVar("T")


class DepartmentPage(NamedTuple):
    """A page of the doctors of one department."""

    department_id: str
    wanted: PageRequest


class LeaveRange(NamedTuple):
    """The leave of one doctor in [starts_at, ends_at), open where it is None."""

    doctor_id: str
    starts_at: datetime | None
    ends_at: datetime | None


class Loaders:
    """For one request, or one mutation field: what was loaded before a change is not given after it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.departments: DataLoader[str, DepartmentRow | None] = DataLoader(self.departments_of)
        self.doctors: DataLoader[str, DoctorRow | None] = DataLoader(self.doctors_of)
        self.hours: DataLoader[str, list[Hours]] = DataLoader(self._hours)
        self.leave: DataLoader[LeaveRange, list[LeaveRow]] = DataLoader(self._leave)
        self.pages: DataLoader[DepartmentPage, Page[DoctorRow]] = DataLoader(self._pages)
        self.counts: DataLoader[str, int] = DataLoader(self._counts)

    async def departments_of(self, ids: list[str]) -> list[DepartmentRow | None]:
        return await found_by_id(self._database, ids, repository.departments_by_id)

    async def doctors_of(self, ids: list[str]) -> list[DoctorRow | None]:
        return await found_by_id(self._database, ids, repository.doctors_by_id)

    async def _hours(self, doctor_ids: list[str]) -> list[list[Hours]]:
        async with self._database.reading() as session:
            hours = await repository.hours_of(session, doctor_ids)
        return [hours[id] for id in doctor_ids]

    async def _leave(self, keys: list[LeaveRange]) -> list[list[LeaveRow]]:
        found: dict[LeaveRange, list[LeaveRow]] = {}
        async with self._database.reading() as session:
            for starts_at, ends_at in _distinct((key.starts_at, key.ends_at) for key in keys):
                ids = [key.doctor_id for key in keys if (key.starts_at, key.ends_at) == (starts_at, ends_at)]
                leave = await repository.leave_of(session, ids, starts_at, ends_at)
                found |= {LeaveRange(id, starts_at, ends_at): rows for id, rows in leave.items()}
        return [found[key] for key in keys]

    async def _pages(self, keys: list[DepartmentPage]) -> list[Page[DoctorRow]]:
        found: dict[DepartmentPage, Page[DoctorRow]] = {}
        async with self._database.reading() as session:
            for wanted in _distinct(key.wanted for key in keys):
                ids = [key.department_id for key in keys if key.wanted == wanted]
                pages = await repository.pages_of_departments(session, ids, wanted)
                found |= {DepartmentPage(id, wanted): page for id, page in pages.items()}
        return [found[key] for key in keys]

    async def _counts(self, department_ids: list[str]) -> list[int]:
        async with self._database.reading() as session:
            counts = await repository.counts_of_departments(session, department_ids)
        return [counts.get(id, 0) for id in department_ids]


def _distinct(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
