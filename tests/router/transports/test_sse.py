"""Subscriptions as server-sent events, from servers that keep the protocol and servers that do not."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from router.settings import RouterSettings, SubgraphEvents
from router.transports.base import Load, SubgraphRequest, TransportError, Unreachable
from router.transports.event_stream import Event, EventReader, EventTooLarge
from router.transports.session import HttpSession
from router.transports.signatures import Signer
from router.transports.sse import StreamSubscriptions
from router.transports.stack import remote_transport
from router.transports.subscription import SocketSubscriptions
from tests.router.entrypoints.reading import eventually
from tests.router.entrypoints.sockets import acknowledged, close_code, receive, subscribe

TICKS = SubgraphRequest("clinic", "subscription { ticks }", {"n": 1}, None, {"authorization": "Bearer x"})
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nconnection: close\r\n\r\n"
COMPLETE = b"event: complete\ndata:\n\n"

Write = Callable[[asyncio.StreamWriter], Awaitable[None]]


def tick(number: int) -> bytes:
    return b'event: next\ndata: {"data":{"ticks":%d}}\n\n' % number


@pytest.fixture
def telling(raw: Any) -> Callable[..., Any]:
    """A subgraph that reads one request, which `asked` gets, and then writes these bytes, or as it is told to."""

    def with_bytes(*sent: bytes | Write, asked: asyncio.Future[Any] | None = None) -> Any:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = json.loads(await reader.readexactly(length))
            if asked:
                asked.set_result((head.lower(), body))
            for each in sent:
                if isinstance(each, bytes):
                    writer.write(each)
                    await writer.drain()
                else:
                    await each(writer)

        return raw(handle)

    return with_bytes


@pytest.fixture
def transport_to(transport_to: Any) -> Any:
    def to(url: str, silent_seconds: float = 0.0, **more: Any) -> Any:
        return transport_to(url, events=SubgraphEvents(protocol="graphql-sse", silent_seconds=silent_seconds), **more)

    return to


async def all_of(transport: Any, request: SubgraphRequest = TICKS) -> list[Any]:
    return [event async for event in transport.subscribe(request)]


def pause(seconds: float) -> Write:
    async def wait(_: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)

    return wait


async def test_it_gives_each_event_until_the_end(telling: Any, transport_to: Any) -> None:
    asked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    async with telling(HEAD, tick(0), tick(1), COMPLETE, tick(2), asked=asked) as url:
        assert await all_of(transport_to(url)) == [{"data": {"ticks": 0}}, {"data": {"ticks": 1}}]
    head, body = asked.result()
    assert head.startswith(b"post /graphql ")
    assert b"\r\naccept: text/event-stream" in head
    assert b"\r\ncontent-type: application/json\r\n" in head
    assert b"\r\nauthorization: bearer x\r\n" in head
    assert body == {"query": "subscription { ticks }", "variables": {"n": 1}}


async def test_what_its_events_weigh_is_noted(telling: Any, transport_to: Any) -> None:
    request = replace(TICKS, load=Load())
    async with telling(HEAD, tick(1), tick(2), COMPLETE) as url:
        await all_of(transport_to(url), request)
    assert request.load.bytes == 2 * len(b'{"data":{"ticks":1}}')


async def test_what_a_client_sends_does_not_change_what_is_accepted(telling: Any, transport_to: Any) -> None:
    asked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    request = SubgraphRequest("clinic", "subscription { ticks }", {}, None, {"accept": "text/html"})
    async with telling(HEAD, COMPLETE, asked=asked) as url:
        assert await all_of(transport_to(url), request) == []
    assert b"text/html" not in asked.result()[0]


async def test_it_is_signed(telling: Any, transport_to: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = tmp_path / "callers.json"
    keys.write_text('{"router": {"k1": "a key"}}')
    monkeypatch.setattr("router.transports.signatures.secrets.token_urlsafe", lambda _: "once")
    signer = Signer("router", keys, lambda: 1_800_000_000.0)
    asked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    async with telling(HEAD, COMPLETE, asked=asked) as url:
        await all_of(transport_to(url, signer=signer))
    head, body = asked.result()
    signature = signer.signature("POST", url, json.dumps(body, separators=(",", ":")).encode(), "Bearer x")
    assert f"\r\nhospital-signature: {signature}\r\n".lower().encode() in head


async def test_comments_and_what_is_unknown_are_passed_over(telling: Any, transport_to: Any) -> None:
    others = b":\n\n", b": beat\n\n", b"retry: 5\n\n", b"id: 7\n", b"event: ping\ndata: {}\n\n"
    async with telling(HEAD, *others, tick(1), *others, COMPLETE) as url:
        assert await all_of(transport_to(url)) == [{"data": {"ticks": 1}}]


async def test_an_event_that_comes_in_pieces_is_one(telling: Any, transport_to: Any) -> None:
    pieces = [part for byte in tick(1) + COMPLETE for part in (bytes([byte]), pause(0))]
    async with telling(HEAD, *pieces) as url:
        assert await all_of(transport_to(url)) == [{"data": {"ticks": 1}}]


async def test_a_refusal_before_the_stream_begins_gives_its_errors(answering: Any, transport_to: Any) -> None:
    for status in (b"200 OK", b"400 Bad Request", b"401 Unauthorized"):
        body = b'{"errors":[{"message":"no"}]}'
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
        async with answering(head + body) as url:
            assert await all_of(transport_to(url)) == [{"errors": [{"message": "no"}]}]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\nhello", TransportError),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", TransportError),
        (b"HTTP/1.1 302 Found\r\nlocation: /graphql\r\ncontent-length: 0\r\n\r\n", TransportError),
        (b"HTTP/1.1 503 Busy\r\ncontent-type: text/event-stream\r\ncontent-length: 0\r\n\r\n", Unreachable),
        (b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 2\r\n\r\nno", Unreachable),
        (b"HTTP/1.1 400 Bad\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{", TransportError),
        (
            b'HTTP/1.1 400 Bad\r\ncontent-length: 200027\r\n\r\n{"errors":[{"message":"%b"}]}' % (b"x" * 200_000),
            TransportError,
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{", TransportError),
        (b"what is this", Unreachable),
        (b"", Unreachable),
    ],
)
async def test_what_is_no_stream_and_no_answer_is_a_transport_error(
    answering: Any, transport_to: Any, answer: bytes, error: type[TransportError]
) -> None:
    async with answering(answer) as url:
        with pytest.raises(TransportError) as raised:
            await all_of(transport_to(url))
    assert type(raised.value) is error


@pytest.mark.parametrize("data", [b"[]", b"{", b"", b"1", b'{"data": 1}', b'{"data": null}', b"\xff"])
async def test_an_event_that_is_no_response_is_a_transport_error(telling: Any, transport_to: Any, data: bytes) -> None:
    async with telling(HEAD, b"event: next\ndata: %b\n\n" % data, COMPLETE) as url:
        with pytest.raises(TransportError):
            await all_of(transport_to(url))


async def test_a_stream_that_ends_without_being_completed_is_a_transport_error(telling: Any, transport_to: Any) -> None:
    def abort(writer: asyncio.StreamWriter) -> Any:
        writer.transport.abort()
        return asyncio.sleep(0)

    chunked = HEAD.replace(b"connection: close", b"transfer-encoding: chunked")
    first = b"%x\r\n%b\r\n" % (len(tick(1)), tick(1))
    for sent in ((HEAD, tick(1)), (HEAD, tick(1), b"event: complete\n"), (chunked, first, pause(0.05), abort)):
        async with telling(*sent) as url:
            events = transport_to(url).subscribe(TICKS)
            assert await anext(events) == {"data": {"ticks": 1}}
            with pytest.raises(TransportError, match="the subscription's stream"):
                await anext(events)


async def test_a_stream_that_does_not_begin_in_time_is_given_up(telling: Any, transport_to: Any) -> None:
    for sent in ((pause(2),), (HEAD.replace(b"text/event-stream", b"application/json"), b"{", pause(2))):
        async with telling(*sent) as url:
            with pytest.raises(Unreachable, match="in time"):
                await all_of(transport_to(url, seconds=0.2))


async def test_events_may_take_longer_than_the_beginning(
    telling: Any, transport_to: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiohttp.client.DEFAULT_TIMEOUT", aiohttp.ClientTimeout(total=0.2))
    async with telling(HEAD, pause(0.5), tick(1), COMPLETE) as url:
        assert await all_of(transport_to(url, seconds=0.2)) == [{"data": {"ticks": 1}}]


async def test_a_stream_that_falls_silent_is_given_up(telling: Any, transport_to: Any) -> None:
    beats = [part for _ in range(5) for part in (b":\n\n", pause(0.1))]
    async with telling(HEAD, *beats, tick(1), pause(2)) as url:
        events = transport_to(url, silent_seconds=0.3).subscribe(TICKS)
        assert await anext(events) == {"data": {"ticks": 1}}
        with pytest.raises(TransportError, match="silent"):
            await anext(events)


async def test_an_event_larger_than_allowed_is_a_transport_error(telling: Any, transport_to: Any) -> None:
    large = b'event: next\ndata: {"data":{"ticks":"%b"}}\n\n' % (b"x" * 1_000)
    async with telling(HEAD, large, large, COMPLETE) as url:
        assert len(await all_of(transport_to(url, reply_bytes=1_100))) == 2
    async with telling(HEAD, large) as url:
        with pytest.raises(TransportError, match="more than 900 bytes"):
            await all_of(transport_to(url, reply_bytes=900))


async def test_who_stops_reading_ends_the_stream_upstream(telling: Any, transport_to: Any) -> None:
    ended = asyncio.Event()

    async def until_it_is_closed(writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(b":\n\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        ended.set()

    async with telling(HEAD, tick(1), until_it_is_closed) as url:
        async with aclosing(transport_to(url).subscribe(TICKS)) as events:
            await anext(events)
        await asyncio.wait_for(ended.wait(), 2)


async def test_no_server_is_a_transport_error(transport_to: Any) -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        await all_of(transport_to("http://127.0.0.1:9/graphql"))


LINES = b"event: next\ndata: a\ndata:b\ndata\n\n:\n\nevent:complete\n\ndata: c\n\n"
EVENTS = [Event("next", b"a\nb\n"), Event("complete", b""), Event("", b"c")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_may_end_in_three_ways_and_be_cut_anywhere(end: bytes) -> None:
    text = LINES.replace(b"\n", end)
    for first in range(1, len(text)):
        for second in range(first + 1, len(text)):
            reader = EventReader(100)
            chunks = text[:first], text[first:second], text[second:]
            assert [event for chunk in chunks for event in reader.feed(chunk)] == EVENTS


def test_a_line_without_an_end_and_an_event_without_one_are_too_large() -> None:
    for chunk in (b"x" * 10, b"data: x\n", b"event: x\n"):
        reader = EventReader(100)
        list(reader.feed(chunk * 5))
        with pytest.raises(EventTooLarge):
            list(reader.feed(chunk * 20))


def test_comments_weigh_nothing_however_many_come_before_an_event() -> None:
    reader = EventReader(100)
    assert [event for _ in range(100) for event in reader.feed(b": ping\n")] == []
    assert list(reader.feed(b"data: x\n\n")) == [Event("", b"x")]


def test_a_byte_order_mark_is_no_part_of_the_first_field() -> None:
    assert list(EventReader(100).feed(b"\xef\xbb\xbfevent: next\ndata: x\n\n")) == [Event("next", b"x")]


@pytest.fixture
def behind(start_router: Any, session: HttpSession) -> Any:
    """`async with behind(**settings) as router:` has it before another one, which is its subgraph over HTTP."""

    @asynccontextmanager
    async def starting(**settings: Any) -> AsyncIterator[Any]:
        async with start_router() as subgraph:
            rules = RouterSettings(**settings)
            transport = remote_transport({"clinic": subgraph.url}, rules, session, None)
            async with start_router(transport=transport, **settings) as router:
                yield router

    return starting


EVENTS_OVER_HTTP = {"traffic": {"events": {"protocol_by_name": {"clinic": "graphql-sse"}}}}


async def test_a_subscription_goes_through_two_routers(behind: Any, clinic: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(SocketSubscriptions, "subscribe", None)
    async with behind(**EVENTS_OVER_HTTP) as router, acknowledged(router) as socket:
        await subscribe(socket, "{ hello }")
        assert (await receive(socket))["payload"] == {"data": {"hello": "world"}}
        await receive(socket)
        await subscribe(socket, "subscription S($n: Int) { ticks(count: $n) }", "2", variables={"n": 2})
        told = [(await receive(socket)).get("payload") for _ in range(3)]
        await subscribe(socket, "subscription { broken }", "3")
        assert (await receive(socket))["payload"] == {"data": {"broken": 0}}
        [error] = (await receive(socket))["payload"]["errors"]
    assert told == [{"data": {"ticks": 0}}, {"data": {"ticks": 1}}, None]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


async def test_it_is_asked_over_sockets_where_nothing_else_is_said(behind: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(StreamSubscriptions, "subscribe", None)
    others = {"traffic": {"events": {"protocol_by_name": {"ward": "graphql-sse"}}}}
    async with behind(**others) as router, acknowledged(router) as socket:
        await subscribe(socket, "subscription { ticks(count: 1) }")
        assert (await receive(socket))["payload"] == {"data": {"ticks": 0}}


async def test_header_rules_hold_for_it(behind: Any, clinic: Any) -> None:
    rules = EVENTS_OVER_HTTP["traffic"] | {"headers": {"clinic": {"insert": {"x-request-id": "ours"}}}}
    async with behind(traffic=rules) as router, acknowledged(router) as socket:
        await subscribe(socket, "subscription { ticks(count: 1) }")
        assert (await receive(socket))["payload"] == {"data": {"ticks": 0}}
    assert clinic.seen[0][2]["x-request-id"] == "ours"


async def test_a_router_that_stops_ends_it_upstream(behind: Any, clinic: Any) -> None:
    async with behind(**EVENTS_OVER_HTTP) as router, acknowledged(router) as socket:
        await subscribe(socket, "subscription { forever }")
        assert (await receive(socket))["payload"] == {"data": {"forever": 0}}
        assert clinic.open_streams == 1
        router.server.should_exit = True
        assert await close_code(socket) == 1001
        await eventually(lambda: clinic.open_streams == 0)
