"""Telling status changes to whoever listens, in this process: apart from the rest, because it lives as long as that.

One poller reads the log for all listeners: when the service rings, and every 100 ms for what other processes wrote. It
rests while nobody listens.
What it read last is kept for a while, so a listener is a number (how far it is) that looks the next change up; one that
has fallen further behind reads the log itself. So memory does not grow with listeners that are slow.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from datetime import datetime

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import changes, repository
from subgraphs.appointments.changes import Change
from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database

POLL_SECONDS = 0.1
KEPT = 512
BATCH = 100
FRESH_SECONDS = 0.25

log = structlog.get_logger(__name__)


class ChangeSignal:
    """Rung after a commit that wrote a change."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Until it is rung, but no longer than that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()


class ChangeStream:
    """`start()` and `stop()` are for whoever runs the process; listening starts it too."""

    def __init__(self, database: Database, signal: ChangeSignal, clock: Clock) -> None:
        self._database, self._signal, self._clock = database, signal, clock
        self._glass: dict[tuple[str, str], datetime] = {}
        self._recent: dict[int, Change] = {}
        self._last = 0
        self._news = asyncio.Event()
        self._ready = asyncio.Event()
        self._listeners = 0
        self._wanted = asyncio.Event()
        self._poller: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll(), name="appointments.stream")

    async def stop(self) -> None:
        poller, self._poller = self._poller, None
        if poller is not None:
            self._wanted.set()
            self._signal.ring()
            await asyncio.wait([poller])
            self._recent.clear()
            self._ready.clear()

    async def position(self, cursor: str | None) -> int:
        """The number of the change that the cursor names, or of the last one. Raises BadUserInput."""
        async with self._database.reading() as session:
            reach = await changes.reach(session)
            await self._look_at_glass(session)
        if cursor is None:
            return reach.last
        sequence = changes.sequence_of(cursor)
        changes.check_reach(sequence, reach)
        return sequence

    def has_opened(self, account_id: str, patient_id: str) -> bool:
        """Whether the patient's glass is broken for that account, as of the last change that was read."""
        until = self._glass.get((account_id, patient_id))
        return until is not None and self._clock.now() < until

    async def listen(self, position: int, wanted: Callable[[Change], bool]) -> AsyncIterator[Change]:
        """Every wanted change after that one, in order, each as it is when it is told. It never ends by itself."""
        self.start()
        self._listeners += 1
        self._wanted.set()
        try:
            await self._ready.wait()
            async with aclosing(self._told(position)) as told:
                async for change in told:
                    if wanted(change):
                        yield change
        finally:
            self._listeners -= 1

    async def _told(self, position: int) -> AsyncGenerator[Change, None]:
        while True:
            news = self._news
            if (change := self._recent.get(position + 1)) is not None:
                position = change.sequence
                yield change
            elif position < self._last:
                async for change in self._missed(position):
                    position = change.sequence
                    yield change
            else:
                await news.wait()

    async def _missed(self, position: int) -> AsyncIterator[Change]:
        """A batch from the log itself, as far as it is told before it is stale."""
        async with self._database.reading() as session:
            changes.check_reach(position, await changes.reach(session))
            batch = await changes.after(session, position, BATCH)
        stale_at = asyncio.get_running_loop().time() + FRESH_SECONDS
        for change in batch:
            if asyncio.get_running_loop().time() > stale_at:
                return
            yield change

    async def _poll(self) -> None:
        while asyncio.current_task() is self._poller:
            await self._rest()
            more = False
            try:
                more = await self._read()
            except Exception as error:
                log.warning("stream.behind", error=error)
            if not more:
                await self._signal.wait(POLL_SECONDS)

    async def _rest(self) -> None:
        """While nobody listens; whoever comes then reads the log itself, up to where it stands."""
        if not self._listeners:
            self._recent.clear()
            self._ready.clear()
            self._wanted.clear()
            await self._wanted.wait()

    async def _read(self) -> bool:
        """Reads on in the log, the first time from where it stands; whether there may be more at once."""
        async with self._database.reading() as session:
            if not self._ready.is_set():
                self._last = (await changes.reach(session)).last
                self._ready.set()
                return True
            batch = await changes.after(session, self._last, BATCH)
            if batch:
                await self._look_at_glass(session)
        if batch:
            self._keep(batch)
        return len(batch) == BATCH

    async def _look_at_glass(self, session: AsyncSession) -> None:
        """Few at any time: those of the last hour."""
        self._glass = await repository.open_glass(session, self._clock.now())

    def _keep(self, batch: list[Change]) -> None:
        """What was kept earlier of the same appointments and patients is brought up to date with it."""
        appointments = {change.row.appointment_id: change.appointment for change in batch}
        treating = {change.row.patient_id: change.treating for change in batch}
        for change in self._recent.values():
            change.appointment = appointments.get(change.row.appointment_id, change.appointment)
            change.treating = treating.get(change.row.patient_id, change.treating)
        self._recent |= {change.sequence: change for change in batch}
        for sequence in list(self._recent)[:-KEPT]:
            del self._recent[sequence]
        self._last = batch[-1].sequence
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
