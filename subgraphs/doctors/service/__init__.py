"""The use cases of doctors."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from subgraphs.doctors import repository, rules
from subgraphs.doctors.repository import Sought
from subgraphs.doctors.service import departments, hours, importing, leave, registering, updating
from subgraphs.doctors.service.importing import ImportedDepartment, ImportedDoctor
from subgraphs.doctors.service.leave import NewLeave
from subgraphs.doctors.service.registering import Registration
from subgraphs.doctors.tables import DepartmentRow, DoctorRow
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.importing import Imported
from subgraphs.kernel.pagination import Page
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.search import search_text, sort_key, words
from subgraphs.kernel.signup import Logins


@dataclass(frozen=True)
class DoctorService:
    base: Foundation
    logins: Logins

    async def create_department(self, principal: Principal | None, name: str) -> DepartmentRow:
        """Two departments may bear one name. Raises Forbidden, Unauthenticated, InvalidInput."""
        return await departments.create_department(self.base, principal, name)

    async def departments(self) -> Sequence[DepartmentRow]:
        async with self.base.database.reading() as session:
            return await repository.all_departments(session)

    async def search(
        self, specialty: str | None, department_id: str | None, search: str | None, first: int, after: str | None
    ) -> tuple[Page[DoctorRow], Callable[[], Awaitable[int]]]:
        """A page of doctors, inactive ones too, and how to count them all. Raises BadUserInput."""
        wanted = repository.DOCTORS.request(first, after)
        sought = _sought(specialty, department_id, search_text(search))
        if sought is None:
            return Page([], False, wanted.after is not None), _nobody

        async def count() -> int:
            async with self.base.database.reading() as session:
                return await repository.count_doctors(session, sought)

        async with self.base.database.reading() as session:
            return await repository.page_of_doctors(session, sought, wanted), count

    async def register(self, principal: Principal | None, given: Registration) -> DoctorRow:
        """Raises Unauthenticated, Forbidden, and Refused, by what accounts refuses too."""
        return await registering.register(self.base, self.logins, principal, given)

    async def update(
        self, principal: Principal | None, id: str, changes: dict[str, Any], expected_version: int | None
    ) -> DoctorRow:
        """`changes` by attribute. Raises Unauthenticated, Forbidden, NotFound, VersionConflict, Refused."""
        return await updating.update(self.base, principal, id, changes, expected_version)

    async def set_availability(
        self,
        principal: Principal | None,
        doctor_id: str,
        windows: Sequence[rules.Window],
        expected_version: int | None = None,
    ) -> DoctorRow:
        """Raises Unauthenticated, Forbidden, NotFound, VersionConflict, Refused."""
        return await hours.set_availability(self.base, principal, doctor_id, windows, expected_version)

    async def add_leave(self, principal: Principal | None, given: NewLeave) -> DoctorRow:
        """Raises Unauthenticated, Forbidden, NotFound, Refused."""
        return await leave.add_leave(self.base, principal, given)

    async def remove_leave(self, principal: Principal | None, id: str) -> DoctorRow:
        """Raises Unauthenticated, Forbidden, NotFound, InvalidInput."""
        return await leave.remove_leave(self.base, principal, id)

    async def deactivate(
        self, principal: Principal | None, id: str, reason: str | None, expected_version: int | None
    ) -> DoctorRow:
        """Raises Unauthenticated, Forbidden, NotFound, VersionConflict, InvalidInput."""
        return await updating.deactivate(self.base, principal, id, reason, expected_version)

    async def exists(self, subject_id: str) -> bool:
        """For accounts, which holds a login for the doctor of that id: whether the doctor was written."""
        async with self.base.database.reading() as session:
            return await repository.doctor(session, subject_id) is not None

    async def import_departments(self, batch: Sequence[ImportedDepartment], *, actor_name: str = "import") -> Imported:
        """Some hundreds at a time, in one transaction; safe to repeat."""
        return await importing.import_departments(self.base, batch, Actor(name=actor_name))

    async def import_doctors(self, batch: Sequence[ImportedDoctor], *, actor_name: str = "import") -> Imported:
        """Some hundreds at a time, in one transaction; safe to repeat."""
        return await importing.import_doctors(self.base, batch, Actor(name=actor_name))


def _sought(specialty: str | None, department_id: str | None, search: str | None) -> Sought | None:
    """None where nobody can be found: an id that is none, a search without a letter."""
    named = None if search is None else tuple(words(search))
    if named == () or (department_id is not None and not is_id(department_id)):
        return None
    return Sought(None if specialty is None else sort_key(specialty), department_id, named)


async def _nobody() -> int:
    return 0
