"""One DataLoader per entity: many ids, one statement."""

from subgraphs.kernel.access import seat_towards
from subgraphs.kernel.arrivals import Awaited
from subgraphs.kernel.errors import Hidden, NotFound, Target
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.loading import DataLoader, found_by_id
from subgraphs.kernel.principal import Principal
from subgraphs.patients import access, repository
from subgraphs.patients.tables import PatientRow


class Loaders:
    """For one request of one principal. `patients` looks at no rights; `visible` and `seen` do."""

    def __init__(self, base: Foundation, principal: Principal | None) -> None:
        self._base, self._principal, self._arrivals = base, principal, Awaited(base.arrivals)
        self._scope = access.scope_of(principal)
        self.patients: DataLoader[str, PatientRow | None] = DataLoader(self._patients)
        self.reached: DataLoader[str, bool] = DataLoader(self._reached)

    async def visible(self, ids: list[str]) -> list[PatientRow | None]:
        """The patients, where there are such and this principal may see them."""
        reached = dict(zip(ids, await self._reached(ids), strict=True))
        seen = [id for id in reached if self._may_see(id, treating=reached[id])]
        rows = dict(zip(seen, await self._patients(seen), strict=True))
        return [rows.get(id) for id in ids]

    async def seen(self, id: str) -> PatientRow:
        """The patient. Raises NotFound where there is none, and Hidden where there is one to be seen by others."""
        row, treating = await self.patients.load(id), await self.reached.load(id)  # as long for one as for the other
        if row is None:
            raise NotFound("patient", "id")
        if not self._may_see(id, treating=treating):
            raise Hidden("patient", "id", Target("Patient", id, id))
        return row

    def _may_see(self, id: str, *, treating: bool) -> bool:
        return access.PATIENT.may_see(seat_towards(self._principal, id, treating=treating))

    async def _patients(self, ids: list[str]) -> list[PatientRow | None]:
        return await found_by_id(self._base.database, ids, repository.patients_by_id)

    async def _reached(self, ids: list[str]) -> list[bool]:
        """Whether the doctor who asks treats them, or has broken their glass; a booking on its way is waited for."""
        known = {id for id in ids if is_id(id)}
        reached = await self._reached_by_now(known)
        if self._scope.doctor_id is not None and reached != known:
            await self._arrivals.catch_up(known - reached)
            reached |= await self._reached_by_now(known - reached)
        return [id in reached for id in ids]

    async def _reached_by_now(self, ids: set[str]) -> set[str]:
        doctor_id, breaker_id = self._scope.doctor_id, self._scope.breaker_id
        if not ids or doctor_id is None or breaker_id is None:
            return set()
        async with self._base.database.reading() as session:
            return await repository.reached_among(session, doctor_id, breaker_id, self._base.clock.now(), ids)
