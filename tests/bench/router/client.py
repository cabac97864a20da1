"""`python -m tests.bench.router.client`: what a fetch costs, by our client and by aiohttp, interleaved in one run.

CPU milliseconds of this process for each fetch; the subgraph is another process, which answers the same bytes to all.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median
from typing import Any

import aiohttp
import orjson
import uvloop

from router.transports.base import SubgraphRequest
from router.transports.http import HEADERS, HttpTransport
from router.transports.session import HttpSession

CONNECTIONS = 10
ROUNDS = 15
FETCHES_A_ROUND = 1_000
DOCUMENT = "query($ids: [ID!]!) { patients(ids: $ids) { id name birthDate { year } contacts { kind value } } }"
REQUEST = SubgraphRequest(
    "clinic",
    DOCUMENT,
    {"ids": [str(number) for number in range(20)]},
    headers={"authorization": "Bearer " + "x" * 600, "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"},
)
ITEM = {"id": "1", "name": "Ada", "birthDate": {"year": 1815}, "contacts": [{"kind": "phone", "value": "1"}]}
BODY = orjson.dumps({"data": {"patients": [ITEM] * 20}})

Fetch = Callable[[SubgraphRequest], Awaitable[Mapping[str, Any]]]


class Subgraph(asyncio.Protocol):
    REPLY = b"HTTP/1.1 200 OK\r\ndate: x\r\nserver: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert hasattr(transport, "write")
        self._write = transport.write
        self._read = b""

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, _, body = self._read.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if length and len(body) == int(length):
            self._read = b""
            self._write(self.REPLY % (len(BODY), BODY))


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Subgraph, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def by_aiohttp(url: str, session: aiohttp.ClientSession) -> Fetch:
    async def fetch(request: SubgraphRequest) -> Mapping[str, Any]:
        body = orjson.dumps({"query": request.document, "variables": request.variables})
        headers = {**request.headers, **HEADERS}
        limit = aiohttp.ClientTimeout(total=5)
        async with session.post(url, data=body, headers=headers, timeout=limit, allow_redirects=False) as response:
            answer: Mapping[str, Any] = orjson.loads(await response.read())
            return answer

    return fetch


async def cpu_ms_of_a_fetch(fetch: Fetch) -> float:
    async def ask() -> None:
        for _ in range(FETCHES_A_ROUND // CONNECTIONS):
            answer = await fetch(REQUEST)
            assert len(answer["data"]["patients"]) == 20

    began = time.process_time()
    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return (time.process_time() - began) / FETCHES_A_ROUND * 1_000


async def compare() -> None:
    subgraph = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.router.client", "serve", stdout=asyncio.subprocess.PIPE
    )
    assert subgraph.stdout is not None
    url = f"http://127.0.0.1:{int(await subgraph.stdout.readline())}/graphql"
    session = HttpSession()
    ours = HttpTransport({"clinic": url}, session, seconds_of=lambda _: 5.0, reply_bytes=16_000_000)
    sides = {"ours": ours.execute, "aiohttp": by_aiohttp(url, session.get())}
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, fetch in sides.items():
            taken[name].append(await cpu_ms_of_a_fetch(fetch))
    await session.aclose()
    subgraph.terminate()
    await subgraph.wait()
    typical = {name: median(times) for name, times in taken.items()}
    for name, milliseconds in typical.items():
        print(f"{name:8} {milliseconds:.4f} ms of CPU a fetch (least {min(taken[name]):.4f})")
    print(f"aiohttp / ours: {typical['aiohttp'] / typical['ours']:.2f}")


if __name__ == "__main__":
    uvloop.run(serve() if sys.argv[1:] == ["serve"] else compare())
