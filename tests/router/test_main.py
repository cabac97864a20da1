"""`python -m router`, as its own process before a subgraph over HTTP."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from router.__main__ import main


@pytest.fixture
def clinic_app(clinic: Any) -> Starlette:
    async def graphql(request: Request) -> Response:
        body = await request.json()
        arguments = (body["query"], body.get("variables", {}), body.get("operationName"), request.headers)
        return JSONResponse(dict(await clinic.execute(*arguments)))

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"])])


def spare_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@asynccontextmanager
async def router_process(supergraph: Path, *options: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    port = spare_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "router", "--supergraph", str(supergraph), "--port", str(port), *options
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def when_up(client: aiohttp.ClientSession, base: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                async with client.get(f"{base}/readyz"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


async def test_it_answers_from_the_subgraph_and_stops_when_told(
    serve: Any, client: Any, clinic_app: Starlette, clinic_sdl: Callable[[str], str], tmp_path: Path
) -> None:
    supergraph = tmp_path / "supergraph.graphql"
    async with serve(clinic_app) as server:
        supergraph.write_text(clinic_sdl(f"{server.url}/graphql"))
        async with router_process(supergraph) as (process, base):
            await when_up(client, base)
            async with client.post(f"{base}/graphql", json={"query": "{ hello }"}) as response:
                assert await response.json() == {"data": {"hello": "world"}}
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 10)


def test_it_does_not_start_with_half_of_what_a_token_needs(clinic_sdl: Callable[[str], str], tmp_path: Path) -> None:
    supergraph = tmp_path / "supergraph.graphql"
    supergraph.write_text(clinic_sdl("http://127.0.0.1:9/graphql"))
    with pytest.raises(SystemExit, match="issuer"):
        main(["--supergraph", str(supergraph), "--jwks-url", "http://127.0.0.1:9/keys"])
