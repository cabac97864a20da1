"""One connection to a server: one request at a time, and its reply."""

import asyncio
import select
from dataclasses import dataclass
from typing import cast

from router.transports.http1.errors import BadReply, ClosedBeforeReply, CutOff
from router.transports.http1.reader import Reply, ReplyReader

PIECE_BYTES = 65_536


@dataclass(slots=True)
class Message:
    """`deadline` is in the loop's time; `repeatable` is what does no harm when it is asked twice."""

    head: bytes
    body: bytes
    deadline: float
    reply_bytes: int
    repeatable: bool


class Connection(asyncio.Protocol):
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.idle_since = 0.0
        self.lost: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._reader = ReplyReader()
        self._waiter: asyncio.Future[Reply] | None = None
        self._resumed: asyncio.Future[None] | None = None
        self._unsent = False

    async def ask(self, message: Message) -> Reply:
        """Raises BadReply, OSError (TimeoutError too). Unless it returns, the connection is closed."""
        if self._transport.is_closing():
            raise ClosedBeforeReply
        waiter: asyncio.Future[Reply] = self._loop.create_future()
        self._waiter = waiter
        self._reader.expect(message.reply_bytes)
        timer = self._loop.call_at(message.deadline, self._too_late)
        try:
            if len(message.body) > PIECE_BYTES:
                await self._write_in_pieces(message, waiter)
            else:
                self._transport.write(message.head + message.body)
            return await waiter
        except BaseException:
            self.close()
            raise
        finally:
            timer.cancel()
            self._waiter = None

    def is_reusable(self) -> bool:
        """After a reply: whether another request may follow."""
        sent = not self._unsent and self._transport.get_write_buffer_size() == 0
        return self._reader.keep_alive and sent and not self._transport.is_closing()

    def is_quiet(self) -> bool:
        """Neither closed nor with anything to read: what lies there unread would pass for the next reply."""
        return not self._transport.is_closing() and not self._readable.poll(0)

    def close(self) -> None:
        """At once: what is not yet sent is not waited for."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._readable = select.poll()
        self._readable.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.close()
            return
        try:
            if self._reader.feed(data):
                self._settle()
        except BadReply as error:
            self._fail(error)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set_result(None)
        if self._waiter is None or self._waiter.done():
            return
        if not self._reader.received:
            self._fail(ClosedBeforeReply())
        elif error is None and self._reader.ends_with_the_connection():
            self._settle()
        else:
            self._fail(CutOff())

    def pause_writing(self) -> None:
        self._resumed = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)
        self._resumed = None

    async def _write_in_pieces(self, message: Message, waiter: asyncio.Future[Reply]) -> None:
        """No faster than the server reads, and no further than until it has answered."""
        self._unsent = True
        self._transport.write(message.head)
        body = memoryview(message.body)
        for start in range(0, len(body), PIECE_BYTES):
            if self._resumed is not None:
                await self._resumed
            if waiter.done():
                return
            self._transport.write(body[start : start + PIECE_BYTES])
        self._unsent = False

    def _settle(self) -> None:
        try:
            reply = self._reader.reply()
        except BadReply as error:
            self._fail(error)
            return
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(reply)
        self.resume_writing()

    def _too_late(self) -> None:
        self._fail(TimeoutError())

    def _fail(self, error: Exception) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self.resume_writing()
