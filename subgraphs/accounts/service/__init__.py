"""The use cases of accounts, one file a group."""

from dataclasses import dataclass, field

from subgraphs.accounts import repository
from subgraphs.accounts.hashing import PasswordHashing
from subgraphs.accounts.keys import SigningKeys
from subgraphs.accounts.service import (
    holds,
    invitations,
    logins,
    passwords,
    pruning,
    resetting,
    sessions,
    signing_in,
)
from subgraphs.accounts.service.grants import Grant
from subgraphs.accounts.service.holds import Settled
from subgraphs.accounts.service.links import LinkTokens, link_to
from subgraphs.accounts.service.owners import Owners
from subgraphs.accounts.tables import AccountRow
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.last_minute import LastMinute
from subgraphs.kernel.principal import Principal, RoleName


@dataclass(frozen=True)
class AccountService:
    """`reset_answer_seconds`: how long the answer to a request for a reset takes at the least, known or not.

    `resets_told`: the logins whose requests for a reset were announced.
    """

    base: Foundation
    hashing: PasswordHashing
    keys: SigningKeys
    tokens: LinkTokens = field(repr=False)
    owners: Owners
    resets_told: LastMinute
    reset_answer_seconds: float = 0.2

    async def sign_in(self, email: str, password: str) -> Grant:
        """Raises Refused INVALID_CREDENTIALS, alike for whatever is wrong, and TooManyRequests after ten of those."""
        return await signing_in.sign_in(self.base, self.hashing, self.keys, self.owners, email, password)

    async def refresh(self, refresh_token: str) -> Grant:
        """A new pair of tokens for a refresh token, which is used up. Raises Refused SESSION_EXPIRED."""
        return await sessions.refresh(self.base, self.keys, refresh_token)

    async def is_known(self, refresh_token: str) -> bool:
        """Whether the refresh token was ever given, good or not."""
        return await sessions.is_known(self.base, refresh_token)

    async def sign_out(self, principal: Principal | None) -> None:
        """Ends the session that the access token was given in; the token itself lives to its end."""
        await sessions.sign_out(self.base, principal)

    async def revoke(self, refresh_token: str) -> None:
        """Ends the session of a refresh token, good or used up; nothing for an unknown one."""
        await sessions.revoke(self.base, refresh_token)

    async def change_password(self, principal: Principal | None, current: str, new: str) -> Grant:
        """Ends every session of the login and opens a new one.

        Raises Refused (WEAK_PASSWORD, INVALID_INPUT, INVALID_CREDENTIALS), and TooManyRequests as signing in does.
        """
        return await passwords.change_password(self.base, self.hashing, self.keys, principal, current, new)

    async def request_reset(self, email: str) -> None:
        """Makes a link to be mailed to whoever has that login. Answers alike, and as late, where there is none.

        Raises InvalidInput for what is no e-mail.
        """
        await resetting.request_reset(
            self.base, self.tokens, self.owners, self.resets_told, email, self.reset_answer_seconds
        )

    async def reset_password(self, token: str, new: str) -> Grant:
        """Sets the password of the login that the link is for, opens it where it was not, and lets its owner in.

        Raises Refused: SESSION_EXPIRED for a link that is unknown, used, void or too old, WEAK_PASSWORD, INVALID_INPUT.
        """
        return await resetting.reset_password(self.base, self.hashing, self.keys, token, new)

    async def link(self, link_id: str) -> str | None:
        """For the mail that is being sent: the link's address; None where it opens nothing any more."""
        return await link_to(self.base, self.tokens, link_id)

    async def own_account(self, principal: Principal) -> AccountRow | None:
        async with self.base.database.reading() as session:
            return await repository.account(session, principal.account_id)

    async def account_by_email(self, principal: Principal | None, email: str) -> AccountRow | None:
        """What is held is no account yet. Raises Unauthenticated, Forbidden."""
        return await logins.account_by_email(self.base, principal, email)

    async def create_staff_account(
        self, principal: Principal | None, email: str, password: str, role: RoleName, idempotency_key: str | None
    ) -> AccountRow:
        """Raises Unauthenticated, Forbidden, Refused."""
        return await logins.create_staff_account(
            self.base, self.hashing, principal, email, password, role, idempotency_key
        )

    async def create_admin(self, email: str, password: str) -> AccountRow:
        """By who runs the hospital, at the command line. Raises Refused: INVALID_INPUT, WEAK_PASSWORD, EMAIL_TAKEN."""
        return await logins.create_admin(self.base, self.hashing, email, password)

    async def create_login(self, email: str, password: str, role: RoleName, subject_id: str | None) -> AccountRow:
        """An open login of any role, for a hospital that is being filled; the one that is there where it fits.

        Raises Refused: INVALID_INPUT, WEAK_PASSWORD, EMAIL_TAKEN.
        """
        return await logins.create_login(self.base, self.hashing, email, password, role, subject_id)

    async def disable_account(self, principal: Principal | None, id: str, reason: str) -> AccountRow:
        """Ends all sessions and links of the login. Raises Unauthenticated, Forbidden, Refused."""
        return await logins.disable_account(self.base, principal, id, reason)

    async def invite(self, principal: Principal | None, patient_id: str | None, doctor_id: str | None) -> AccountRow:
        """Makes a link, to be mailed, and the login that it opens; repeated, the newer link voids the older.

        Raises Unauthenticated, Forbidden, and Refused: INVALID_INPUT for the dead, the inactive and those without an
        e-mail, NOT_FOUND, EMAIL_TAKEN.
        """
        return await invitations.invite(self.base, self.tokens, principal, patient_id, doctor_id)

    async def hold(self, *, email: str, password: str, role: RoleName, subject_id: str) -> None:
        """Holds the e-mail and the password's hash for the patient or doctor; asked again for the same, it goes on.

        Raises Refused: EMAIL_TAKEN, WEAK_PASSWORD, INVALID_INPUT.
        """
        await holds.hold(self.base, self.hashing, email=email, password=password, role=role, subject_id=subject_id)

    async def release(self, *, role: RoleName, subject_id: str) -> None:
        """Drops the hold for a patient or doctor who was not written and is not going to be."""
        await holds.release(self.base, role=role, subject_id=subject_id)

    async def settle_holds(self) -> Settled:
        """Asks for each login held for a minute whether its owner was written; keeps it while that cannot be said."""
        return await holds.settle_holds(self.base, self.owners)

    async def fits_the_secret(self) -> bool:
        """Whether the secret is the one that this hospital's keys were sealed with; nothing is written."""
        return await self.keys.fit_the_secret()

    async def rotate_keys(self) -> None:
        """Makes the signing keys that are due; once at the start and then hourly, or at least daily."""
        await self.keys.rotate()

    async def prune(self) -> None:
        """Forgets sessions, links and failed sign-ins a week after their end; small transactions, safe to cut short."""
        await pruning.prune(self.base)
