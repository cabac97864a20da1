"""What one request reads of records, each kind for many keys in one statement; made anew after a change."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.arrivals import Awaited
from subgraphs.kernel.errors import Hidden, NotFound
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.loading import DataLoader, found_by_id
from subgraphs.kernel.pagination import PageRequest
from subgraphs.kernel.principal import Principal
from subgraphs.records import access, repository
from subgraphs.records.service.seeing import seen_patients, target
from subgraphs.records.tables import AllergyRow, MedicalRecordRow, VersionRow

Listed: TypeAlias = tuple[str, PageRequest]
T = TypeVar("T")


class Loaders:
    """For one request of one principal. None of these notes that a record was read: whoever gives it away does."""

    def __init__(self, base: Foundation, principal: Principal | None) -> None:
        self._base, self._principal, self._arrivals = base, principal, Awaited(base.arrivals)
        self.records: DataLoader[str, MedicalRecordRow | None] = DataLoader(self._records)
        self.sees: DataLoader[str, bool] = DataLoader(self._sees)
        self.of_appointments: DataLoader[str, MedicalRecordRow | None] = DataLoader(self._of_appointments)
        self.versions: DataLoader[str, list[VersionRow]] = DataLoader(self._versions)
        self.pages: DataLoader[Listed, Sequence[MedicalRecordRow]] = DataLoader(self._pages)
        self.counts: DataLoader[str, int] = DataLoader(self._counts)
        self.record_ids: DataLoader[str, list[str]] = DataLoader(self._record_ids)
        self.allergies: DataLoader[str, list[AllergyRow]] = DataLoader(self._allergies)

    async def seen(self, id: str) -> MedicalRecordRow:
        """The record. Raises NotFound where there is none, and Hidden where there is one to be seen by others."""
        row = await self.records.load(id)
        if row is None:
            await self._catch_up([id])  # as long for what never was as for what is hidden
            raise NotFound("medical record", "id")
        if not await self.sees.load(row.patient_id):
            raise Hidden("medical record", "id", target(row))
        return row

    async def _records(self, ids: list[str]) -> list[MedicalRecordRow | None]:
        return await found_by_id(self._base.database, ids, repository.records_by_id)

    async def _sees(self, patient_ids: list[str]) -> list[bool]:
        """A booking on its way is waited for before a doctor is shown nothing."""
        seen = await self._seen_by_now(patient_ids)
        hidden = [id for id in patient_ids if id not in seen and is_id(id)]
        if hidden and await self._catch_up(hidden):
            seen |= await self._seen_by_now(hidden)
        return [id in seen for id in patient_ids]

    async def _seen_by_now(self, patient_ids: list[str]) -> set[str]:
        async with self._base.database.reading() as session:
            return await seen_patients(session, self._base, self._principal, patient_ids)

    async def _catch_up(self, keys: Sequence[str]) -> bool:
        """Whether it could have changed what they see."""
        if self._principal is None or access.doctor_id_of(self._principal) is None:
            return False
        await self._arrivals.catch_up(keys)
        return True

    async def _of_appointments(self, ids: list[str]) -> list[MedicalRecordRow | None]:
        """Where there is one and this principal sees it."""
        rows = await found_by_id(self._base.database, ids, repository.records_of_appointments)
        patient_ids = list({row.patient_id for row in rows if row is not None})
        seen = dict(zip(patient_ids, await self.sees.load_many(patient_ids), strict=True))
        return [row if row is not None and seen[row.patient_id] else None for row in rows]

    async def _versions(self, ids: list[str]) -> list[list[VersionRow]]:
        return await self._lists(ids, repository.versions)

    async def _record_ids(self, patient_ids: list[str]) -> list[list[str]]:
        return await self._lists(patient_ids, repository.ids_of_patients)

    async def _allergies(self, patient_ids: list[str]) -> list[list[AllergyRow]]:
        return await self._lists(patient_ids, repository.allergies)

    async def _counts(self, patient_ids: list[str]) -> list[int]:
        async with self._base.database.reading() as session:
            found = await repository.counts(session, patient_ids)
        return [found.get(id, 0) for id in patient_ids]

    async def _pages(self, keys: list[Listed]) -> list[Sequence[MedicalRecordRow]]:
        grouped: dict[PageRequest, list[str]] = defaultdict(list)
        for id, wanted in keys:
            grouped[wanted].append(id)
        found: dict[Listed, Sequence[MedicalRecordRow]] = {}
        async with self._base.database.reading() as session:
            for wanted, ids in grouped.items():
                rows = await repository.pages(session, ids, wanted)
                found |= {(id, wanted): rows.get(id, []) for id in ids}
        return [found[key] for key in keys]

    async def _lists(
        self,
        ids: Sequence[str],
        read: Callable[[AsyncSession, Sequence[str]], Awaitable[Mapping[str, list[T]]]],
    ) -> list[list[T]]:
        async with self._base.database.reading() as session:
            found = await read(session, ids)
        return [found.get(id, []) for id in ids]
