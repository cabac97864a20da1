"""One operation told over an HTTP response until it ends, the client goes or reads too slowly, or its token ends."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager, suppress
from typing import Any, Protocol

from starlette.types import Receive, Scope, Send

from router.auth import CheckedToken
from router.entrypoints.framing import Framing
from router.errors import ErrorCode, RequestRefused, masked, refused, unauthenticated
from router.heads import ABORT
from router.settings import RouterSettings

LAST_SECONDS = 1.0


class Responses(Protocol):
    """Closed, it stops what makes those that are still to come."""

    def __aiter__(self) -> AsyncIterator[Mapping[str, Any]]: ...

    async def aclose(self) -> None: ...


class Telling:
    def __init__(
        self,
        responses: Responses,
        framing: Framing,
        settings: RouterSettings,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self._responses = responses
        self._framing = framing
        self._settings = settings
        self._cut: Callable[[], None] | None = scope.get("extensions", {}).get(ABORT, {}).get("abort")
        self._receive = receive
        self._send = send
        self._last: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()

    async def run(self, token: CheckedToken | None) -> None:
        """Returns when the body has ended and nothing that was started for it runs any more."""
        works = (self._tell(), self._beat(), self._notice_leaving())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            with self._while_good(token):
                last = await self._last
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if last is not None:
            await self._finish(last)

    @property
    def is_answer(self) -> bool:
        return self._framing.is_answer

    def interrupt(self) -> None:
        refusal = refused("The router stops: connect again.", ErrorCode.SERVICE_UNAVAILABLE)
        self._end(self._framing.interruption(refusal.formatted()))

    def _end(self, last: bytes | None) -> None:
        """With these last bytes, or as it is. The first reason counts; `run` does the rest."""
        if not self._last.done():
            self._last.set_result(last)

    @contextmanager
    def _while_good(self, token: CheckedToken | None) -> Iterator[None]:
        if token is None:
            yield
            return
        ended = self._framing.failure(unauthenticated("The access token has ended.").formatted())
        left = max(0.0, token.expires_at - time.time())
        timer = asyncio.get_running_loop().call_later(left, self._end, ended)
        try:
            yield
        finally:
            timer.cancel()

    async def _tell(self) -> None:
        await self._write(self._framing.opening)
        try:
            async with aclosing(self._responses) as responses:
                async for response in responses:
                    await self._write(self._framing.response(response))
                    # Neither a ready event nor a socket with room suspends: others on this loop get their turn here.
                    await asyncio.sleep(0)
        except RequestRefused as refusal:
            self._end(self._framing.failure(refusal.formatted()))
        except Exception as error:
            self._end(self._framing.failure([masked(error)]))
        self._end(self._framing.complete)

    async def _beat(self) -> None:
        while self._framing.heartbeat:
            await asyncio.sleep(self._settings.streams.heartbeat_seconds)
            await self._write(self._framing.heartbeat)

    async def _notice_leaving(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._end(None)

    async def _write(self, frame: bytes) -> None:
        """Returns when there is room for more: who produces events waits for who reads them."""
        timer = asyncio.get_running_loop().call_later(self._settings.sockets.send_seconds, self._abort)
        try:
            await self._send({"type": "http.response.body", "body": frame, "more_body": True})
        finally:
            timer.cancel()

    def _abort(self) -> None:
        """What is not read cannot be ended in order."""
        if self._cut:
            self._cut()
        self._end(None)

    async def _finish(self, last: bytes) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                await self._send({"type": "http.response.body", "body": last, "more_body": False})
