"""Where the time of a screen goes: the profiler's own time of each function, put down to what it belongs to."""

import cProfile
import pstats
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from hospital.folder import DataFolder
from hospital.runtime import Runtime, open_runtime
from hospital.settings import read_settings
from hospital.web import SUPERGRAPH
from router.pipeline import GraphQLRequest, Pipeline
from router.settings import RouterSettings
from router.supergraph import read_supergraph
from router.transports.local import LocalTransport

TIMES, WARM_UP = 500, 50
_BELONGS = {
    "SQL": ("sqlalchemy", "sqlmodel", "aiosqlite", "sqlite", "greenlet", "/kernel/database.py", "/repository.py"),
    "Strawberry, graphql-core": ("/strawberry/", "/graphql/"),
    "router": ("/router/",),
    "subgraphs": ("/subgraphs/",),
}

Ask = Callable[[], Awaitable[object]]


def owner_of(place: str) -> str:
    return next((owner for owner, parts in _BELONGS.items() if any(part in place for part in parts)), "rest")


async def print_shares(data: Path, url: str, document: str, bearer: str, patient_id: str) -> None:
    """Asks the same screen in this process, without HTTP, under the profiler."""
    settings, routing = read_settings()
    settings = settings.model_copy(update={"public_url": url})
    folder = DataFolder(data)
    with folder.opened():
        async with open_runtime(folder, settings) as runtime:
            pipeline = _pipeline(runtime, routing)
            request = GraphQLRequest(document, None, {"id": patient_id})

            async def ask() -> None:
                answer = await pipeline.execute(pipeline.prepare(request), {"authorization": bearer})
                assert "errors" not in answer, answer

            await _print(ask)


def _pipeline(runtime: Runtime, routing: RouterSettings) -> Pipeline:
    transport = LocalTransport(runtime.domains.subgraphs, seconds_of=routing.seconds_of)
    return Pipeline(read_supergraph(SUPERGRAPH.read_text()), transport, routing.limits)


async def _print(ask: Ask) -> None:
    for _ in range(WARM_UP):
        await ask()
    own, threads = await _measured(ask)
    shares = await _profiled(ask)
    whole = sum(shares.values())
    print(f"\nWhere a screen's {own + threads:.2f} ms go (without HTTP; the threads of SQLite take {threads:.2f} ms)")
    for owner, seconds in shares.most_common():
        print(f"  {owner:26} {seconds / whole * own:5.2f} ms  {seconds / whole:4.0%}")


async def _measured(ask: Ask) -> tuple[float, float]:
    """CPU milliseconds a call of the event loop's thread, and of the others."""
    thread, process = time.thread_time(), time.process_time()
    for _ in range(TIMES):
        await ask()
    own = (time.thread_time() - thread) / TIMES * 1000
    return own, (time.process_time() - process) / TIMES * 1000 - own


async def _profiled(ask: Ask) -> "Counter[str]":
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    for _ in range(TIMES):
        await ask()
    profile.disable()
    shares: Counter[str] = Counter()
    for (file, _line, name), (_calls, _primitive, own_time, *_rest) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        shares[owner_of(file if file != "~" else name)] += own_time
    return shares
