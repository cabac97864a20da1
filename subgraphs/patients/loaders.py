"""One DataLoader per entity: many ids, one statement."""

from subgraphs.kernel.access import seat_towards
from subgraphs.kernel.database import Database
from subgraphs.kernel.errors import Hidden, NotFound, Target
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.loading import DataLoader, found_by_id
from subgraphs.kernel.principal import Principal
from subgraphs.patients import access, repository
from subgraphs.patients.tables import PatientRow


class Loaders:
    """For one request of one principal. `patients` looks at no rights; `visible` and `seen` do."""

    def __init__(self, database: Database, principal: Principal | None) -> None:
        self._database, self._principal = database, principal
        self._doctor_id = None if principal is None else principal.doctor_id
        self.patients: DataLoader[str, PatientRow | None] = DataLoader(self._patients)
        self.treated: DataLoader[str, bool] = DataLoader(self._treated)

    async def visible(self, ids: list[str]) -> list[PatientRow | None]:
        """The patients, where there are such and this principal may see them."""
        treated = dict(zip(ids, await self._treated(ids), strict=True))
        seen = [id for id in treated if self._may_see(id, treating=treated[id])]
        rows = dict(zip(seen, await self._patients(seen), strict=True))
        return [rows.get(id) for id in ids]

    async def seen(self, id: str) -> PatientRow:
        """The patient. Raises NotFound where there is none, and Hidden where there is one to be seen by others."""
        row = await self.patients.load(id)
        if row is None:
            raise NotFound("patient", "id")
        if not self._may_see(id, treating=await self.treated.load(id)):
            raise Hidden("patient", "id", Target("Patient", id, id))
        return row

    def _may_see(self, id: str, *, treating: bool) -> bool:
        return access.PATIENT.may_see(seat_towards(self._principal, id, treating=treating))

    async def _patients(self, ids: list[str]) -> list[PatientRow | None]:
        return await found_by_id(self._database, ids, repository.patients_by_id)

    async def _treated(self, ids: list[str]) -> list[bool]:
        known = [id for id in ids if is_id(id)]
        if not known or self._doctor_id is None:
            return [False] * len(ids)
        async with self._database.reading() as session:
            treated = await repository.treated_among(session, self._doctor_id, known)
        return [id in treated for id in ids]
