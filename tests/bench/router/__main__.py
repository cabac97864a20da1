"""`make bench-router`: our router beside others, on the same supergraph, recorded answers and operations.

Each router has the first core to itself; the load and the recorded subgraphs have the second. Exit status 1 where the
routers do not answer alike, or where ours breaks a limit.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import uvloop

from tests.bench.router.composing import composed
from tests.bench.router.contenders import OURS, Running, contenders, running
from tests.bench.router.growing import grows_evenly
from tests.bench.router.listening import LISTENING, compare_listening
from tests.bench.router.measuring import CONNECTIONS, Measured, answer_of, body_of, measure
from tests.bench.router.subgraphs import LIBRARY, RecordedSubgraphs
from tests.bench.router.wire import AnsweringConnection, load, post

OPERATIONS = Path(__file__).with_name("operations")
_ROUTER_CORE, _LOAD_CORE = 0, 1
_ON_NODE = ("Apollo Gateway", "Hive Gateway", "Hive Gateway, Rust planner")
_AT_MOST_TIMES = 0.5


async def main(options: argparse.Namespace) -> bool:
    """Whether all answers were alike and all limits held."""
    os.sched_setaffinity(0, {_LOAD_CORE})
    held = True
    if asked := options.workloads.replace(LISTENING, ""):
        held = await _compare_asking(asked, options)
    if LISTENING in options.workloads:
        with tempfile.TemporaryDirectory() as scratch:
            await compare_listening(options.only, Path(scratch), _ROUTER_CORE)
    return held


async def _compare_asking(workloads: str, options: argparse.Namespace) -> bool:
    async with AsyncExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subgraphs = RecordedSubgraphs()
        supergraph = await stack.enter_async_context(_served(subgraphs, scratch))
        chosen = [one for one in contenders() if not options.only or one.name in options.only]
        routers = [await stack.enter_async_context(running(one, supergraph, scratch, _ROUTER_CORE)) for one in chosen]
        held = [await _compare(workload, routers, subgraphs, options) for workload in workloads]
        if routers[0].contender.name == OURS:
            another = replace(routers[0].contender, name=f"{OURS}, fresh")
            fresh = await stack.enter_async_context(running(another, supergraph, scratch, _ROUTER_CORE))
            held.append(await grows_evenly(routers[0], fresh, subgraphs, options.seconds))
        return all(held)


@asynccontextmanager
async def _served(subgraphs: RecordedSubgraphs, scratch: Path) -> AsyncIterator[Path]:
    """The file of the supergraph, while its subgraphs are served."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: AnsweringConnection(subgraphs.answer), "127.0.0.1", 0)
    yield await composed(LIBRARY, server.sockets[0].getsockname()[1], scratch)
    server.close()


async def _compare(
    workload: str, routers: Sequence[Running], subgraphs: RecordedSubgraphs, options: argparse.Namespace
) -> bool:
    body = body_of((OPERATIONS / f"{workload}.graphql").read_text())
    answers = {router.contender.name: await answer_of(router, body) for router in routers}
    rounds: dict[str, list[Measured]] = {name: [] for name in answers}
    for router in routers:
        await load(router.port, post(router.contender.path, body), options.warm, CONNECTIONS)
    for _ in range(options.rounds):
        for router in routers:
            rounds[router.contender.name].append(await measure(router, subgraphs, body, options.seconds))
    medians = {name: Measured.median(measured) for name, measured in rounds.items()}
    _print(workload, medians)
    return _are_alike(answers) and _is_ahead(medians)


def _print(workload: str, medians: dict[str, Measured]) -> None:
    print(f"\n{workload:28} CPU ms  a second     p50     p99     MB  fetches")
    for name, one in medians.items():
        limit = "  (the load was the limit)" if one.load_busy > 0.9 else ""
        print(
            f"{name:28} {one.cpu_ms:6.3f}  {one.a_second:8.0f} {one.p50_ms:7.2f} {one.p99_ms:7.2f}"
            f" {one.resident_mb:6.0f} {one.fetches:8.1f}{limit}",
            flush=True,
        )


def _are_alike(answers: dict[str, object]) -> bool:
    first = next(iter(answers.values()))
    others = [name for name, answer in answers.items() if answer != first]
    for name in others:
        print(f"{name} answers otherwise than {next(iter(answers))}.")
    return not others


def _is_ahead(medians: dict[str, Measured]) -> bool:
    on_node = [medians[name].cpu_ms for name in _ON_NODE if name in medians]
    if OURS not in medians or not on_node:
        return True
    times = medians[OURS].cpu_ms / min(on_node)
    print(f"Ours costs {times:.2f} times the cheapest on Node; at most {_AT_MOST_TIMES}.")
    return times <= _AT_MOST_TIMES


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m tests.bench.router", description=__doc__)
    options.add_argument("--quick", action="store_true", help="one short round")
    options.add_argument("--only", action="append", help="a router by its name; may be repeated")
    options.add_argument("--workloads", default="abcd")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--warm", type=float, default=10.0)
    chosen = options.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.warm = 1, 3.0, 3.0
    return chosen


if __name__ == "__main__":
    sys.exit(0 if uvloop.run(main(_options())) else 1)
