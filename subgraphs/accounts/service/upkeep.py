"""What timers ask for: keys that change, and forgetting what is long over."""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository
from subgraphs.accounts.service.desk import Desk

_KEPT_AFTER_ITS_END = timedelta(days=7)
_BATCH = 50


@dataclass(frozen=True)
class Upkeep(Desk):
    async def rotate_keys(self) -> None:
        """Makes the signing keys that are due; once at the start and then hourly, or at least daily."""
        await self.keys.rotate()

    async def prune(self) -> None:
        """Forgets sessions, links and failed sign-ins a week after their end; small transactions, safe to cut short."""

        async def work(session: AsyncSession) -> int:
            return await repository.prune(session, self.now() - _KEPT_AFTER_ITS_END, _BATCH)

        while await self.base.database.transaction(work):
            pass
