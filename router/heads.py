"""HTTP as uvicorn speaks it, with the bounds that it lacks: to the size and the time of what is no body."""

from asyncio import AbstractEventLoop, TimerHandle, Transport
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from router.settings import RouterSettings

ABORT = "hospital.abort"
"""The extension of an HTTP scope that cuts its connection, whatever waits to be sent."""
BODY = "hospital.body"
"""The extension that says of its body whether it is `whole`, so that nobody needs to wait for it."""
REFUSAL = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class TooLarge(Exception):
    """For httptools, which stops at it."""


class Writer:
    """What a response is written to: its head goes out with the first of its body, or with the loop's next turn."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: bytes | None = None
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if self._held is None:
            self._held = data
            self._loop.call_soon(self._flush)
        elif self._held:
            held, self._held = self._held, b""
            self._transport.writelines((held, data))
        else:
            self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)


class BoundedHttp(HttpToolsProtocol):
    """The parser tells of a header when it is whole, and keeps it until then: what it does not tell of is counted."""

    def __init__(self, settings: RouterSettings, **options: Any) -> None:
        super().__init__(**options)
        self._most_bytes, self._seconds = settings.limits.head_bytes, settings.head_seconds
        self._untold_bytes = 0
        self._told = self._in_head = self._too_large = False
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._told = False
        super().data_received(data)
        self._untold_bytes = 0 if self._told else self._untold_bytes + len(data)
        if self._untold_bytes > self._most_bytes:
            self._too_large = True
            self.send_400_response("")
        elif self._in_head:
            self._wait_for_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"abort": self.transport.abort}, BODY: {"whole": False}}
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._told, self._in_head = True, False
        self._stop_waiting()
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > self._most_bytes:
            self._too_large = True
            raise TooLarge
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._told = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._told = True
        self.scope["extensions"][BODY]["whole"] = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """What is left of a body that was answered already may not come for ever."""
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body:
            self._wait_for_head()

    def send_400_response(self, msg: str) -> None:
        """Not into an answer that has begun."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.abort()
        elif self._too_large:
            self.transport.write(REFUSAL)
            self.transport.close()
        else:
            super().send_400_response(msg)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.transport = cast(Transport, Writer(self.transport, self.loop))
        super()._start_asgi_task(cycle, app)

    def _wait_for_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self._seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
