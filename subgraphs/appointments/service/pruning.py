"""Letting go of the oldest changes of the stream, and of claims on time that is past."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import changes, repository
from subgraphs.appointments.rules import Span
from subgraphs.kernel.foundation import Foundation

KEPT_AT_LEAST = timedelta(days=30)
CLAIMS_KEPT_AT_LEAST = timedelta(days=7)
_BATCH = 1000


async def prune_changes(base: Foundation, before: datetime) -> int:
    """Drops what was changed before that instant, never of the last 30 days; gives how many changes went.

    The horizon is moved first, so a cursor is refused as expired before anything behind it is missing.
    """
    oldest_kept = min(before, base.clock.now() - KEPT_AT_LEAST)

    async def move(session: AsyncSession) -> int:
        return await changes.move_horizon(session, oldest_kept)

    horizon = await base.database.transaction(move)

    async def drop(session: AsyncSession) -> int:
        return await changes.delete_through(session, horizon, _BATCH)

    return await _in_lots(base, drop)


async def prune_claims(base: Foundation, before: datetime) -> int:
    """Drops the claims on time before that instant, never on that of the last seven days: a clock may be ahead, and
    what is still to come would be booked twice."""
    past = min(before, base.clock.now() - CLAIMS_KEPT_AT_LEAST)

    async def drop(session: AsyncSession) -> int:
        return await repository.free_before(session, Span(past, past).steps.start, _BATCH)

    return await _in_lots(base, drop)


async def _in_lots(base: Foundation, drop: Callable[[AsyncSession], Awaitable[int]]) -> int:
    """Others write in between."""
    dropped = 0
    while lot := await base.database.transaction(drop):
        dropped += lot
    return dropped
