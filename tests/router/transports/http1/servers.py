"""Servers that speak bytes: what they read, and what they answer."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

BODY = b'{"data":{}}'
STALE = b'{"data":{"hello":"for somebody else"}}'


def reply(body: bytes = BODY, *headers: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    """With exactly these headers."""
    return b"\r\n".join((status, *headers, b"", body))


def counted(body: bytes = BODY, *headers: bytes) -> bytes:
    return reply(body, b"content-length: %d" % len(body), *headers)


def chunked(*parts: bytes, trailers: bytes = b"") -> bytes:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return reply(chunks + b"0\r\n" + trailers + b"\r\n", b"transfer-encoding: chunked")


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    return head, await reader.readexactly(length_of(head))


def length_of(head: bytes) -> int:
    return int(head.lower().partition(b"\r\ncontent-length:")[2].split(b"\r\n")[0])


class ThreadedServer:
    """Acts while the loop of the test stands still; each connection does what is put in `acts`, one after the other."""

    def __init__(self, listener: socket.socket) -> None:
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
        self.acts: Queue[bytes | None] = Queue()
        self.acted = threading.Event()
        self._listener = listener

    def act(self, what: bytes | None) -> None:
        """Sends bytes over the first connection, or closes it; returns when that has arrived."""
        self.acted.clear()
        self.acts.put(what)
        self.acted.wait(5)
        threading.Event().wait(0.05)

    def run(self) -> None:
        first, _ = self._listener.accept()
        with first:
            answer_one(first)
            while (what := self.acts.get()) is not None:
                first.sendall(what)
                self.acted.set()
        self.acted.set()
        second, _ = self._listener.accept()
        with second:
            answer_one(second)


def answer_one(connection: socket.socket) -> None:
    read = b""
    while b"\r\n\r\n" not in read or len(read.partition(b"\r\n\r\n")[2]) < length_of(read):
        read += connection.recv(65_536)
    connection.sendall(counted())


@contextmanager
def threaded_server() -> Iterator[ThreadedServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = ThreadedServer(listener)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield server
        server.acts.put(None)
