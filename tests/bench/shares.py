"""Where the time goes: the profiler's own time of each function, put down to what it belongs to."""

import cProfile
import pstats
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hospital.folder import DataFolder
from hospital.runtime import keeping_time, open_runtime
from hospital.sending_settings import SendingSettings
from hospital.settings import read_settings
from hospital.supergraph import SUPERGRAPH
from router.context import RequestContext
from router.pipeline import GraphQLRequest, Pipeline
from router.supergraph import read_supergraph
from router.transports.local import LocalTransport
from tests.bench.hospital import Post
from tests.bench.quiet import until_quiet
from workers.email.settings import SmtpSettings, Tls

_BELONGS = {
    "SQL": ("sqlalchemy", "sqlmodel", "aiosqlite", "sqlite", "greenlet", "/kernel/database.py", "/kernel/rows.py"),
    "Strawberry, graphql-core": ("/strawberry/", "/graphql/"),
    "router": ("/router/",),
    "workers and mail": ("/workers/", "/hospital/", "aiosmtplib", "/email/", "jinja2"),
    "subgraphs": ("/subgraphs/",),
    "events (pydantic, orjson)": ("pydantic", "orjson"),
    "asyncio": ("asyncio", "selectors", "epoll", "/threading.py", "/queue.py", "lock"),
}

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Here:
    """A hospital that runs in this process, asked without HTTP."""

    post: Post
    data: Path

    async def until_quiet(self) -> None:
        await until_quiet(self.data)


@asynccontextmanager
async def hospital_here(data: Path, url: str, smtp_port: int) -> AsyncIterator[Here]:
    settings, routing = read_settings()
    smtp = SmtpSettings(host="127.0.0.1", port=smtp_port, tls=Tls.NONE)
    folder = DataFolder(data)
    with folder.opened():
        async with open_runtime(folder, settings.model_copy(update={"public_url": url})) as runtime:
            transport = LocalTransport(runtime.domains.subgraphs, seconds_of=routing.seconds_of)
            pipeline = Pipeline(read_supergraph(SUPERGRAPH.read_text()), transport, routing.limits)
            async with keeping_time(runtime, SendingSettings(smtp=smtp)):
                yield Here(_posting(pipeline), data)


def _posting(pipeline: Pipeline) -> Post:
    async def post(document: str, variables: Mapping[str, Any], headers: Mapping[str, str]) -> Mapping[str, Any]:
        call = pipeline.prepare(GraphQLRequest(document, None, variables))
        return await pipeline.execute(call, RequestContext(headers))

    return post


async def print_shares(what: str, count: int, measured: Work, profiled: Work) -> None:
    """Each of the two does the same `count` times, one on the clock and one under the profiler."""
    own, threads = await _clocked(measured, count)
    shares = await _profiled(profiled)
    whole = sum(shares.values())
    print(f"  Where {what}'s {own + threads:.2f} ms go without HTTP (the threads of SQLite: {threads:.2f} ms)")
    for owner, seconds in shares.most_common():
        print(f"    {owner:26} {seconds / whole * own:5.2f} ms  {seconds / whole:4.0%}", flush=True)


def _owner_of(place: str) -> str:
    return next((owner for owner, parts in _BELONGS.items() if any(part in place for part in parts)), "rest")


async def _clocked(work: Work, count: int) -> tuple[float, float]:
    """CPU milliseconds each of the event loop's thread, and of the others."""
    thread, process = time.thread_time(), time.process_time()
    await work()
    own = (time.thread_time() - thread) / count * 1000
    return own, (time.process_time() - process) / count * 1000 - own


async def _profiled(work: Work) -> "Counter[str]":
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    await work()
    profile.disable()
    shares: Counter[str] = Counter()
    for (file, _line, name), (_calls, _primitive, own_time, *_rest) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        shares[_owner_of(file if file != "~" else name)] += own_time
    return shares
