"""HTTP responses that stay open: how many there may be, and how all of them end when the router stops."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from router.auth import CheckedToken
from router.entrypoints.framing import Framing
from router.entrypoints.telling import Responses, Telling
from router.errors import ErrorCode, refused
from router.metrics import SUBSCRIPTIONS
from router.settings import RouterSettings

HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
Run = Callable[[Scope, Receive, Send], Awaitable[None]]


class StreamResponse(Response):
    def __init__(self, content_type: str, run: Run) -> None:
        self.status_code, self.background = HTTPStatus.OK, None
        self.init_headers({"content-type": content_type, **HEADERS})
        self._run = run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self._run(scope, receive, send)


class OpenStreams:
    def __init__(self, settings: RouterSettings) -> None:
        self._settings = settings
        self._open: dict[Telling, asyncio.Task[None]] = {}
        self._draining = False

    def has_room(self) -> bool:
        return not self._draining and len(self._open) < self._settings.limits.http_streams

    def refuse_too_many(self) -> None:
        if not self.has_room():
            message = "No more streams can be opened here now: try again later."
            raise refused(message, ErrorCode.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

    def response(self, responses: Responses, framing: Framing, token: CheckedToken | None) -> StreamResponse:
        """One that tells the responses, and has not begun to."""

        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            await self._run(Telling(responses, framing, self._settings, scope, receive, send), token)

        return StreamResponse(framing.content_type, run)

    async def drain(self) -> None:
        """Ends every stream, lets answers be told to their end, and waits until what each was told from has ended."""
        self._draining = True
        running = list(self._open.values())
        for telling in self._open:
            if not telling.is_answer:
                telling.interrupt()
        if running:
            await asyncio.wait(running, timeout=self._settings.drain_seconds)
        for telling in self._open:
            telling.interrupt()

    async def _run(self, telling: Telling, token: CheckedToken | None) -> None:
        running = self._open[telling] = asyncio.ensure_future(telling.run(token))
        if self._draining and not telling.is_answer:
            telling.interrupt()
        try:
            with nullcontext() if telling.is_answer else SUBSCRIPTIONS.track_inprogress():
                await running
        finally:
            running.cancel()
            del self._open[telling]
