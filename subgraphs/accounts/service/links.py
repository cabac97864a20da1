"""Links by mail: whoever opens one may set the password of the login it is for, once.

A link's token is made of its id by the hospital's secret, and only its hash is kept: so it can be given again when the
mail is sent, and stands nowhere in between.
"""

import base64
import hmac
from datetime import timedelta
from hashlib import sha256

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository
from subgraphs.accounts.service.grants import digest
from subgraphs.accounts.tables import AccountRow, LinkRow, Purpose
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id

_PURPOSE = b"hospital: links of accounts"


class LinkTokens:
    """Who knows the secret and a link's id can make its token; ids alone open nothing."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, _PURPOSE, sha256)

    def token(self, link_id: str) -> str:
        """256 bits, fit for a link."""
        return base64.urlsafe_b64encode(hmac.digest(self._key, link_id.encode(), sha256)).decode().rstrip("=")


async def add_link(
    base: Foundation, tokens: LinkTokens, session: AsyncSession, account: AccountRow, purpose: Purpose, lasts: timedelta
) -> str:
    """Adds a link and voids the older ones; gives its id."""
    now, id = base.clock.now(), new_id()
    await repository.void_links(session, account.id, now)
    session.add(
        LinkRow(
            token_hash=digest(tokens.token(id)),
            account_id=account.id,
            purpose=purpose,
            created_at=now,
            expires_at=now + lasts,
        )
    )
    await session.flush()
    return id


async def link_to(base: Foundation, tokens: LinkTokens, link_id: str) -> str | None:
    """The address to open; None for a link that is unknown, used, void or too old."""
    token = tokens.token(link_id)
    async with base.database.reading() as session:
        row = await repository.link(session, digest(token))
    return f"{base.settings.public_url}#token={token}" if row is not None and is_good(base, row) else None


def is_good(base: Foundation, link: LinkRow) -> bool:
    return link.ended_at is None and link.expires_at > base.clock.now()
