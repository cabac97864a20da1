"""Replies as servers send them: well in many ways, and badly in more."""

import asyncio
import gzip
import tracemalloc
import zlib
from typing import Any

import pytest

from router.transports.base import TransportError, Unreachable
from router.transports.http1.compression import opened
from router.transports.http1.errors import ReplyTooLarge
from router.transports.http1.reader import HEAD_BYTES
from tests.router.transports.http1.servers import BODY, chunked, counted, read_request, reply

RAW_DEFLATE = zlib.compress(BODY)[2:-4]
BOMB = gzip.compress(b" " * 50_000_000)
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"

GOOD = {
    "counted": counted(),
    "in chunks": chunked(BODY[:4], BODY[4:]),
    "in chunks with a trailer": chunked(BODY, trailers=b"content-encoding: br\r\nx-sum: 1\r\n"),
    "in chunks with extensions": reply(b"b;a=b\r\n" + BODY + b"\r\n0\r\n\r\n", b"transfer-encoding: Chunked"),
    "until the end": reply(),
    "HTTP/1.0 until the end": reply(status=b"HTTP/1.0 200 OK"),
    "after 100": b"HTTP/1.1 100 Continue\r\n\r\n" + counted(),
    "after two of 1xx": b"HTTP/1.1 103 Early Hints\r\ncontent-encoding: br\r\nlink: x\r\n\r\n" * 2 + counted(),
    "gzip": counted(gzip.compress(BODY), b"content-encoding: gzip"),
    "x-gzip": counted(gzip.compress(BODY), b"Content-Encoding: X-GZIP"),
    "gzip in two": counted(gzip.compress(BODY[:5]) + gzip.compress(BODY[5:]), b"content-encoding: gzip"),
    "deflate": counted(zlib.compress(BODY), b"content-encoding: deflate"),
    "deflate without its frame": counted(RAW_DEFLATE, b"content-encoding: deflate"),
    "identity": counted(BODY, b"content-encoding: identity"),
    "without a reason": reply(BODY, b"content-length: 11", status=b"HTTP/1.1 200"),
}

BAD = {
    "garbage": (b"garbage" + counted(), "not HTTP/1.1"),
    "another protocol": (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", "not HTTP/1.1"),
    "a length that is none": (reply(BODY, b"content-length: eleven"), "not HTTP/1.1"),
    "two lengths": (reply(BODY, b"content-length: 11", b"content-length: 12"), "not HTTP/1.1"),
    "a length and chunks": (chunked(BODY).replace(b"\r\n", b"\r\ncontent-length: 3\r\n", 1), "not HTTP/1.1"),
    "a chunk's length that is none": (reply(b"xyz\r\n", b"transfer-encoding: chunked"), "not HTTP/1.1"),
    "a transfer encoding": (reply(BODY, b"transfer-encoding: gzip"), "a transfer encoding that was not asked for"),
    "an encoding": (counted(BODY, b"content-encoding: br"), "an encoding that was not asked for"),
    "two encodings": (
        counted(BODY, b"content-encoding: gzip", b"content-encoding: gzip"),
        "an encoding that was not asked for",
    ),
    "another gzip": (counted(BODY, b"content-encoding: gzip"), "cannot be opened"),
    "a gzip of 2,000 parts": (counted(gzip.compress(b"") * 2_000, b"content-encoding: gzip"), "too many parts"),
    "half a gzip": (counted(gzip.compress(BODY)[:-9], b"content-encoding: gzip"), "breaks off"),
    "an upgrade": (SWITCHED, "another protocol"),
    "more than allowed": (counted(b" " * 100_001), "more than 100000 bytes"),
    "more than allowed in chunks": (chunked(*[b" " * 10_000] * 11), "more than 100000 bytes"),
    "more than allowed until the end": (reply(b" " * 100_001), "more than 100000 bytes"),
    "a bomb": (counted(BOMB, b"content-encoding: gzip"), "more than 100000 bytes"),
    "a bomb in two": (
        counted(gzip.compress(b" " * 60_000) * 2, b"content-encoding: gzip"),
        "more than 100000 bytes",
    ),
    "a large head": (counted(BODY, *[b"x-header: " + b"x" * 90] * 400), "more than 100000 bytes"),
    "large trailers": (chunked(BODY, trailers=(b"x: " + b"x" * 90 + b"\r\n") * 400), "more than 100000 bytes"),
    "many of 1xx": (b"HTTP/1.1 102 Processing\r\na: b\r\n\r\n" * 2_000, "more than 100000 bytes"),
}


@pytest.mark.parametrize("answer", GOOD.values(), ids=GOOD.keys())
async def test_a_reply_is_read_however_it_is_framed(
    answering: Any, transport_to: Any, hello: Any, answer: bytes
) -> None:
    async with answering(answer) as url:
        assert await transport_to(url).execute(hello) == {"data": {}}


@pytest.mark.parametrize("name", ["counted", "in chunks with a trailer", "after two of 1xx", "gzip in two"])
async def test_a_reply_may_come_byte_by_byte(raw: Any, transport_to: Any, hello: Any, name: str) -> None:
    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for byte in GOOD[name]:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)

    async with raw(dribble) as url:
        assert await transport_to(url).execute(hello) == {"data": {}}


