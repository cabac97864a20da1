"""HTTP/1.1 on both ends of a router, as cheap as Python has it: the router is what is measured."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httptools

Answer = Callable[[bytes, bytes], bytes]
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


class AnsweringConnection(asyncio.Protocol):
    """Answers each request at once with what `answer` gives for its path and body."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._parser = httptools.HttpRequestParser(self)
        self._path, self._body = b"", bytearray()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._body.clear()

    def on_url(self, url: bytes) -> None:
        self._path = url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        answer = self._answer(self._path, bytes(self._body))
        self._transport.write(_HEAD % len(answer) + answer)


class AskingConnection(asyncio.Protocol):
    """Sends the same request again as soon as it is answered, until it is told to stop."""

    def __init__(self, request: bytes, took: list[float]) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stopping = False
        self._request, self._took = request, took
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(error or ConnectionError("The router closed a connection."))

    def on_message_complete(self) -> None:
        self._took.append(time.perf_counter() - self._asked_at)
        if self._parser.get_status_code() != 200:
            self.ended.set_exception(ConnectionError(f"The router answered {self._parser.get_status_code()}."))
        elif self.stopping:
            self.ended.set_result(None)
            self._transport.close()
        else:
            self._ask()

    def _ask(self) -> None:
        self._asked_at = time.perf_counter()
        self._transport.write(self._request)


def post(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def load(port: int, request: bytes, seconds: float, connections: int) -> list[float]:
    """The seconds that each request took."""
    loop, took = asyncio.get_running_loop(), list[float]()
    asking = [
        (await loop.create_connection(lambda: AskingConnection(request, took), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    for connection in asking:
        connection.stopping = True
    await asyncio.gather(*(connection.ended for connection in asking))
    return took
