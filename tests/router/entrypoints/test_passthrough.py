"""Paths of other components: passed on whole, and nothing past them."""

import asyncio
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from yarl import URL

from router.entrypoints.passthrough import Proxy
from router.transports.session import HttpSession
from router.transports.signatures import Signer


class Component:
    def __init__(self) -> None:
        self.paths: list[str] = []
        self.app = Starlette(
            routes=[
                Route("/oauth/slow", self.slow),
                Route("/oauth/stream", self.stream),
                Route("/oauth/leave", self.leave),
                Route("/{rest:path}", self.echo, methods=["GET", "POST"]),
            ]
        )

    async def echo(self, request: Request) -> Response:
        self.paths.append(request.url.path)
        body = (await request.body()).decode()
        seen = {"path": request.url.path, "query": request.url.query, "body": body, "headers": dict(request.headers)}
        response = JSONResponse(seen, 201)
        response.set_cookie("a", "1")
        response.set_cookie("b", "2")
        response.headers["keep-alive"] = "timeout=5"
        return response

    async def slow(self, _: Request) -> Response:
        await asyncio.sleep(5)
        return Response()

    async def stream(self, _: Request) -> Response:
        async def chunks() -> Any:
            yield b"first"
            await asyncio.sleep(0.3)
            yield b"second"

        return StreamingResponse(chunks())

    async def leave(self, _: Request) -> Response:
        return Response(status_code=302, headers={"location": "https://app.example/"})


@pytest.fixture
def component() -> Component:
    return Component()


async def test_a_request_is_passed_on_whole(serve: Any, start_router: Any, client: Any, component: Component) -> None:
    headers = {"x-own": "1", "connection": "x-drop", "x-drop": "1", "x-forwarded-for": "6.6.6.6", "te": "trailers"}
    headers["hospital-signature"] = "caller=patients"
    async with serve(component.app) as server, start_router(passthrough={"/oauth": server.url}) as router:
        url = URL(f"{router.base}/oauth/token?a=%2F&b=c+d", encoded=True)
        async with client.post(url, data=b"g=1", headers=headers) as response:
            seen = await response.json()
            assert response.status == 201
            assert response.headers.getall("set-cookie") == ["a=1; Path=/; SameSite=lax", "b=2; Path=/; SameSite=lax"]
            assert "keep-alive" not in response.headers
    assert (seen["path"], seen["query"], seen["body"]) == ("/oauth/token", "a=%2F&b=c+d", "g=1")
    assert seen["headers"]["x-own"] == "1"
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert seen["headers"]["x-forwarded-host"] == urlsplit(router.base).netloc
    assert {"x-drop", "te", "hospital-signature"}.isdisjoint(seen["headers"])


async def test_an_answer_streams(serve: Any, start_router: Any, client: Any, component: Component) -> None:
    async with (
        serve(component.app) as server,
        start_router(passthrough={"/oauth": server.url}) as router,
        client.get(f"{router.base}/oauth/stream") as response,
    ):
        assert await response.content.readany() == b"first"
        assert await response.content.readany() == b"second"


async def test_a_redirect_is_the_clients_to_follow(
    serve: Any, start_router: Any, client: Any, component: Component
) -> None:
    async with (
        serve(component.app) as server,
        start_router(passthrough={"/oauth": server.url}) as router,
        client.get(f"{router.base}/oauth/leave", allow_redirects=False) as response,
    ):
        assert (response.status, response.headers["location"]) == (302, "https://app.example/")


async def test_who_is_down_or_slow_is_said_to_be(
    serve: Any, start_router: Any, client: Any, component: Component
) -> None:
    async with serve(component.app) as server:
        targets = {"/oauth": server.url, "/gone": "http://127.0.0.1:9"}
        async with start_router(passthrough=targets, passthrough_seconds=0.2) as router:
            async with client.get(f"{router.base}/oauth/slow") as response:
                assert response.status == 504
            async with client.get(f"{router.base}/gone") as response:
                assert response.status == 502


