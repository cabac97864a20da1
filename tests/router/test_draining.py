"""A router that is told to stop in the middle of its work, as a process of its own."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.router.test_main import router_process, supergraph_of

__all__ = ["supergraph_of"]
REQUESTS, SOCKETS = 200, 50
SETTINGS = {"subgraph_seconds": "60", "drain_seconds": "30", "traffic__sharing__queries": "false"}


class SlowClinic:
    """Answers when `go` is set."""

    def __init__(self) -> None:
        self.asked = 0
        self.all_asked, self.go = asyncio.Event(), asyncio.Event()
        self.app = Starlette(routes=[Route("/graphql", self.graphql, methods=["POST"])])

    async def graphql(self, request: Request) -> Response:
        await request.body()
        self.asked += 1
        if self.asked == REQUESTS:
            self.all_asked.set()
        await self.go.wait()
        return JSONResponse({"data": {"hello": "world"}})


async def opened(client: aiohttp.ClientSession, url: str) -> aiohttp.ClientWebSocketResponse:
    socket = await client.ws_connect(url, protocols=["graphql-transport-ws"])
    await socket.send_json({"type": "connection_init"})
    assert (await socket.receive_json())["type"] == "connection_ack"
    return socket


async def test_all_requests_are_answered_and_all_sockets_told_when_it_stops(
    serve: Any, supergraph_of: Callable[[str], Path]
) -> None:
    clinic = SlowClinic()

    async def answer(number: int) -> Any:
        async with client.post(url, json={"query": f"query Q{number} {{ hello }}"}) as response:
            return response.status, await response.json()

    async with (
        serve(clinic.app) as server,
        router_process(supergraph_of(f"{server.url}/graphql"), **SETTINGS) as (
            process,
            url,
        ),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client,
    ):
        sockets = await asyncio.gather(*(opened(client, f"ws{url[4:]}") for _ in range(SOCKETS)))
        answers = [asyncio.ensure_future(answer(number)) for number in range(REQUESTS)]
        await asyncio.wait_for(clinic.all_asked.wait(), 30)
        process.send_signal(signal.SIGTERM)
        endings = await asyncio.gather(*(socket.receive(10) for socket in sockets))
        clinic.go.set()
        found = await asyncio.gather(*answers)
        assert await asyncio.wait_for(process.wait(), 15) == 0
    assert [(ending.type, ending.data) for ending in endings] == [(aiohttp.WSMsgType.CLOSE, 1001)] * SOCKETS
    assert found == [(200, {"data": {"hello": "world"}})] * REQUESTS
