"""Passwords that are tried: how often in a quarter of an hour, counted where all processes see it.

A password is looked at before the count is: what decides is the transaction in which the attempt is written down. Of
any number of attempts at once ten get to know that they were wrong, and the right password is of no use after those.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository, rules
from subgraphs.accounts.events import SignInFailed
from subgraphs.accounts.tables import AccountRow, SignInFailureRow
from subgraphs.kernel.errors import TooManyRequests
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation


async def too_many(base: Foundation, session: AsyncSession, email_hash: str) -> TooManyRequests | None:
    """What to answer where there were ten failures of that e-mail."""
    return _judged(await repository.failures(session, email_hash), base.clock.now())


async def fail(
    base: Foundation, session: AsyncSession, email_hash: str, account: AccountRow | None, reason: str
) -> TooManyRequests | None:
    """Writes the failure down and announces it, unless there were too many before."""
    known, now = await repository.failures(session, email_hash), base.clock.now()
    refusal = _judged(known, now)
    if refusal is None:
        recent = {row.place for row in _recent(known, now)}
        free = [place for place in range(rules.FAILURES_TAKEN) if place not in recent]
        await repository.write_failure(session, email_hash, known, free, now)
        base.outbox.record(session, _failed(account, reason), Actor())
    return refusal


def _judged(known: Sequence[SignInFailureRow], now: datetime) -> TooManyRequests | None:
    recent = _recent(known, now)
    if len(recent) < rules.FAILURES_TAKEN:
        return None
    wait = min(row.failed_at for row in recent) + rules.FAILURES_SPAN - now
    message = "There were too many failed sign-ins for this e-mail. Wait, or reset the password."
    return TooManyRequests(message, retryAfterSeconds=max(1, round(wait.total_seconds())))


def _recent(known: Sequence[SignInFailureRow], now: datetime) -> list[SignInFailureRow]:
    return [row for row in known if row.failed_at > now - rules.FAILURES_SPAN]


def _failed(account: AccountRow | None, reason: str) -> SignInFailed:
    if account is None:
        return SignInFailed(account_id=None, reason=reason)
    return SignInFailed(account_id=account.id, patient_id=account.patient_id, reason=reason)