async def test_a_body_too_large_is_not_passed_on(
    serve: Any, start_router: Any, client: Any, component: Component
) -> None:
    async with (
        serve(component.app) as server,
        start_router(passthrough={"/oauth": server.url}, limits={"body_bytes": 1_000}) as router,
        client.post(f"{router.base}/oauth/token", data=b"x" * 2_000) as response,
    ):
        assert response.status == 413
    assert component.paths == []


async def test_a_body_that_is_to_be_signed_is_not_waited_for_without_end(
    serve: Any, client: Any, component: Component, tmp_path: Path
) -> None:
    async def slowly() -> Any:
        yield b"g="
        await asyncio.sleep(3)

    keys = tmp_path / "callers.json"
    keys.write_text('{"router": {"k1": "a key"}}')
    session = HttpSession()
    async with (
        serve(component.app) as server,
        serve(Proxy(server.url, session, 0.2, Signer("router", keys))) as router,
        client.post(f"{router.url}/oauth/token", data=slowly()) as response,
    ):
        assert response.status == 408
    await session.aclose()
    assert component.paths == []


async def test_a_mounted_application_sees_the_whole_path(start_router: Any, client: Any, component: Component) -> None:
    async with (
        start_router(mounts={"/.well-known": component.app}) as router,
        client.get(f"{router.base}/.well-known/openid-configuration?x=1") as response,
    ):
        seen = await response.json()
    assert (seen["path"], seen["query"]) == ("/.well-known/openid-configuration", "x=1")


async def test_an_application_at_the_root_has_that_path_alone(
    serve: Any, start_router: Any, client: Any, component: Component
) -> None:
    async with serve(component.app) as server:
        for given in ({"mounts": {"/": component.app}}, {"passthrough": {"/": server.url}}):
            async with start_router(**given) as router:
                async with client.get(f"{router.base}?x=1") as response:
                    seen = await response.json()
                    assert (seen["path"], seen["query"]) == ("/", "x=1")
                others = [
                    await status_of(router.base, path)
                    for path in ("/a", "//", "//a", "/.", "/;", "/%2f", "/oauth/token")
                ]
                assert others == [404] * len(others)
    assert component.paths == ["/", "/"]


async def status_of(base: str, target: str) -> int:
    """By hand, since every client would tidy the path."""
    url = urlsplit(base)
    reader, writer = await asyncio.open_connection(url.hostname, url.port, family=socket.AF_INET)
    writer.write(f"GET {target} HTTP/1.1\r\nhost: {url.netloc}\r\nconnection: close\r\n\r\n".encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


TRICKS = [
    "/oauth/../admin",
    "/oauth/./token",
    "/oauth/..;/admin",
    "/oauth;/auth/login",
    "/oauth/%2e%2e/admin",
    "/oauth/%74oken",
    "/oauth/%2E./admin",
    "/oauth/..%2fadmin",
    "/oauth//admin",
    "//oauth/token",
    "/oauth/a%00b",
    "/oauth/a\\b",
    "/oauth/%5c..%5cadmin",
    "/oauthx",
    "/OAUTH/token",
    "/x/oauth/token",
]


@pytest.mark.parametrize("way", ["proxied", "mounted"])
async def test_no_trick_with_a_path_gets_past(serve: Any, start_router: Any, component: Component, way: str) -> None:
    async with serve(component.app) as server:
        settings: Any = {"mounts": {"/oauth": component.app}}
        if way == "proxied":
            settings = {"passthrough": {"/oauth": server.url}}
        async with start_router(**settings) as router:
            assert {target: await status_of(router.base, target) for target in TRICKS} == dict.fromkeys(TRICKS, 404)
            assert await status_of(router.base, "/oauth/token") == 201
    assert component.paths == ["/oauth/token"]
