"""One router under one load: what its processes cost, and how long its clients wait."""

import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from tests.bench.router.contenders import Running
from tests.bench.router.subgraphs import RecordedSubgraphs
from tests.bench.router.wire import load, post
from tests.bench.server import cpu_seconds

_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
_STAT_GROUP, _STAT_RESIDENT = 2, 21
CONNECTIONS = 10
_READY_SECONDS = 30.0
_MOST_UNKNOWN = 10
"""How many requests of one round may be new to the subgraphs: some routers order what they ask by what came first."""


@dataclass(frozen=True)
class Measured:
    """`load_busy` is the share of its core that the load and the subgraphs took: near 1, they were the limit."""

    a_second: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    resident_mb: float
    fetches: float
    load_busy: float

    @classmethod
    def median(cls, rounds: Sequence["Measured"]) -> "Measured":
        """The round whose cost is the middle one."""
        return sorted(rounds, key=lambda one: one.cpu_ms)[(len(rounds) - 1) // 2]


def body_of(query: str, **variables: Any) -> bytes:
    return orjson.dumps({"query": query, "variables": variables})


async def answer_of(router: Running, body: bytes) -> Any:
    """Asked once more while the router is not ready yet; only an answer without errors will do."""
    url = f"http://127.0.0.1:{router.port}{router.contender.path}"
    headers = {"content-type": "application/json", "accept": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session, asyncio.timeout(_READY_SECONDS):
        while True:
            async with session.post(url, data=body) as response:
                if response.status == 200:
                    answer = await response.json()
                    if "errors" not in answer:
                        return answer
                told = await response.text()
            print(f"{router.contender.name} is not ready: {told[:200]}")
            await asyncio.sleep(1)


async def measure(router: Running, subgraphs: RecordedSubgraphs, body: bytes, seconds: float) -> Measured:
    request = post(router.contender.path, body)
    pids = pids_of(router)
    asked, executed = subgraphs.asked, subgraphs.executed
    cpu, own, began = cpu_seconds(pids), time.process_time(), time.perf_counter()
    took = await load(router.port, request, seconds, CONNECTIONS)
    cpu, own, elapsed = cpu_seconds(pids) - cpu, time.process_time() - own, time.perf_counter() - began
    if subgraphs.executed - executed > _MOST_UNKNOWN:
        raise SystemExit(f"{router.contender.name} does not ask the same of subgraphs for the same operation.")
    cuts = statistics.quantiles(took, n=100)
    return Measured(
        a_second=len(took) / elapsed,
        cpu_ms=cpu / len(took) * 1_000,
        p50_ms=cuts[49] * 1_000,
        p99_ms=cuts[98] * 1_000,
        resident_mb=resident_mb_of(router),
        fetches=(subgraphs.asked - asked) / len(took),
        load_busy=own / elapsed,
    )


def pids_of(router: Running) -> list[int]:
    return [pid for pid, _ in _members(router.group)]


def resident_mb_of(router: Running) -> float:
    return sum(megabytes for _, megabytes in _members(router.group))


def _members(group: int) -> list[tuple[int, float]]:
    """The processes of the group, each with the megabytes that it holds."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(") ", 1)[1].split()
            except (OSError, IndexError):
                continue  # it ended meanwhile
            if int(fields[_STAT_GROUP]) == group:
                found.append((int(entry.name), int(fields[_STAT_RESIDENT]) * _PAGE_MB))
    return found
