"""The use cases of patients."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.importing import Imported
from subgraphs.kernel.pagination import Page
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.signup import Logins
from subgraphs.patients import access, repository
from subgraphs.patients.rules import sought
from subgraphs.patients.service import importing, registering, updating
from subgraphs.patients.service.importing import ImportedPatient
from subgraphs.patients.service.registering import Registration
from subgraphs.patients.tables import PatientRow


@dataclass(frozen=True)
class PatientService:
    base: Foundation
    logins: Logins

    async def register(self, principal: Principal | None, given: Registration) -> PatientRow:
        """Raises Unauthenticated, Forbidden, and Refused, by what accounts refuses too."""
        return await registering.register(self.base, self.logins, principal, given)

    async def update(
        self, principal: Principal | None, id: str, changes: dict[str, Any], expected_version: int | None
    ) -> PatientRow:
        """`changes` by attribute. Raises Unauthenticated, Forbidden, NotFound, VersionConflict, Refused."""
        return await updating.update(self.base, principal, id, changes, expected_version)

    async def search(
        self, principal: Principal | None, search: str | None, first: int, after: str | None
    ) -> tuple[Page[PatientRow], Callable[[], Awaitable[int]]]:
        """A page of those whom one may see, and how to count them all."""
        access.PATIENT.require(principal)
        wanted = repository.BY_NAME.request(first, after)
        scope, found = access.scope_of(principal), sought(search, self.base.settings.phone_region)
        now = self.base.clock.now()

        async def count() -> int:
            async with self.base.database.reading() as session:
                return await repository.count_patients(session, scope, now, found)

        async with self.base.database.reading() as session:
            return await repository.page_of_patients(session, scope, now, found, wanted), count

    async def exists(self, subject_id: str) -> bool:
        """For accounts, which holds a login for the patient of that id: whether the patient was written."""
        async with self.base.database.reading() as session:
            return await repository.patient(session, subject_id) is not None

    async def import_patients(self, batch: Sequence[ImportedPatient], actor: Actor | None = None) -> Imported:
        """Some hundreds at a time, in one transaction; safe to repeat."""
        return await importing.import_patients(self.base, batch, actor or Actor(name="import"))
