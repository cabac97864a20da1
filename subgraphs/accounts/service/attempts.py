"""Passwords that are tried: how often in a quarter of an hour, counted where all processes see it.

A password is looked at before the count is: what decides is the transaction in which the attempt is written down. Of
any number of attempts at once ten get to know that they were wrong, and the right password is of no use after those.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository, rules
from subgraphs.accounts.events import SignInFailed
from subgraphs.accounts.service.desk import Desk
from subgraphs.accounts.tables import AccountRow, SignInFailureRow
from subgraphs.kernel.errors import TooManyRequests
from subgraphs.kernel.events import Actor


@dataclass(frozen=True)
class Attempts(Desk):
    async def _too_many(self, session: AsyncSession, email_hash: str) -> TooManyRequests | None:
        return self._judged(await repository.failures(session, email_hash))

    async def _fail(
        self, session: AsyncSession, email_hash: str, account: AccountRow | None, reason: str
    ) -> TooManyRequests | None:
        """Writes the failure down and announces it, unless there were too many before."""
        known = await repository.failures(session, email_hash)
        too_many = self._judged(known)
        if too_many is None:
            recent = {row.place for row in self._recent(known)}
            free = [place for place in range(rules.FAILURES_TAKEN) if place not in recent]
            await repository.write_failure(session, email_hash, known, free, self.now())
            self.record(session, _failed(account, reason), Actor())
        return too_many

    def _judged(self, known: Sequence[SignInFailureRow]) -> TooManyRequests | None:
        recent = self._recent(known)
        if len(recent) < rules.FAILURES_TAKEN:
            return None
        wait = min(row.failed_at for row in recent) + rules.FAILURES_SPAN - self.now()
        message = "There were too many failed sign-ins for this e-mail. Wait, or reset the password."
        return TooManyRequests(message, retryAfterSeconds=max(1, round(wait.total_seconds())))

    def _recent(self, known: Sequence[SignInFailureRow]) -> list[SignInFailureRow]:
        return [row for row in known if row.failed_at > self.now() - rules.FAILURES_SPAN]


def _failed(account: AccountRow | None, reason: str) -> SignInFailed:
    if account is None:
        return SignInFailed(account_id=None, reason=reason)
    return SignInFailed(account_id=account.id, patient_id=account.patient_id, reason=reason)
