"""The connections to one server: as few as will do, each kept for a moment, the last used first."""

import asyncio
import ssl

from router.settings import Connections
from router.transports.http1.address import Origin
from router.transports.http1.connection import Connection, Message
from router.transports.http1.errors import ClosedBeforeReply
from router.transports.http1.reader import Reply

CLOSE_SECONDS = 5.0


class PoolClosed(ConnectionError):
    """Nobody is asked any more."""


class Pool:
    """Of one event loop: the one that runs when it is made."""

    def __init__(self, origin: Origin, settings: Connections, tls: ssl.SSLContext | None) -> None:
        self._origin = origin
        self._settings = settings
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._turns = asyncio.Semaphore(settings.number)
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    def deadline(self, seconds: float) -> float:
        """So many seconds from now, in the loop's time."""
        return self._loop.time() + seconds

    async def ask(self, message: Message) -> Reply:
        """Raises BadReply, OSError (TimeoutError too)."""
        await (self._turn(message.deadline) if self._turns.locked() else self._turns.acquire())
        try:
            return await self._asked(message)
        finally:
            self._turns.release()

    async def aclose(self) -> None:
        """What is under way may end first, within CLOSE_SECONDS."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in self._idle:
            connection.close()
        if self._busy:
            await asyncio.wait([connection.lost for connection in self._busy], timeout=CLOSE_SECONDS)
        for connection in self._busy:
            connection.close()
        await asyncio.sleep(0)  # the loop closes them in its next turn

    async def _turn(self, deadline: float) -> None:
        async with asyncio.timeout_at(deadline):
            await self._turns.acquire()

    async def _asked(self, message: Message) -> Reply:
        """A kept connection may end as it is used; who may ask twice then does, over a new one.

        No budget of retries is needed for it: each uses up a kept connection, and only an answered request leaves one.
        """
        kept = self._kept()
        if kept is not None:
            try:
                return await self._over(kept, message)
            except ClosedBeforeReply:
                if not message.repeatable:
                    raise
        return await self._over(await self._connected(message.deadline), message)

    async def _over(self, connection: Connection, message: Message) -> Reply:
        self._busy.add(connection)
        try:
            reply = await connection.ask(message)
        finally:
            self._busy.discard(connection)
        self._keep(connection)
        return reply

    async def _connected(self, deadline: float) -> Connection:
        loop = self._loop
        host, port = self._origin.host, self._origin.port
        async with asyncio.timeout_at(min(deadline, loop.time() + self._settings.connect_seconds)):
            _, connection = await loop.create_connection(lambda: Connection(loop), host, port, ssl=self._tls)
        if self._closed:
            connection.close()
            raise PoolClosed
        return connection

    def _kept(self) -> Connection | None:
        oldest = self._loop.time() - self._settings.idle_seconds
        while self._idle:
            connection = self._idle.pop()
            if connection.idle_since > oldest and connection.is_quiet():
                return connection
            connection.close()
        return None

    def _keep(self, connection: Connection) -> None:
        if self._closed or not connection.is_reusable():
            connection.close()
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        if self._sweep is None:
            self._sweep = self._loop.call_later(self._settings.idle_seconds, self._drop_idle)

    def _drop_idle(self) -> None:
        """The first of those idle is the one that has been so for longest."""
        oldest = self._loop.time() - self._settings.idle_seconds
        while self._idle and self._idle[0].idle_since <= oldest:
            self._idle.pop(0).close()
        self._sweep = None
        if self._idle:
            self._sweep = self._loop.call_at(self._idle[0].idle_since + self._settings.idle_seconds, self._drop_idle)
