"""Reading, writing and trying out templates."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.errors import InvalidInput, NotFound, Problem, Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id, new_id
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.races import flush_claims
from subgraphs.kernel.text import is_text
from subgraphs.kernel.versions import check_version
from subgraphs.notifications import access, repository, templates
from subgraphs.notifications.defaults import default, every
from subgraphs.notifications.events import TemplateUpdated
from subgraphs.notifications.rules import FALLBACK_LOCALE, KINDS, Channel
from subgraphs.notifications.tables import TemplateRow
from subgraphs.notifications.templates import Letter, Unfit

_CHECKED_WITHIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Edit:
    """New words for a template; `keeps_subject`: none was given, so it stays."""

    id: str
    subject: str | None
    body: str
    keeps_subject: bool = False
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """Words to be tried; `body_alone`: no subject was given."""

    event: str
    channel: Channel
    subject: str | None
    body: str
    body_alone: bool = False


async def all_templates(base: Foundation, principal: Principal | None) -> Sequence[TemplateRow]:
    access.TEMPLATES.require(principal)
    async with base.database.reading() as session:
        return await repository.all_templates(session)


async def write_defaults(base: Foundation) -> None:
    """Those that are missing, in English and in the hospital's language; none that is there is touched."""

    async def work(session: AsyncSession) -> None:
        known = {(row.event, row.channel, row.locale) for row in await repository.all_templates(session)}
        for locale in dict.fromkeys((FALLBACK_LOCALE, base.settings.locale)):
            for event, channel in every():
                if (event, channel.value, locale) not in known:
                    repository.add_template(session, _shipped(base, event, channel, locale))
        await flush_claims(session)

    await base.database.transaction(work)


def _shipped(base: Foundation, event: str, channel: Channel, locale: str) -> TemplateRow:
    letter = default(event, channel, locale)
    return TemplateRow(
        id=new_id(),
        event=event,
        channel=channel.value,
        locale=locale,
        subject=letter.subject,
        body=letter.body,
        version=1,
        updated_at=base.clock.now(),
    )


async def update(base: Foundation, principal: Principal | None, edit: Edit) -> TemplateRow:
    """What it is for never changes, so it is checked before the transaction."""
    access.WRITE_TEMPLATES.require(principal)
    async with base.database.reading() as session:
        found = await _found(session, edit)
    await checked(found.event, Channel(found.channel), _subject(found, edit), edit.body)

    async def work(session: AsyncSession) -> TemplateRow:
        row = await _found(session, edit, locked=True)
        row.subject, row.body = _subject(row, edit), edit.body
        row.version, row.updated_at = row.version + 1, base.clock.now()
        session.add(row)
        repository.add_version(session, row, principal.account_id if principal else None)
        base.outbox.record(session, _updated(row), Actor.of(principal))
        return row

    return await base.database.transaction(work)


async def _found(session: AsyncSession, edit: Edit, *, locked: bool = False) -> TemplateRow:
    """Raises NotFound, VersionConflict."""
    row = await repository.template_by_id(session, edit.id, locked=locked) if is_id(edit.id) else None
    if row is None:
        raise NotFound("template", "id")
    check_version(row.version, edit.expected_version)
    return row


def _subject(row: TemplateRow, edit: Edit) -> str | None:
    return row.subject if edit.keeps_subject else edit.subject


def _updated(row: TemplateRow) -> TemplateUpdated:
    return TemplateUpdated(
        template_id=row.id, event=row.event, channel=row.channel, locale=row.locale, version=row.version
    )


async def preview(principal: Principal | None, draft: Draft) -> Letter:
    access.WRITE_TEMPLATES.require(principal)
    kind = KINDS.get(draft.event)
    if kind is None:
        raise InvalidInput(f"Nothing is told of such an event. There are: {', '.join(KINDS)}.", "event")
    if draft.channel not in kind.channels:
        raise InvalidInput("This is told by e-mail alone.", "channel")
    return await checked(draft.event, draft.channel, draft.subject, draft.body, subject_needed=not draft.body_alone)


async def checked(
    event: str, channel: Channel, subject: str | None, body: str, *, subject_needed: bool = True
) -> Letter:
    """The template with sample data. Raises Refused: TEMPLATE_INVALID, INVALID_INPUT.

    A check ends by itself, as the language has nothing in it that does not; one that is slow all the same is given up.
    """
    _check_subject(channel, subject, needed=subject_needed)
    if not (is_text(body) and is_text(subject or "")):
        raise _invalid("This is not valid Unicode text.", "body")
    try:
        async with asyncio.timeout(_CHECKED_WITHIN_SECONDS):
            return await asyncio.to_thread(templates.check, event, channel, subject, body)
    except Unfit as unfit:
        raise _invalid(str(unfit), unfit.part) from None
    except TimeoutError:
        raise _invalid("This takes too long to check.", "body") from None


def _check_subject(channel: Channel, subject: str | None, *, needed: bool) -> None:
    if channel is Channel.SMS and subject is not None:
        raise _invalid("An SMS has no subject.", "subject")
    if channel is Channel.EMAIL and subject is None and needed:
        raise InvalidInput("An e-mail has a subject.", "subject")


def _invalid(message: str, field: str) -> Refused:
    return Refused(Problem("TEMPLATE_INVALID", message, (field,)))
