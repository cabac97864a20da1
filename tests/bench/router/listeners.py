"""What listeners of equal subscriptions cost, with one upstream for all and with one for each.

`python -m tests.bench.router.listeners [LISTENERS]`: microseconds of CPU an event a listener, and kilobytes a listener,
in the router's pipeline alone: no sockets, and a source that waits for each event and reads its JSON, of 4 kB.
"""

import asyncio
import gc
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson

from router.context import RequestContext
from router.pipeline import Call, GraphQLRequest, Pipeline
from router.settings import Limits, SharedSubscriptions
from router.supergraph import read_supergraph
from router.transports.base import SubgraphRequest
from tests.router.conftest import supergraph_sdl

LISTENERS, EVENTS, ROUNDS = 1_000, 50, 3
OF_4_KB = orjson.dumps({"visits": [{"id": f"{number:036}", "status": "ACCEPTED"} for number in range(60)]})
BEGUN_WITHIN_SECONDS = 0.5


class Source:
    """Begins when it is told, so that all have come; counts who asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.begin = asyncio.Event()

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        raise NotImplementedError(request)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        self.asked += 1
        await self.begin.wait()
        for number in range(EVENTS):
            await asyncio.sleep(0)
            yield {"data": {"ticks": number}, "extensions": orjson.loads(OF_4_KB)}


@dataclass(frozen=True)
class Measured:
    upstream: int
    microseconds: float
    kilobytes: float


async def heard(pipeline: Pipeline, call: Call) -> int:
    async with aclosing(pipeline.stream(call, RequestContext())) as responses:
        return len([response async for response in responses])


async def measured(listeners: int, shared: bool) -> Measured:
    source = Source()
    pipeline = Pipeline(read_supergraph(supergraph_sdl()), source, Limits(), shared=SharedSubscriptions(shared=shared))
    call = pipeline.prepare(GraphQLRequest("subscription { ticks }"))
    gc.collect()
    tracemalloc.start()
    tasks = [asyncio.create_task(heard(pipeline, call)) for _ in range(listeners)]
    await asyncio.sleep(BEGUN_WITHIN_SECONDS)
    kilobytes = tracemalloc.get_traced_memory()[0] / 1_000 / listeners
    tracemalloc.stop()
    before = time.process_time()
    source.begin.set()
    numbers = await asyncio.gather(*tasks)
    took = time.process_time() - before
    assert set(numbers) == {EVENTS}
    return Measured(source.asked, took * 1_000_000 / listeners / EVENTS, kilobytes)


def main(listeners: int) -> None:
    for _ in range(ROUNDS):
        for shared in (True, False):
            found = asyncio.run(measured(listeners, shared))
            print(
                f"{found.upstream:5} upstream for {listeners} listeners:"
                f" {found.microseconds:6.1f} µs an event a listener, {found.kilobytes:5.1f} kB a listener"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LISTENERS)
