"""Every statement on the logins, their sessions, links and failed sign-ins, and on what is kept of subjects.

What decides between two who come at once is an UPDATE with its condition, or a unique claim; each says whether it won.
"""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts.tables import (
    AccountRow,
    LinkRow,
    RefreshTokenRow,
    SessionRow,
    SignInFailureRow,
    SigningKeyRow,
    Status,
    SubjectRow,
)
from subgraphs.kernel.database import Race
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.races import flush_claims


class Taken(Exception):
    """The e-mail, the patient or the doctor has a login already."""


async def account(session: AsyncSession, id: str) -> AccountRow | None:
    return await session.get(AccountRow, id)


async def locked_account(session: AsyncSession, id: str) -> AccountRow | None:
    """The login as it is now, kept from others until the transaction ends."""
    return (await session.exec(select(AccountRow).where(AccountRow.id == id).with_for_update())).one_or_none()


async def account_of_email(session: AsyncSession, email: str) -> AccountRow | None:
    return (await session.exec(select(AccountRow).where(AccountRow.email == email))).one_or_none()


async def account_of_subject(session: AsyncSession, role: RoleName, subject_id: str) -> AccountRow | None:
    """Kept from others until the transaction ends."""
    statement = select(AccountRow).where(_is_of(role, subject_id)).with_for_update()
    return (await session.exec(statement)).one_or_none()


async def enabled_admins(session: AsyncSession) -> Sequence[AccountRow]:
    """Locked, in the order of ids."""
    of_role = select(AccountRow).where(AccountRow.role == RoleName.ADMIN, AccountRow.status == Status.OPEN)
    enabled = of_role.where(col(AccountRow.disabled_at).is_(None))
    return (await session.exec(enabled.order_by(col(AccountRow.id)).with_for_update())).all()


async def write_account(session: AsyncSession, row: AccountRow) -> None:
    """Raises Taken when another login has the e-mail, the patient or the doctor.

    Raises Race when one of those was written just now, also for the same patient or doctor by the same e-mail: whoever
    looked for it before finds it when the transaction runs again.
    """
    with session.no_autoflush:
        others = [await account_of_email(session, row.email), await _of_same_subject(session, row)]
    for other in others:
        if other is not None and other.id != row.id:
            raise Race if other.is_for_the_same_as(row) and other.email == row.email else Taken
    session.add(row)
    await flush_claims(session)


async def held_before(
    session: AsyncSession, moment: datetime, after: tuple[datetime, str] | None, limit: int
) -> Sequence[AccountRow]:
    """The logins held since before `moment`, in the order of (held_at, id), behind `after`."""
    statement = select(AccountRow).where(AccountRow.status == Status.HELD, col(AccountRow.held_at) < moment)
    if after is not None:
        held_at, id = after
        statement = statement.where(
            (col(AccountRow.held_at) > held_at) | ((col(AccountRow.held_at) == held_at) & (col(AccountRow.id) > id))
        )
    statement = statement.order_by(col(AccountRow.held_at), col(AccountRow.id)).limit(limit)
    return (await session.exec(statement)).all()


async def drop_hold(session: AsyncSession, id: str, held_at: datetime | None) -> bool:
    """False when it was opened or asked for anew in the meantime."""
    held = (col(AccountRow.status) == Status.HELD) & (col(AccountRow.held_at) == held_at)
    return await _changes(session, delete(AccountRow).where(col(AccountRow.id) == id, held))


async def session_by_id(session: AsyncSession, id: str) -> SessionRow | None:
    return await session.get(SessionRow, id)


async def end_session(session: AsyncSession, id: str, account_id: str, now: datetime) -> bool:
    """False when there is no such session, or it had ended."""
    live = (col(SessionRow.id) == id) & (col(SessionRow.account_id) == account_id) & _is_live(now)
    return await _changes(session, update(SessionRow).where(live).values(ended_at=now))


async def end_sessions(session: AsyncSession, account_id: str, now: datetime) -> None:
    live = (col(SessionRow.account_id) == account_id) & _is_live(now)
    await session.exec(update(SessionRow).where(live).values(ended_at=now))


async def use_session(session: AsyncSession, id: str, now: datetime) -> bool:
    """False when it has ended."""
    return await _changes(
        session, update(SessionRow).where(col(SessionRow.id) == id, _is_live(now)).values(used_at=now)
    )


async def refresh_token(session: AsyncSession, token_hash: str) -> tuple[RefreshTokenRow, SessionRow] | None:
    statement = select(RefreshTokenRow, SessionRow).join(SessionRow).where(RefreshTokenRow.token_hash == token_hash)
    return (await session.exec(statement)).one_or_none()


async def use_refresh_token(session: AsyncSession, token_hash: str, now: datetime) -> bool:
    """False when it was used before: of many at once exactly one gets True."""
    unused = (col(RefreshTokenRow.token_hash) == token_hash) & col(RefreshTokenRow.used_at).is_(None)
    return await _changes(session, update(RefreshTokenRow).where(unused).values(used_at=now))


