"""A hospital that is open in this process: its domains, and what brings their events about."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from hospital.delivery import Delivery
from hospital.domains import Domains, build_domains, migrate_all
from hospital.folder import DataFolder
from hospital.timetable import jobs
from subgraphs.kernel.clock import Clock, SystemClock
from subgraphs.kernel.settings import Settings
from workers.timers import Timers

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
    """Migrates, then delivers events until the end; the consumers then finish the event in hand.

    For a folder that this process holds (`DataFolder.opened`).
    """
    clock = clock or SystemClock()
    await migrate_all(folder)
    domains = await build_domains(folder, settings, clock)
    try:
        await domains.accounts.service.rotate_keys()
        delivery = Delivery.of(domains)
        async with _delivering(delivery):
            yield Runtime(folder, settings, clock, domains, delivery)
    finally:
        await domains.close()


@asynccontextmanager
async def keeping_time(runtime: Runtime) -> AsyncIterator[None]:
    """Runs the timetable, and tells status changes to who listens, until the end."""
    timers = Timers(jobs(runtime.domains, runtime.delivery))
    task = asyncio.create_task(timers.run(), name="timers")
    runtime.domains.appointments.stream.start()
    try:
        yield
    finally:
        timers.stop()
        await runtime.domains.appointments.stream.stop()
        await task


@asynccontextmanager
async def _delivering(delivery: Delivery) -> AsyncIterator[None]:
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
        log.critical("consumer.ended", exc_info=error)
