"""Streams over HTTP as clients read them: events of text/event-stream, parts of multipart/mixed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

SSE = "text/event-stream"
PARTS = 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"'
WITHIN_SECONDS = 5.0


class Streamed:
    """One response that may stay open."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def until(self, end: bytes) -> bytes:
        async with asyncio.timeout(WITHIN_SECONDS):
            return (await self.response.content.readuntil(end)).removesuffix(end)

    async def rest(self) -> bytes:
        async with asyncio.timeout(WITHIN_SECONDS):
            return await self.response.content.read()

    async def event(self) -> tuple[str, Any]:
        """The next that is not a comment: its name and data."""
        while True:
            lines = (await self.until(b"\n\n")).decode().split("\n")
            fields = dict(line.split(":", 1) for line in lines if not line.startswith(":"))
            if fields:
                return fields["event"].strip(), json.loads(fields["data"] or "null")

    async def part(self) -> Any:
        """The next that is not a heartbeat."""
        while True:
            head, _, body = (await self.until(b"\r\n--graphql")).partition(b"\r\n\r\n")
            if body:
                assert head == b"\r\ncontent-type: application/json"
                if content := json.loads(body):
                    return content


@asynccontextmanager
async def streamed(
    client: Any, url: str, query: str, accept: str = SSE, method: str = "POST", **headers: str
) -> AsyncIterator[Streamed]:
    asked = {"params": {"query": query}} if method == "GET" else {"json": {"query": query}}
    async with client.request(method, url, headers={"accept": accept, **headers}, **asked) as response:
        yield Streamed(response)


async def eventually(condition: Any) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("It did not happen.")