async def link(session: AsyncSession, token_hash: str) -> LinkRow | None:
    return await session.get(LinkRow, token_hash)


async def links_since(session: AsyncSession, account_id: str, moment: datetime) -> int:
    statement = select(func.count()).where(LinkRow.account_id == account_id, LinkRow.created_at > moment)
    return (await session.exec(statement)).one()


async def use_link(session: AsyncSession, token_hash: str, now: datetime) -> bool:
    """False when it was used, made void, or ran out."""
    good = (col(LinkRow.token_hash) == token_hash) & col(LinkRow.ended_at).is_(None) & (col(LinkRow.expires_at) > now)
    return await _changes(session, update(LinkRow).where(good).values(ended_at=now))


async def void_links(session: AsyncSession, account_id: str, now: datetime) -> None:
    waiting = (col(LinkRow.account_id) == account_id) & col(LinkRow.ended_at).is_(None)
    await session.exec(update(LinkRow).where(waiting).values(ended_at=now))


async def failures(session: AsyncSession, email_hash: str) -> Sequence[SignInFailureRow]:
    statement = select(SignInFailureRow).where(SignInFailureRow.email_hash == email_hash)
    return (await session.exec(statement)).all()


async def write_failure(
    session: AsyncSession, email_hash: str, known: Sequence[SignInFailureRow], places: Sequence[int], now: datetime
) -> None:
    """Takes one of the free `places` (any, so that many at once seldom meet). Raises Race when another took it."""
    place = random.choice(places)
    if all(row.place != place for row in known):
        session.add(SignInFailureRow(email_hash=email_hash, place=place, failed_at=now))
        return await flush_claims(session)
    was = next(row.failed_at for row in known if row.place == place)
    same = (col(SignInFailureRow.email_hash) == email_hash) & (col(SignInFailureRow.place) == place)
    old = same & (col(SignInFailureRow.failed_at) == was)
    if not await _changes(session, update(SignInFailureRow).where(old).values(failed_at=now)):
        raise Race
    return None


async def forget_failures(session: AsyncSession, email_hash: str) -> None:
    await session.exec(delete(SignInFailureRow).where(col(SignInFailureRow.email_hash) == email_hash))


async def subject(session: AsyncSession, role: RoleName, id: str) -> SubjectRow | None:
    row = await session.get(SubjectRow, id)
    return row if row is not None and row.role == role else None


async def write_subject(session: AsyncSession, row: SubjectRow) -> None:
    """Keeps the subject as it is at `row.version`, unless a newer one is known. Raises Race."""
    older = (col(SubjectRow.id) == row.id) & (col(SubjectRow.version) < row.version)
    values = {"version": row.version, "email": row.email, "invitable": row.invitable}
    if await _changes(session, update(SubjectRow).where(older).values(**values)):
        return
    if await session.get(SubjectRow, row.id) is None:
        session.add(row)
        await flush_claims(session)


async def prune(session: AsyncSession, before: datetime, limit: int) -> int:
    """Forgets some of what ended before that moment; gives how much."""
    ended = select(SessionRow.id).where(col(SessionRow.ends_at) < before).order_by(col(SessionRow.ends_at)).limit(limit)
    sessions = (await session.exec(ended)).all()
    await session.exec(delete(RefreshTokenRow).where(col(RefreshTokenRow.session_id).in_(sessions)))
    await session.exec(delete(SessionRow).where(col(SessionRow.id).in_(sessions)))
    outdated = select(LinkRow.token_hash).where(col(LinkRow.expires_at) < before).limit(limit)
    links = (await session.exec(outdated)).all()
    await session.exec(delete(LinkRow).where(col(LinkRow.token_hash).in_(links)))
    await session.exec(delete(SignInFailureRow).where(col(SignInFailureRow.failed_at) < before))
    return len(sessions) + len(links)


async def signing_keys(session: AsyncSession) -> Sequence[SigningKeyRow]:
    return (await session.exec(select(SigningKeyRow).order_by(col(SigningKeyRow.place)))).all()


async def drop_signing_keys(session: AsyncSession, now: datetime) -> None:
    """Those that are published no more."""
    await session.exec(delete(SigningKeyRow).where(col(SigningKeyRow.published_until) <= now))


async def _of_same_subject(session: AsyncSession, row: AccountRow) -> AccountRow | None:
    subject_id = row.patient_id or row.doctor_id
    return None if subject_id is None else await account_of_subject(session, row.role_name, subject_id)


def _is_of(role: RoleName, subject_id: str) -> ColumnElement[bool]:
    column = AccountRow.patient_id if role is RoleName.PATIENT else AccountRow.doctor_id
    return col(column) == subject_id


def _is_live(now: datetime) -> ColumnElement[bool]:
    return col(SessionRow.ended_at).is_(None) & (col(SessionRow.ends_at) > now)


async def _changes(session: AsyncSession, statement: Any) -> bool:
    changed: int = (await session.exec(statement.execution_options(synchronize_session=False))).rowcount
    return changed > 0
