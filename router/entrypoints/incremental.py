"""Answers in parts: `multipart/mixed` as clients of @defer read it (deferSpec 20220824)."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from functools import lru_cache
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from router.entrypoints.negotiation import MULTIPART, Range, ranges_of
from router.errors import masked

SPEC = "20220824"
CONTENT_TYPE = f'{MULTIPART}; boundary="-"; deferSpec={SPEC}'
START, END = b"\r\n---", b"--\r\n"
PART = b"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n%b\r\n---"
Payload = Mapping[str, Any]


@lru_cache(maxsize=256)
def accepts_parts(accept: str | None) -> bool:
    """Named as such: who takes anything does not mean this. One without a version means the one there is."""
    return accept is not None and any(_is_ours(range_) for range_ in ranges_of(accept))


def _is_ours(range_: Range) -> bool:
    versions = {name: value for name, value in range_.parameters.items() if name.endswith("spec")}
    named = not versions or versions.get("deferspec") == SPEC
    return range_.type == MULTIPART and range_.quality > 0 and named


class PartsResponse(Response):
    """`first` has been made already. The rest ends with the client: what still runs for it is stopped."""

    def __init__(self, first: Payload, rest: AsyncGenerator[Payload, None]) -> None:
        super().__init__(None, headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})
        del self.headers["content-length"]
        self._first, self._rest = first, rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        async with aclosing(self._rest):
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await _send_body(send, START + _part(self._first))
            async for payload in _until_failed(self._rest):
                await _send_body(send, _part(payload))
            await _send_body(send, END, more=False)


async def _until_failed(payloads: AsyncIterator[Payload]) -> AsyncIterator[Payload]:
    try:
        async for payload in payloads:
            yield payload
    except Exception as error:
        yield {"errors": [masked(error)], "hasNext": False}


async def _send_body(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


def _part(payload: Payload) -> bytes:
    return PART % orjson.dumps(payload)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
