"""A login for somebody whose row another domain owns: what patients and doctors ask of accounts, and the reverse.

The owner picks the id and asks accounts to hold the e-mail for it. What is held cannot sign in; the owner's event opens
it. After a minute accounts asks the owner whether the id was written: then it opens the login, or drops the hold. An
owner that knows before that it wrote nothing releases the hold at once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any, Protocol

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel import idempotency
from subgraphs.kernel.errors import InvalidInput, Refused
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.idempotency import Claim
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.text import is_text

WRITTEN_WITHIN = timedelta(seconds=30)
"""From the hold on, the owner writes the row, or never."""

HOLD_SETTLED_AFTER = timedelta(minutes=1)
"""When accounts takes what the owner says for final: clocks may differ by as much as is left."""

log = structlog.get_logger(__name__)

Write = Callable[[AsyncSession, str], Awaitable[None]]


class Logins(Protocol):
    async def hold(self, *, email: str, password: str, role: RoleName, subject_id: str) -> None:
        """Holds the e-mail and the password's hash for the patient or doctor of that id; safe to repeat.

        Raises Refused: EMAIL_TAKEN, WEAK_PASSWORD, INVALID_INPUT (field `email` or `password`).
        """
        ...

    async def release(self, *, role: RoleName, subject_id: str) -> None:
        """Drops the hold for an id that was not written and is not going to be; nothing where there is none."""
        ...


class SubjectOwner(Protocol):
    async def exists(self, subject_id: str) -> bool:
        """Whether the patient or doctor of that id was written. Raises when the owner cannot say."""
        ...


class HoldEnded(Exception):
    """The row could not be written while accounts held the login for sure: nothing was written, and one may repeat."""


@dataclass(frozen=True, slots=True)
class NewLogin:
    email: str
    password: str = field(repr=False)
    role: RoleName


def password(text: str) -> str:
    """Raises InvalidInput for what is no text; how strong it must be is for accounts to say."""
    if not is_text(text):
        raise InvalidInput("A password is made of characters.", "password")
    return text


async def claim(caller: str, mutation: str, key: str | None, fields: dict[str, Any], secret: str) -> Claim | None:
    """The claim of a request with a password, which stands in its hash by what cannot be guessed back."""
    plain = idempotency.claim(caller, mutation, key, fields)
    if plain is None:
        return None
    concealed = await idempotency.concealed(secret, caller, plain.key)
    return idempotency.claim(caller, mutation, key, fields | {"password": concealed})


async def with_login(base: Foundation, logins: Logins, wanted: Claim | None, login: NewLogin, write: Write) -> str:
    """Runs `write(session, id)`, once for a claim, while accounts holds the login of that id; gives the id.

    Raises Refused by what accounts refuses, IdempotencyKeyReused, and HoldEnded. What fails before its commit without a
    claim releases the hold: nobody else writes that id. With a claim an equal request may be about to.
    """
    earlier = await _made_before(base, wanted)
    if earlier is not None:
        return earlier
    id, held_at = await _pick_id(base, wanted), base.clock.now()
    try:
        await logins.hold(email=login.email, password=login.password, role=login.role, subject_id=id)
    except Refused:  # also when an equal request was faster, and its login is open
        earlier = await _made_before(base, wanted)
        if earlier is None:
            raise
        return earlier

    may_be_written = False

    async def work(session: AsyncSession, id: str) -> None:
        nonlocal may_be_written
        may_be_written = False
        await write(session, id)
        if base.clock.now() - held_at > WRITTEN_WITHIN:
            raise HoldEnded
        may_be_written = True

    try:
        return await idempotency.once(base.database, base.clock, wanted, work, entity_id=id)
    except BaseException:
        if wanted is None and not may_be_written:
            await _release(logins, login.role, id)
        raise


async def _release(logins: Logins, role: RoleName, id: str) -> None:
    try:
        await logins.release(role=role, subject_id=id)
    except Exception as error:
        log.warning("signup.hold_left_to_accounts", role=role, subject_id=id, error=error)


async def _made_before(base: Foundation, wanted: Claim | None) -> str | None:
    if wanted is None:
        return None
    async with base.database.reading() as session:
        return await idempotency.kept(session, wanted)


async def _pick_id(base: Foundation, wanted: Claim | None) -> str:
    """A new id; with a key, the same for every try of one request, so that all of them hold one login."""
    if wanted is None:
        return new_id()
    same_request = sha256(f"{wanted.key}\0{wanted.input_hash}".encode()).hexdigest()
    picked = Claim(wanted.caller, f"{wanted.mutation}.id", same_request, wanted.input_hash)

    async def nothing_more(session: AsyncSession, id: str) -> None:
        return None

    return await idempotency.once(base.database, base.clock, picked, nothing_more)
