"""Links by mail: whoever opens one may set the password of the login it is for, once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository
from subgraphs.accounts.service.grants import digest, new_secret
from subgraphs.accounts.service.mails import Letter
from subgraphs.accounts.tables import AccountRow, LinkRow, Purpose
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.mail import Mail, Mailbox

_MAILBOX_SECONDS = 5.0


class MailNotTaken(Exception):
    """The mailbox failed, or was too slow: nothing of the transaction is kept."""


@dataclass(frozen=True, slots=True)
class Link:
    """Made before the transaction, so that one that runs twice puts the same mail with the same token twice."""

    token: str = field(repr=False)
    mail_id: str
    purpose: Purpose
    lasts: timedelta

    @classmethod
    def new(cls, purpose: Purpose, lasts: timedelta) -> Self:
        return cls(new_secret(), new_id(), purpose, lasts)


async def mail_link(
    base: Foundation,
    mailbox: Mailbox,
    session: AsyncSession,
    account: AccountRow,
    link: Link,
    write: Callable[[str], Letter],
) -> None:
    """Adds the link, voids the older ones, and puts the mail. Raises MailNotTaken.

    The mail is put before the commit: should that fail, a link that opens nothing is on its way, and whoever asked
    asks again; the other way round a link could be promised and never be mailed.
    """
    await repository.void_links(session, account.id, base.clock.now())
    await _add(base, session, account, link)
    letter = write(f"{base.settings.public_url}#token={link.token}")
    await _put(mailbox, _mail(base, account, link, letter))


async def _add(base: Foundation, session: AsyncSession, account: AccountRow, link: Link) -> None:
    now = base.clock.now()
    session.add(
        LinkRow(
            token_hash=digest(link.token),
            account_id=account.id,
            purpose=link.purpose,
            created_at=now,
            expires_at=now + link.lasts,
        )
    )
    await session.flush()


def _mail(base: Foundation, account: AccountRow, link: Link, letter: Letter) -> Mail:
    return Mail(
        id=link.mail_id,
        to=account.email,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=f"<{link.mail_id}@accounts.hospital>",
        at=base.clock.now(),
    )


async def _put(mailbox: Mailbox, mail: Mail) -> None:
    try:
        async with asyncio.timeout(_MAILBOX_SECONDS):
            await mailbox.put(mail)
    except Exception as error:
        raise MailNotTaken(mail.id) from error
