"""Keys by URL, from an issuer that may be slow, wrong or gone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from joserfc.jwk import KeySet, OKPKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from router.auth import KeysUnavailable, TokenChecker
from router.jwks import HttpJwksSource
from router.transports.session import HttpSession

KEYS = [OKPKey.generate_key("Ed25519", {"kid": kid}) for kid in ("k1", "k2")]


class Issuer:
    def __init__(self) -> None:
        self.published: Any = KeySet([KEYS[0]]).as_dict()
        self.asked = 0
        self.seconds = 0.02
        self.app = Starlette(routes=[Route("/keys", self.keys)])

    async def keys(self, _: Request) -> Response:
        self.asked += 1
        await asyncio.sleep(self.seconds)
        return self.published if isinstance(self.published, Response) else JSONResponse(self.published)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest_asyncio.fixture
async def session() -> AsyncIterator[HttpSession]:
    session = HttpSession()
    yield session
    await session.aclose()


def kids(keys: KeySet) -> list[str | None]:
    return [key.kid for key in keys]


async def test_keys_are_fetched_once(serve: Any, issuer: Issuer, session: HttpSession) -> None:
    async with serve(issuer.app) as server:
        source = HttpJwksSource(f"{server.url}/keys", session)
        found = await asyncio.gather(*(source.keys() for _ in range(5)))
    assert [kids(keys) for keys in found] == [["k1"]] * 5
    assert issuer.asked == 1


async def test_an_unknown_kid_fetches_again_but_not_at_every_token(
    serve: Any, issuer: Issuer, session: HttpSession
) -> None:
    now = 0.0
    async with serve(issuer.app) as server:
        source = HttpJwksSource(f"{server.url}/keys", session, pause_seconds=10, clock=lambda: now)
        await source.keys()
        issuer.published = KeySet(KEYS).as_dict()
        assert kids(await source.refreshed_keys()) == ["k1"]
        now = 10.0
        assert kids(await source.refreshed_keys()) == ["k1", "k2"]
        await asyncio.gather(*(source.refreshed_keys() for _ in range(20)))
    assert issuer.asked == 2


HUGE = Response('{"keys": [' + " " * 200_000 + "]}")


@pytest.mark.parametrize("answer", [{}, [], {"keys": []}, {"keys": [1]}, Response("x"), Response("x", 500), HUGE])
async def test_known_keys_outlive_an_issuer_that_answers_nonsense(
    serve: Any, issuer: Issuer, session: HttpSession, answer: Any
) -> None:
    now = 0.0
    async with serve(issuer.app) as server:
        source = HttpJwksSource(f"{server.url}/keys", session, clock=lambda: now)
        await source.keys()
        issuer.published = answer
        now = 1_000.0
        assert kids(await source.keys()) == ["k1"]
        assert kids(await source.refreshed_keys()) == ["k1"]
    assert issuer.asked == 2


async def test_without_any_keys_it_says_so(session: HttpSession) -> None:
    with pytest.raises(KeysUnavailable):
        await HttpJwksSource("http://127.0.0.1:9/keys", session).keys()


async def test_who_brings_a_token_before_there_are_keys_is_told_to_come_again(
    start_router: Any, client: Any, session: HttpSession
) -> None:
    checker = TokenChecker(HttpJwksSource("http://127.0.0.1:9/keys", session), issuer="i", audience="a")
    authorization = {"authorization": "Bearer a.b.c"}
    async with start_router(token_checker=checker) as router:
        async with client.post(router.url, json={"query": "{ hello }"}, headers=authorization) as response:
            assert response.status == 503
            assert (await response.json())["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
        async with client.ws_connect(router.socket, protocols=["graphql-transport-ws"]) as socket:
            await socket.send_json({"type": "connection_init", "payload": authorization})
            await socket.receive()
            assert socket.close_code == 1013
        async with client.post(router.url, json={"query": "{ hello }"}) as response:
            assert await response.json() == {"data": {"hello": "world"}}


async def test_keys_that_grow_old_serve_while_they_are_fetched_anew(
    serve: Any, issuer: Issuer, session: HttpSession
) -> None:
    now = 0.0
    async with serve(issuer.app) as server:
        source = HttpJwksSource(f"{server.url}/keys", session, fresh_seconds=300, clock=lambda: now)
        await source.keys()
        issuer.published = KeySet(KEYS[1:]).as_dict()
        now = 301.0
        assert kids(await source.keys()) == ["k1"]
        await source.refreshed_keys()
        assert kids(await source.keys()) == ["k2"]
    assert issuer.asked == 2


async def test_a_key_that_was_withdrawn_long_ago_serves_nobody(
    serve: Any, issuer: Issuer, session: HttpSession
) -> None:
    now = 0.0
    async with serve(issuer.app) as server:
        source = HttpJwksSource(f"{server.url}/keys", session, fresh_seconds=300, clock=lambda: now)
        await source.keys()
        issuer.published = KeySet(KEYS[1:]).as_dict()
        now = 601.0
        assert kids(await source.keys()) == ["k2"]


async def test_an_issuer_that_hangs_holds_up_nobody_twice(serve: Any, issuer: Issuer, session: HttpSession) -> None:
    now = 0.0
    async with serve(issuer.app) as server:
        source = HttpJwksSource(f"{server.url}/keys", session, pause_seconds=10, timeout_seconds=0.1, clock=lambda: now)
        await source.keys()
        issuer.seconds, now = 1.0, 1_000.0
        assert kids(await source.keys()) == ["k1"]
        now = 1_020.0
        async with asyncio.timeout(0.05):
            assert kids(await source.keys()) == ["k1"]
        await source.refreshed_keys()
    assert issuer.asked == 3


@pytest.mark.parametrize(
    "other",
    [
        {"kty": "AKP", "kid": "k0"},
        {"kty": "EC", "kid": "k0", "crv": "P-999", "x": "AA", "y": "AA"},
        {"kty": "OKP", "kid": "k0", "crv": "Ed25519", "x": "A"},
        {"kty": ["OKP"], "kid": "k0"},
        {"kid": "k0"},
        "k0",
    ],
)
async def test_a_key_of_an_unknown_kind_spoils_no_other(
    serve: Any, issuer: Issuer, session: HttpSession, other: Any
) -> None:
    issuer.published = {"keys": [other, {**KEYS[0].as_dict(private=False)}]}
    async with serve(issuer.app) as server:
        assert kids(await HttpJwksSource(f"{server.url}/keys", session).keys()) == ["k1"]