@pytest.mark.parametrize(("answer", "why"), BAD.values(), ids=BAD.keys())
async def test_a_reply_that_is_none_is_refused(
    answering: Any, transport_to: Any, hello: Any, answer: bytes, why: str
) -> None:
    async with answering(answer) as url:
        with pytest.raises(TransportError, match=why) as refused:
            await transport_to(url).execute(hello)
    assert not isinstance(refused.value, Unreachable)
    assert "127.0.0.1" not in str(refused.value)


@pytest.mark.parametrize("name", ["counted", "in chunks", "gzip", "after 100"])
async def test_a_reply_that_is_cut_off_is_none(answering: Any, transport_to: Any, hello: Any, name: str) -> None:
    for length in range(1, len(GOOD[name]), 7):
        async with answering(GOOD[name][:length]) as url:
            with pytest.raises(Unreachable, match="clinic cannot be reached: CutOff"):
                await transport_to(url).execute(hello)


ENDLESS = {
    "a head": (b"HTTP/1.1 200 OK\r\nx: ", b"x" * 1_000, HEAD_BYTES),
    "a chunk's extension": (reply(b"1;", b"transfer-encoding: chunked"), b"x" * 1_000, HEAD_BYTES + 200_000),
    "a trailer": (chunked(BODY)[:-2] + b"x: ", b"x" * 1_000, HEAD_BYTES + 200_000),
}


@pytest.mark.parametrize(("begin", "more", "at_most_bytes"), ENDLESS.values(), ids=ENDLESS.keys())
async def test_what_has_no_end_is_not_waited_for(
    raw: Any, transport_to: Any, hello: Any, begin: bytes, more: bytes, at_most_bytes: int
) -> None:
    written = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await read_request(reader)
        writer.write(begin)
        while True:
            writer.write(more)
            await writer.drain()
            written += len(more)
            await asyncio.sleep(0)

    async with raw(endless) as url:
        with pytest.raises(TransportError, match="more than 100000 bytes"):
            await transport_to(url).execute(hello)
    assert written < at_most_bytes + 500_000


async def test_a_redirect_is_not_followed(raw: Any, transport_to: Any, hello: Any) -> None:
    asked = 0

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await read_request(reader)
        asked += 1
        moved = b"HTTP/1.1 307 Temporary Redirect"
        writer.write(reply(b"", b"location: /graphql", b"content-length: 0", status=moved))

    async with raw(elsewhere) as url:
        with pytest.raises(TransportError, match="answered 307"):
            await transport_to(url).execute(hello)
    assert asked == 1


async def test_a_body_that_would_be_too_large_is_not_waited_for(raw: Any, transport_to: Any, hello: Any) -> None:
    async def announcing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(reply(b"", b"content-length: 100001"))
        await reader.read()

    async with raw(announcing) as url:
        with pytest.raises(TransportError, match="more than 100000 bytes"):
            await transport_to(url).execute(hello)


def test_a_bomb_is_opened_no_further_than_a_reply_may_be_large() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ReplyTooLarge):
            opened(BOMB, "gzip", 100_000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
