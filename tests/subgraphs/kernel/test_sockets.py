"""Subscriptions of a subgraph, asked for as a router does and as nobody should."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import strawberry
from strawberry.types import Info

from router.transports.base import SubgraphRequest, TransportError
from router.transports.session import HttpSession
from router.transports.signatures import Signer
from router.transports.subscription import PROTOCOL, SocketSubscriptions
from subgraphs.kernel.errors import Forbidden
from subgraphs.kernel.federation import Subgraph, subgraph_schema
from subgraphs.kernel.guarded import Guarded
from subgraphs.kernel.http import MAXIMUM_BYTES, subgraph_app
from subgraphs.kernel.signatures import Guard, Keyring
from tests.subgraphs.kernel.served import served

INIT = {"type": "connection_init"}
SILENCE = '{"type": "subscribe", "id": "1", "payload": {"query": "subscription { silence }"}}'


@strawberry.type
class Query:
    a: int = 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, info: Info, until: int) -> AsyncGenerator[str, None]:
        if info.context is None:
            raise Forbidden("Not yours.")
        for number in range(until):
            yield f"{number} for {info.context.role}"

    @strawberry.subscription
    async def silence(self, ended: int = 0) -> AsyncGenerator[int, None]:
        STILL.add(asyncio.current_task())
        try:
            await asyncio.sleep(60)
            yield ended
        finally:
            STILL.discard(asyncio.current_task())


STILL: set[Any] = set()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "callers.json"
    path.write_text(json.dumps({"router": {"r": "r" * 32}, "other": {"o": "o" * 32}}))
    return path


@pytest.fixture
async def url(base, file: Path) -> AsyncIterator[str]:
    schema = subgraph_schema(query=Query, subscription=Subscription)
    subgraph = Subgraph("things", schema, lambda principal: principal, base.tokens, base.denials)
    guard = Guard(frozenset({"router"}), Keyring(file))
    async with served(Guarded(subgraph_app(subgraph), guard, MAXIMUM_BYTES)) as where:
        yield f"{where}/graphql"


class Asking:
    def __init__(self, url: str, file: Path, caller: str = "router") -> None:
        self.session = HttpSession()
        self.subscriptions = SocketSubscriptions(
            {"things": url},
            self.session,
            seconds_of=lambda _: 5.0,
            event_bytes=10_000,
            signer=Signer(caller, file),
        )

    async def all(self, document: str, bearer: str | None) -> list[Any]:
        headers = {"authorization": bearer} if bearer else {}
        try:
            request = SubgraphRequest("things", document, {}, None, headers)
            return [answer async for answer in self.subscriptions.subscribe(request)]
        finally:
            await self.session.aclose()


async def test_a_router_hears_what_the_bearer_may_hear(url, file, signer):
    heard = await Asking(url, file).all("subscription { ticks(until: 2) }", signer.bearer("DOCTOR"))
    assert heard == [{"data": {"ticks": "0 for DOCTOR"}}, {"data": {"ticks": "1 for DOCTOR"}}]


@pytest.mark.parametrize(("bearer", "code"), [(None, "FORBIDDEN"), ("Bearer forged", "UNAUTHENTICATED")])
async def test_the_token_is_checked_here_as_well(url, file, bearer, code):
    [answer] = await Asking(url, file).all("subscription { ticks(until: 2) }", bearer)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_an_operation_that_is_none_is_an_error_and_not_a_broken_socket(url, file, signer):
    [answer] = await Asking(url, file).all("subscription { nothing }", signer.bearer("DOCTOR"))
    assert "nothing" in answer["errors"][0]["message"]


async def test_another_caller_gets_no_socket(url, file, signer):
    with pytest.raises(TransportError, match="cannot be reached"):
        await Asking(url, file, "other").all("subscription { ticks(until: 1) }", signer.bearer("DOCTOR"))


class Line:
    """A raw socket, signed."""

    def __init__(self, url: str, file: Path) -> None:
        self.url, self.headers = url, Signer("router", file).headers("GET", url, b"", {})

    async def __aenter__(self) -> aiohttp.ClientWebSocketResponse:
        self.session = aiohttp.ClientSession()
        return await self.session.ws_connect(self.url, headers=self.headers, protocols=(PROTOCOL,))

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()


async def closed(line: aiohttp.ClientWebSocketResponse) -> int | None:
    while (await line.receive(5)).type is aiohttp.WSMsgType.TEXT:
        pass
    return line.close_code


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (["not json"], 4400),
        (["[]"], 4400),
        ([SILENCE], 4401),
        ([json.dumps(INIT), json.dumps(INIT)], 4429),
        ([json.dumps(INIT), '{"type": "what"}'], 4400),
        ([json.dumps(INIT), '{"type": "subscribe", "id": 1, "payload": {}}'], 4400),
        ([json.dumps(INIT), '{"type": "subscribe", "id": "1", "payload": null}'], 4400),
        ([json.dumps(INIT), '{"type": "subscribe", "id": "1", "payload": {"query": 1}}'], 4400),
        (
            [
                json.dumps(INIT),
                *['{"type": "subscribe", "id": "1", "payload": {"query": "subscription { silence }"}}'] * 2,
            ],
            4409,
        ),
    ],
)
async def test_what_is_against_the_protocol_closes_the_socket_with_its_code(url, file, texts, code):
    async with Line(url, file) as line:
        for text in texts:
            await line.send_str(text)
        assert await closed(line) == code


async def test_what_is_completed_or_cut_is_not_worked_on_any_longer(url, file):
    async with Line(url, file) as line:
        await line.send_json(INIT)
        for id in ("1", "2"):
            await line.send_json(json.loads(SILENCE) | {"id": id})
        await line.send_json({"type": "ping"})
        await until(lambda: len(STILL) == 2)
        await line.send_json({"type": "complete", "id": "1"})
        await until(lambda: len(STILL) == 1)
    await until(lambda: not STILL)


async def until(true: Any) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to be")
