"""`python -m tests.bench.router.bombs`: what each hostile request costs by POST, and how long it keeps others waiting.

CPU milliseconds of the whole process, its small client included: the least of five rounds, as others may share the
machine. The longest block is that CPU time between two turns of a ticker.
"""

import asyncio
import logging

import aiohttp
import structlog

from router.app import create_app
from router.settings import RouterSettings
from router.supergraph import read_supergraph
from router.transports.local import LocalTransport
from tests.router.conftest import Clinic, serving, supergraph_sdl
from tests.router.hostile import BODIES, Watch

ROUNDS = 5
HEADERS = {"content-type": "application/json"}


async def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    transport = LocalTransport({"clinic": Clinic()}, seconds_of=lambda _: 5.0)
    app = create_app(read_supergraph(supergraph_sdl()), transport, RouterSettings())
    async with serving(app, app.state.drain) as server, aiohttp.ClientSession() as session:
        print(f"{'CPU ms':>8} {'block ms':>9}  request")
        for name, body in BODIES.items():
            watches = [await sent(session, f"{server.url}/graphql", body) for _ in range(ROUNDS)]
            cpu_seconds = min(watch.cpu_seconds for watch in watches)
            longest_seconds = min(watch.longest_seconds for watch in watches)
            print(f"{cpu_seconds * 1000:8.1f} {longest_seconds * 1000:9.1f}  {name}")


async def sent(session: aiohttp.ClientSession, url: str, body: bytes) -> Watch:
    async with Watch() as watch, session.post(url, data=body, headers=HEADERS) as response:
        await response.read()
    return watch


if __name__ == "__main__":
    asyncio.run(main())
