"""Taking in the list of codes: all of it in one transaction, in place of the one before.

A record keeps the words that its codes had when it was written: a newer list changes no record.
"""

from pathlib import Path

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.foundation import Foundation
from subgraphs.records import repository
from subgraphs.records.codes import NoCodes, digest, lots

log = structlog.get_logger(__name__)


async def fill_codes(base: Foundation, path: Path) -> None:
    async with base.database.reading() as session:
        known = await repository.digest_of_codes(session)
    try:
        found = digest(path)
        if found != known:
            await _replace(base, path, found)
    except NoCodes as error:
        if known is None:
            raise
        log.warning("records.codes_stay_as_they_are", reason=str(error))


async def _replace(base: Foundation, path: Path, found: str) -> None:
    async def work(session: AsyncSession) -> None:
        if await repository.claim_codes(session, found):
            await repository.replace_codes(session, lots(path))

    await base.database.transaction(work)
