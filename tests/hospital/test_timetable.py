"""What is done from time to time, over a hospital that is open."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import insert, text, update
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from hospital.mailbox.tables import MailRow
from hospital.timetable import IDEMPOTENCY_KEYS_KEPT, OUTBOX_KEPT, jobs, prune_published, prune_read
from subgraphs.appointments import tables as appointments
from subgraphs.audit.heads import BadHead
from subgraphs.kernel.clock import SystemClock
from subgraphs.kernel.tables import IdempotencyRow, InboxRow, OutboxRow
from subgraphs.notifications.tables import ReminderRow
from subgraphs.patients import tables as patients
from subgraphs.records import tables as records
from workers.kafka.settings import KafkaSettings

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def test_the_keys_of_payments_are_kept_for_good(runtime):
    base = runtime.domains.billing.base
    old = base.clock.now() - IDEMPOTENCY_KEYS_KEPT - timedelta(days=1)

    async def work(session) -> None:
        for mutation in ("payBill", "refundPayment", "createBill"):
            known = {"caller": "c", "key": "k", "input_hash": "h", "entity_id": "e", "created_at": old}
            session.add(IdempotencyRow(mutation=mutation, **known))

    await base.database.transaction(work)
    await _pruning(runtime)
    async with base.database.reading() as session:
        left = (await session.exec(select(IdempotencyRow.mutation))).all()
    assert sorted(left) == ["payBill", "refundPayment"]


async def test_what_has_had_its_time_goes_a_month_later_and_the_rest_stays(runtime):
    domains, now = runtime.domains, runtime.clock.now()
    tables = {
        (domains.patients.base.database, patients.GlassRow): "expires_at",
        (domains.appointments.base.database, appointments.GlassRow): "expires_at",
        (domains.records.base.database, records.GlassRow): "expires_at",
        (domains.notifications.base.database, ReminderRow): "slot",
        (domains.mailbox.database, MailRow): "at",
    }
    ages = {"old": timedelta(days=31), "young": timedelta(days=29), "to come": -timedelta(days=1)}
    for (database, table), column in tables.items():
        rows = [_row(table, name, **{column: now - age}) for name, age in ages.items()]
        await database.transaction(partial(_add, rows))
    await _pruning(runtime)
    for (database, table), column in tables.items():
        async with database.reading() as session:
            left = (await session.exec(select(getattr(table, column)))).all()
        assert sorted(left) == sorted(now - ages[name] for name in ("young", "to come"))


async def test_where_one_table_cannot_be_pruned_old_events_go_all_the_same(runtime):
    base, reminders = runtime.domains.accounts.base, runtime.domains.notifications.base.database
    await runtime.domains.accounts.service.create_admin("boss@example.com", "a fine password")
    await runtime.delivery.settled()
    old = update(OutboxRow).values(recorded_at=base.clock.now() - OUTBOX_KEPT - timedelta(days=1))
    await base.database.transaction(lambda session: session.exec(old))
    await reminders.transaction(lambda session: session.exec(text("DROP TABLE reminders")))
    with pytest.raises(OperationalError, match="reminders"):
        await _pruning(runtime)
    async with base.database.reading() as session:
        assert (await session.exec(select(OutboxRow.type))).all() == []


async def test_nothing_goes_while_the_clock_here_is_not_that_of_the_databases(runtime, monkeypatch):
    base = runtime.domains.billing.base
    key = IdempotencyRow(caller="c", mutation="createBill", key="k", input_hash="h", entity_id="e", created_at=LONG_AGO)
    await base.database.transaction(partial(_add, [key]))
    kept = []
    for ahead in (timedelta(minutes=2), timedelta(minutes=-2), timedelta(seconds=5)):
        monkeypatch.setattr(SystemClock, "now", lambda self, ahead=ahead: datetime.now(UTC) + ahead)
        await _pruning(runtime)
        async with base.database.reading() as session:
            kept.append(len((await session.exec(select(IdempotencyRow))).all()))
    assert kept == [1, 1, 0]


async def test_behind_a_broker_rows_go_when_their_days_are_over(runtime):
    [accounts, audit] = await _behind_a_broker(runtime, published=timedelta(days=15), received=timedelta(days=31))
    assert (accounts, audit) == (0, 0)


async def test_what_waits_for_a_broker_stays_and_so_does_what_knows_that_it_was_handled(runtime):
    [accounts, audit] = await _behind_a_broker(runtime, published=None, received=timedelta(days=31))
    assert (accounts, audit) == (1, 1)


async def test_what_was_published_again_lately_stays_as_well(runtime):
    [accounts, audit] = await _behind_a_broker(runtime, published=timedelta(days=13), received=timedelta(days=31))
    assert (accounts, audit) == (1, 1)


async def _behind_a_broker(runtime, *, published: timedelta | None, received: timedelta) -> list[int]:
    """Prunes after an event that was recorded and handled then; how many rows outbox and inbox have left."""
    [accounts, audit] = [base.database for base in runtime.domains.bases if base.name in ("accounts", "audit")]
    await runtime.domains.accounts.service.create_admin("boss@example.com", "a fine password")
    await runtime.delivery.settled()
    now = runtime.clock.now()
    at = None if published is None else now - published
    outbox = update(OutboxRow).values(recorded_at=now - received - timedelta(minutes=1), published_at=at)
    inbox = insert(InboxRow).values(consumer="audit.trail", event_id="1", received_at=now - received)
    await accounts.transaction(lambda session: session.exec(outbox))
    await audit.transaction(lambda session: session.exec(inbox))
    await prune_published(runtime.domains, KafkaSettings())(now)
    left = []
    for database, table in ((accounts, OutboxRow), (audit, InboxRow)):
        async with database.reading() as session:
            left.append(len((await session.exec(select(table))).all()))
    return left


async def test_old_reminders_are_found_by_their_time(runtime):
    asked = "EXPLAIN QUERY PLAN SELECT slot FROM reminders WHERE slot < '2020' ORDER BY slot LIMIT 1000"
    async with runtime.domains.notifications.base.database.reading() as session:
        plan = [row.detail for row in await session.exec(text(asked))]
    assert plan == ["SEARCH reminders USING COVERING INDEX ix_reminders_slot (slot<?)"]


def _row(table, name: str, **given):
    """A row of the table with `name` wherever it wants a text, and 1 for a number."""
    fields = table.model_fields.items()
    filled = {field: 1 if info.annotation is int else name for field, info in fields if info.is_required()}
    return table(**filled | given)


async def _add(rows, session) -> None:
    session.add_all(rows)


def jobs_of(runtime):
    return jobs(runtime.domains, prune_read(runtime.domains, runtime.delivery))


async def _pruning(runtime) -> None:
    [prune] = [
        job for job in jobs(runtime.domains, prune_read(runtime.domains, runtime.delivery)) if job.name == "prune"
    ]
    await prune.work()


async def test_payments_without_an_answer_are_asked_about_every_few_seconds(runtime):
    [asking] = [
        job
        for job in jobs(runtime.domains, prune_read(runtime.domains, runtime.delivery))
        if job.name == "billing.ask_about_payments"
    ]
    assert asking.every_seconds <= 10
    assert await asking.work() == 0


async def test_a_head_that_cannot_be_signed_is_told_until_one_is(runtime):
    sign = next(job.work for job in jobs(runtime.domains, _nothing) if job.name == "audit.sign_head")
    heads = runtime.folder.audit_heads
    await runtime.domains.accounts.service.create_admin("boss@example.com", "a fine password")
    await runtime.delivery.settled()
    await sign()
    assert _unsigned() == 0
    signed = heads.read_bytes()
    heads.write_bytes(b"{}\n")
    with pytest.raises(BadHead):
        await sign()
    assert _unsigned() == 1
    heads.write_bytes(signed)
    await sign()
    assert _unsigned() == 0


async def _nothing(now: object) -> None: ...


def _unsigned() -> float | None:
    return REGISTRY.get_sample_value("hospital_audit_unsigned")
