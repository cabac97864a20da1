"""What is done from time to time."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from prometheus_client import Gauge

from hospital.delivery import Delivery
from hospital.domains import Domains
from hospital.mailbox.tables import MailRow
from subgraphs.appointments import tables as appointments
from subgraphs.audit.service import AuditService
from subgraphs.billing.service import KEYS_KEPT_FOR_GOOD
from subgraphs.kernel.tables import InboxRow, OutboxRow
from subgraphs.notifications.tables import ReminderRow
from subgraphs.patients import tables as patients
from subgraphs.records import tables as records
from workers.kafka.settings import KafkaSettings
from workers.pruning import (
    oldest_recorded,
    prune_dead_letters,
    prune_idempotency_keys,
    prune_inbox,
    prune_outbox,
    prune_rows,
)
from workers.timers import Job

OUTBOX_KEPT = timedelta(days=7)
INBOX_KEPT = timedelta(days=7)
IDEMPOTENCY_KEYS_KEPT = timedelta(days=30)
DEAD_LETTERS_KEPT = timedelta(days=30)
CHANGES_KEPT = timedelta(days=31)
BROKEN_GLASS_KEPT = timedelta(days=30)
REMINDERS_KEPT = timedelta(days=30)
MAILS_KEPT = timedelta(days=30)
CLOCKS_DIFFER_AT_MOST = timedelta(minutes=1)

log = structlog.get_logger(__name__)

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_AFTER_THE_START = 10.0
_SECONDS_BETWEEN_ASKING = 5.0

_UNSIGNED = Gauge("hospital_audit_unsigned", "1 where the head of the audit trail could not be signed the last time.")

Prune = Callable[[datetime], Awaitable[None]]


def jobs(domains: Domains, prune_events: Prune) -> list[Job]:
    """`prune_events` takes away what was delivered, by now."""
    accounts = domains.accounts.service

    async def sign_head() -> None:
        await _sign_head(domains.audit.service)

    async def prune() -> None:
        if await _clocks_agree(domains):
            await accounts.prune()
            await _prune(domains, prune_events)

    return [
        Job("accounts.settle_holds", _MINUTE / 2, accounts.settle_holds),
        Job("accounts.rotate_keys", _HOUR, accounts.rotate_keys, after_seconds=_HOUR),
        Job("billing.ask_about_payments", _SECONDS_BETWEEN_ASKING, domains.billing.service.ask_about_payments),
        Job("notifications.remind", _MINUTE, domains.notifications.service.remind),
        Job("audit.sign_head", _HOUR, sign_head, after_seconds=_AFTER_THE_START),
        Job("prune", _DAY, prune, after_seconds=_AFTER_THE_START),
    ]


async def _clocks_agree(domains: Domains) -> bool:
    """With a clock that is wrong here, nobody knows what is old."""
    for base in domains.bases:
        ahead = await base.database.clock_ahead(base.clock)
        if abs(ahead) > CLOCKS_DIFFER_AT_MOST:
            log.error("prune.clocks_differ", domain=base.name, database_ahead_seconds=round(ahead.total_seconds()))
            return False
    return True


async def _sign_head(audit: AuditService) -> None:
    try:
        await audit.sign_head()
    except Exception:
        _UNSIGNED.set(1)
        raise
    _UNSIGNED.set(0)


async def _prune(domains: Domains, prune_events: Prune) -> None:
    now = domains.accounts.base.clock.now()
    await domains.appointments.service.prune_changes(now - CHANGES_KEPT)
    await domains.appointments.service.prune_claims(now)
    for base in domains.bases:
        await prune_idempotency_keys(base.database, now - IDEMPOTENCY_KEYS_KEPT, KEYS_KEPT_FOR_GOOD)
        await prune_dead_letters(base.database, now - DEAD_LETTERS_KEPT)
    await prune_events(now)
    await _prune_over(domains, now)


def prune_read(domains: Domains, delivery: Delivery) -> Prune:
    """Where consumers read the outboxes themselves."""

    async def prune(now: datetime) -> None:
        for base in domains.bases:
            await prune_inbox(base.database, delivery.subscribers, delivery.feeds, now - INBOX_KEPT)
        for feed in delivery.feeds:
            await prune_outbox(feed, delivery.subscribers, now - OUTBOX_KEPT)

    return prune


def prune_published(domains: Domains, settings: KafkaSettings) -> Prune:
    """Where a broker brings them: whatever may come again, or waits to go out, finds that it was handled."""
    outbox_kept, inbox_kept = timedelta(days=settings.outbox_kept_days), timedelta(days=settings.inbox_kept_days)

    async def prune(now: datetime) -> None:
        outboxes = [base.database for base in domains.bases]
        for database in outboxes:
            await prune_rows(database, OutboxRow.published_at, OutboxRow, now - outbox_kept)
        oldest = [at for database in outboxes if (at := await oldest_recorded(database))]
        for database in outboxes:
            await prune_rows(database, InboxRow.received_at, InboxRow, min([now - inbox_kept, *oldest]))

    return prune


async def _prune_over(domains: Domains, now: datetime) -> None:
    """What has had its time: glass that is whole again, claims on reminders of the past, mails of the mailbox."""
    for base, glass in (
        (domains.patients.base, patients.GlassRow),
        (domains.appointments.base, appointments.GlassRow),
        (domains.records.base, records.GlassRow),
    ):
        await prune_rows(base.database, glass.expires_at, glass, now - BROKEN_GLASS_KEPT)
    reminders = domains.notifications.base.database
    await prune_rows(reminders, ReminderRow.slot, ReminderRow, now - REMINDERS_KEPT)
    await prune_rows(domains.mailbox.database, MailRow.at, MailRow, now - MAILS_KEPT)
