"""Forgetting what is long over."""

from datetime import timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository
from subgraphs.kernel.foundation import Foundation

_KEPT_AFTER_ITS_END = timedelta(days=7)
_BATCH = 50


async def prune(base: Foundation) -> None:
    async def work(session: AsyncSession) -> int:
        return await repository.prune(session, base.clock.now() - _KEPT_AFTER_ITS_END, _BATCH)

    while await base.database.transaction(work):
        pass
