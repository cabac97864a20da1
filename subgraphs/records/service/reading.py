"""Records on their way into an answer: that they were read is committed first, or there is no answer."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.loading import DataLoader
from subgraphs.kernel.principal import Principal
from subgraphs.records.events import MedicalRecordRead
from subgraphs.records.service.writing import state_of
from subgraphs.records.tables import MedicalRecordRow


class Reads:
    """For one request: each record is noted once, however often it is given, and many in one transaction."""

    def __init__(self, base: Foundation, principal: Principal | None) -> None:
        self._base, self._actor = base, Actor.of(principal)
        self._noted: DataLoader[MedicalRecordRow, None] = DataLoader(self._note, cache_key_fn=lambda row: row.id)

    async def note(self, *rows: MedicalRecordRow) -> None:
        """Returns when it is committed that they were read. Whoever gives a record away awaits this first."""
        await self._noted.load_many(rows)

    async def _note(self, rows: list[MedicalRecordRow]) -> list[None]:
        async def work(session: AsyncSession) -> None:
            for row in rows:
                self._base.outbox.record(session, MedicalRecordRead(**state_of(row)), self._actor)

        await self._base.database.transaction(work)
        return [None] * len(rows)
