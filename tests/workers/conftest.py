"""Two domains under test: one announces, the other's consumer writes down what it was told, in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, text
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.database import Database
from subgraphs.kernel.events import Action, Actor, Envelope, Event
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.outbox import Outbox
from subgraphs.kernel.tables import OutboxRow
from workers.consumer import Consumer
from workers.contract import Contract
from workers.outbox_source import OutboxFeed, OutboxSource

TOPIC = "hospital.wards"
HEARD = Table("heard", MetaData(), Column("place", Integer, primary_key=True), Column("what", Text))
Step = Callable[[str], Awaitable[None]]


class BedMade(Event):
    type = "bed.made"
    action = Action.UPDATE
    resource_type = "Bed"

    bed: str
    turn: int = 0

    def key(self) -> str:
        return self.bed


CONTRACT = Contract({"wards": (BedMade,), "beds": (BedMade,)})


class SetClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


async def _nothing(what: str) -> None:
    return None


@dataclass
class Wards:
    """The domain that announces."""

    domain: str
    database: Database
    outbox: Outbox

    @cached_property
    def feed(self) -> OutboxFeed:
        return OutboxFeed(self.domain, self.database)

    async def hand_over(self, events: list[Envelope]) -> None:
        self.feed.wake()

    async def announce(self, bed: str, turn: int = 0) -> None:
        async def work(session: AsyncSession) -> None:
            self.outbox.record(session, BedMade(bed=bed, turn=turn), Actor())

        await self.database.transaction(work)

    async def put(self, body: str) -> None:
        """A message as no outbox would write it."""

        async def work(session: AsyncSession) -> None:
            id = str(hash(body))[:36]
            row = OutboxRow(event_id=id, shard=0, type="?", body=body, recorded_at=self.outbox.clock.now())
            session.add(row)

        await self.database.transaction(work)
        self.feed.wake()


@dataclass
class Kitchen:
    """The domain that listens: `before` and `after` the effect, tests can fail or wait."""

    database: Database
    clock: SetClock
    before: Step = _nothing
    after: Step = _nothing
    attempts: list[str] = field(default_factory=list)

    @cached_property
    def subscriber(self) -> Subscriber:
        return Subscriber.once("kitchen.list", (TOPIC,), self.database, self.clock, self.handle)

    async def handle(self, session: AsyncSession, message: Envelope) -> None:
        bed, turn = message.data["bed"], message.data["turn"]
        self.attempts.append(f"{bed}{turn}")
        await self.before(f"{bed}{turn}")
        await (await session.connection()).execute(
            text("INSERT INTO heard (what) VALUES (:what)"), {"what": f"{bed}{turn}"}
        )
        await self.after(f"{bed}{turn}")

    async def heard(self) -> list[str]:
        async with self.database.reading() as session:
            return list(await (await session.connection()).scalars(text("SELECT what FROM heard ORDER BY place")))


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def wards_over(database: Database, domain: str, clock: SetClock) -> Wards:
    made = Wards(domain, database, Outbox(domain, clock))
    if database.is_sqlite:
        database.after_commit = made.hand_over
    return made


async def kitchen_over(database: Database, clock: SetClock) -> Kitchen:
    async with database.engine.begin() as connection:
        await connection.run_sync(HEARD.create)
    return Kitchen(database, clock)


@pytest.fixture
def announcing(database_of, clock) -> Callable[[str], Awaitable[Wards]]:
    async def make(domain: str) -> Wards:
        return wards_over(await database_of("kernel"), domain, clock)

    return make


@pytest.fixture
async def wards(announcing) -> Wards:
    return await announcing("wards")


@pytest.fixture
async def kitchen(database_of, clock) -> Kitchen:
    return await kitchen_over(await database_of("kernel"), clock)


@pytest.fixture
def consumer(wards, kitchen) -> Callable[..., Consumer]:
    def make(feed: OutboxFeed | None = None, **options: float) -> Consumer:
        source = OutboxSource(feed or wards.feed, kitchen.subscriber, poll_seconds=0.2, gather_seconds=0.01)
        waits = {"first_wait_seconds": 0.01, "longest_wait_seconds": 0.05}
        return Consumer(kitchen.subscriber, source, CONTRACT, **waits | options)

    return make


@pytest.fixture
def running():
    @asynccontextmanager
    async def run(*runners) -> AsyncIterator[list[asyncio.Task[None]]]:
        """Stops them as a deployment would when the test is through."""
        tasks = [asyncio.create_task(runner.run()) for runner in runners]
        try:
            yield tasks
        finally:
            for runner in runners:
                runner.stop()
            await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)

    return run


@pytest.fixture
def eventually():
    async def wait(check: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(5):
            while not await check():  # noqa: ASYNC110 (it looks into a database)
                await asyncio.sleep(0.005)

    return wait
