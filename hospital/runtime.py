"""A hospital that is open in this process: its domains, and what brings their events about."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from hospital.delivery import Delivery
from hospital.domains import Domains, build_domains, migrate_all
from hospital.folder import DataFolder
from hospital.preparing import check_secret, fill_codes
from hospital.sending import senders
from hospital.sending_settings import SendingSettings
from hospital.timetable import jobs, prune_read
from subgraphs.audit.heads import BadHead
from subgraphs.audit.service import ChainBroken
from subgraphs.kernel.clock import Clock, SystemClock
from subgraphs.kernel.settings import Settings
from workers.sending import Sender
from workers.timers import Timers

LAST_EVENTS_SECONDS, LAST_HEAD_SECONDS = 2.0, 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Runtime:
    folder: DataFolder
    settings: Settings
    clock: Clock
    domains: Domains
    delivery: Delivery


@asynccontextmanager
async def open_runtime(folder: DataFolder, settings: Settings, clock: Clock | None = None) -> AsyncIterator[Runtime]:
    """Migrates, then delivers events until the end; the head of the audit trail is then signed.

    For a folder that this process holds (`DataFolder.opened`). Raises CannotDo for another secret than its own, and
    where there are no codes of diagnoses.
    """
    clock = clock or SystemClock()
    await migrate_all(folder)
    domains = await build_domains(folder, settings, clock)
    try:
        await check_secret(domains.accounts.service)
        await domains.accounts.service.rotate_keys()
        await domains.notifications.service.write_defaults()
        await fill_codes(domains.records.service)
        delivery = Delivery.of(domains)
        async with _delivering(delivery), _signing_at_the_end(domains, delivery):
            yield Runtime(folder, settings, clock, domains, delivery)
    finally:
        await domains.close()


@asynccontextmanager
async def keeping_time(runtime: Runtime, sending: SendingSettings | None = None) -> AsyncIterator[None]:
    """Runs the timetable, sends mail and SMS, and tells status changes to who listens, until the end."""
    working: list[Timers | Sender] = [
        Timers(jobs(runtime.domains, prune_read(runtime.domains, runtime.delivery))),
        *senders(runtime.domains.notifications.service, runtime.domains.mailbox, sending or SendingSettings()),
    ]
    tasks = [asyncio.create_task(each.run(), name=type(each).__name__.lower()) for each in working]
    for task in tasks:
        task.add_done_callback(_note_failure)
    runtime.domains.appointments.stream.start()
    try:
        yield
    finally:
        for each in working:
            each.stop()
        await runtime.domains.appointments.stream.stop()
        await asyncio.wait(tasks)


@asynccontextmanager
async def _signing_at_the_end(domains: Domains, delivery: Delivery) -> AsyncIterator[None]:
    """So that the newest events are as safe as older ones; but closing waits some seconds for it, and no failure."""
    try:
        yield
    finally:
        await _within(LAST_EVENTS_SECONDS, delivery.settled(), "events")
        await _within(LAST_HEAD_SECONDS, domains.audit.service.sign_head(), "head of the audit trail")


async def _within(seconds: float, work: Awaitable[object], left: str) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except (ChainBroken, BadHead):
        return  # said where it was found
    except Exception as error:
        log.warning("closing.left_for_the_next_start", left=left, error=error)


@asynccontextmanager
async def _delivering(delivery: Delivery) -> AsyncIterator[None]:
    """The consumers finish the event in hand at the end."""
    consumers = delivery.consumers()
    tasks = [asyncio.create_task(consumer.run(), name="consumer") for consumer in consumers]
    for task in tasks:
        task.add_done_callback(_note_failure)
    try:
        yield
    finally:
        for consumer in consumers:
            consumer.stop()
        await asyncio.wait(tasks)


def _note_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("task.ended", task=task.get_name(), exc_info=error)
