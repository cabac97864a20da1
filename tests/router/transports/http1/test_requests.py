"""What is sent: the bytes of a head, and what is never sent."""

import asyncio
from typing import Any

import pytest

from router.transports.base import SubgraphRequest, TransportError
from router.transports.http1.address import Address, Origin
from router.transports.http1.errors import CannotSend
from router.transports.http1.head import HeadTemplate
from tests.router.transports.http1.servers import counted, read_request


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://clinic/graphql", Address(Origin("clinic", 80, False), "clinic", "/graphql")),
        ("http://clinic:8000/graphql", Address(Origin("clinic", 8000, False), "clinic:8000", "/graphql")),
        ("https://clinic", Address(Origin("clinic", 443, True), "clinic", "/")),
        ("https://clinic:80/?a=b#part", Address(Origin("clinic", 80, True), "clinic:80", "/?a=b")),
        ("http://[::1]:4000/graphql", Address(Origin("::1", 4000, False), "[::1]:4000", "/graphql")),
        ("http://[::1]/graphql", Address(Origin("::1", 80, False), "[::1]", "/graphql")),
        (
            "http://klinik-köln.example/ä b",
            Address(Origin("xn--klinik-kln-lcb.example", 80, False), "xn--klinik-kln-lcb.example", "/%C3%A4%20b"),
        ),
        ("http://clinic/a%0d%0ab", Address(Origin("clinic", 80, False), "clinic", "/a%0D%0Ab")),
    ],
)
def test_a_url_says_whom_to_ask_and_how(url: str, address: Address) -> None:
    assert Address.of(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "clinic",
        "/graphql",
        "ftp://clinic/",
        "http://",
        "http://user:secret@clinic/",
        "http://secret@clinic/",
        "http://clinic:secret/",
        "http://clinic:0/",
        "http://[secret/",
    ],
)
def test_what_is_no_address_of_a_server_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(CannotSend) as refused:
        Address.of(url)
    assert "secret" not in str(refused.value)


def test_a_head_is_what_the_server_must_know_and_what_the_request_brings() -> None:
    template = HeadTemplate(Address.of("http://clinic:8000/graphql"), {"content-type": "application/json"})
    assert template.filled({"authorization": "Bearer x", "x-name": "Zoë\t1"}, 42) == (
        b"POST /graphql HTTP/1.1\r\n"
        b"host: clinic:8000\r\n"
        b"accept-encoding: gzip, deflate\r\n"
        b"content-type: application/json\r\n"
        b"authorization: Bearer x\r\n"
        b"x-name: Zo\xeb\t1\r\n"
        b"content-length: 42\r\n\r\n"
    )


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "Content-Length",
        "transfer-encoding",
        "Connection",
        "TE",
        "Trailer",
        "upgrade",
        "expect",
        "Keep-Alive",
        "proxy-connection",
        "Accept-Encoding",
        "Content-Type",
    ],
)
def test_no_header_of_a_request_takes_the_place_of_the_clients_own(name: str) -> None:
    template = HeadTemplate(Address.of("http://clinic/"), {"content-type": "application/json"})
    assert template.filled({name: "x"}, 1) == template.filled({}, 1)


INJECTED = {
    "CR LF": {"x-name": "a\r\nx-role: admin"},
    "LF": {"x-name": "a\nx-role: admin"},
    "CR": {"x-name": "a\rb"},
    "NUL": {"x-name": "a\0b"},
    "DEL": {"x-name": "ä\x7f"},
    "what latin-1 does not have": {"x-name": "☃"},
    "a name with CR LF": {"x\r\nx-role": "admin"},
    "a name with a colon": {"x-role: admin\r\nx": "y"},
    "a name with a space": {"x role": "admin"},
    "a name in letters of its own": {"x-näme": "admin"},
    "no name": {"": "admin"},
}


@pytest.mark.parametrize("headers", INJECTED.values(), ids=INJECTED.keys())
async def test_nothing_is_sent_with_a_header_that_would_not_stay_one(
    raw: Any, transport_to: Any, headers: dict[str, str]
) -> None:
    seen: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await read_request(reader))[0])
        writer.write(counted())

    async with raw(note) as url:
        with pytest.raises(TransportError, match="clinic cannot be asked: a header's"):
            await transport_to(url).execute(SubgraphRequest("clinic", "{ a }", {}, headers=headers))
    assert seen == []


async def test_an_address_with_credentials_is_not_asked_nor_told(transport_to: Any, hello: Any) -> None:
    with pytest.raises(TransportError, match="clinic cannot be asked: a URL with credentials") as refused:
        await transport_to("http://router:secret@127.0.0.1:9/graphql").execute(hello)
    assert "secret" not in str(refused.value)


async def test_a_server_is_found_by_its_name_and_by_ipv6(serve: Any, transport_to: Any, hello: Any) -> None:
    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_request(reader)
        hosts.append(head.partition(b"host: ")[2].split(b"\r\n")[0].decode())
        writer.write(counted())

    hosts: list[str] = []
    try:
        server = await asyncio.start_server(note, "::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    port = server.sockets[0].getsockname()[1]
    async with server:
        assert await transport_to(f"http://[::1]:{port}/graphql").execute(hello) == {"data": {}}
    assert hosts == [f"[::1]:{port}"]
