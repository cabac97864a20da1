"""Workload d: a thousand listeners of one subscription, over server-sent events."""

import asyncio
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.router.composing import composed
from tests.bench.router.contenders import Contender, listened_to, running
from tests.bench.router.measuring import body_of, pids_of, resident_mb_of
from tests.bench.router.ticking import TICKED, TICKER, Ticker, ticking
from tests.bench.server import cpu_seconds

LISTENING = "d"
LISTENERS, EVENTS, EVENTS_A_SECOND = 1_000, 100, 5
_OPEN_AT_ONCE = 50
_HEARD_WITHIN_SECONDS, _TRIES = 30.0, 60
_AT = re.compile(rb'"at":([0-9.]+)[,}]')


@dataclass(frozen=True)
class Heard:
    """`cpu_us` is what one event costs for one listener, in microseconds."""

    cpu_us: float
    p50_ms: float
    p99_ms: float
    resident_mb: float
    upstream: int


class Listener(asyncio.Protocol):
    """Notes how long each event was under way."""

    def __init__(self, request: bytes, took: list[float]) -> None:
        self._request, self._took, self._unread = request, took, b""
        self.refused: bytes | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now, text = time.perf_counter(), self._unread + data
        if b" 200 " not in text[:20] and text.startswith(b"HTTP/1.1"):
            self.refused = text
        end = 0
        for found in _AT.finditer(text):
            self._took.append(now - float(found[1]))
            end = found.end()
        self._unread = text[end:] if end else text[-200:]


async def compare_listening(only: Sequence[str] | None, scratch: Path, core: int) -> None:
    print(f"\n{'d':28} CPU µs     p50     p99     MB  upstream")
    async with ticking() as (ticker, port):
        supergraph = await composed(TICKER, port, scratch)
        for contender in listened_to():
            if not only or contender.name in only:
                one = await _measured(contender, supergraph, scratch, core, ticker)
                print(
                    f"{contender.name:28} {one.cpu_us:6.1f} {one.p50_ms:7.1f} {one.p99_ms:7.1f}"
                    f" {one.resident_mb:6.0f} {one.upstream:9}",
                    flush=True,
                )


async def _measured(contender: Contender, supergraph: Path, scratch: Path, core: int, ticker: Ticker) -> Heard:
    async with running(contender, supergraph, scratch, core) as router:
        took: list[float] = []
        listeners = await _opened(router.port, contender.path, took)
        await _all_hear(ticker, listeners, took)
        upstream, pids = ticker.subscribers, pids_of(router)
        took.clear()
        before = cpu_seconds(pids)
        for number in range(EVENTS):
            await ticker.tick(number)
            await asyncio.sleep(1 / EVENTS_A_SECOND)
        await _until_heard(took, EVENTS * LISTENERS)
        used = cpu_seconds(pids) - before
        cuts = statistics.quantiles(took, n=100)
        resident = resident_mb_of(router)
        for listener in listeners:
            listener.transport.abort()
        return Heard(used / len(took) * 1e6, cuts[49] * 1_000, cuts[98] * 1_000, resident, upstream)


async def _opened(port: int, path: str, took: list[float]) -> list[Listener]:
    body = body_of(TICKED)
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: text/event-stream\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    loop, listeners = asyncio.get_running_loop(), list[Listener]()
    for _ in range(0, LISTENERS, _OPEN_AT_ONCE):
        opening = [
            loop.create_connection(lambda: Listener(head.encode() + body, took), "127.0.0.1", port)
            for _ in range(_OPEN_AT_ONCE)
        ]
        listeners += [listener for _, listener in await asyncio.gather(*opening)]
        await asyncio.sleep(0.05)
    return listeners


async def _all_hear(ticker: Ticker, listeners: Sequence[Listener], took: list[float]) -> None:
    """Until one event has come to every listener: all are subscribed then."""
    for _ in range(_TRIES):
        took.clear()
        await ticker.tick(0)
        await asyncio.sleep(1)
        if len(took) == LISTENERS:
            return
    refused = [listener.refused for listener in listeners if listener.refused]
    raise SystemExit(f"{len(took)} of {LISTENERS} listeners hear, {len(refused)} were refused: {refused[:1]}")


async def _until_heard(took: list[float], count: int) -> None:
    async with asyncio.timeout(_HEARD_WITHIN_SECONDS):
        while len(took) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
