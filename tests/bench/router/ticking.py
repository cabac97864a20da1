"""A subgraph that tells all its subscribers the same, over graphql-transport-ws."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

TICKER = Path(__file__).with_name("ticker")
TICKED = "subscription { ticked { at number status room } }"


class Ticker:
    def __init__(self) -> None:
        self._subscribers: set[tuple[ServerConnection, str]] = set()

    @property
    def subscribers(self) -> int:
        return len(self._subscribers)

    async def tick(self, number: int) -> None:
        """Tells when it was told, in seconds of this process's clock."""
        at = time.perf_counter()
        payload = {"data": {"ticked": {"at": at, "number": number, "status": "ACCEPTED", "room": f"R{number % 7}"}}}
        for connection, id in list(self._subscribers):
            await connection.send(orjson.dumps({"id": id, "type": "next", "payload": payload}).decode())

    async def take(self, connection: ServerConnection) -> None:
        own: set[tuple[ServerConnection, str]] = set()
        try:
            async for text in connection:
                await self._answer(connection, orjson.loads(text), own)
        except ConnectionClosed:
            pass
        finally:
            self._subscribers -= own

    async def _answer(
        self, connection: ServerConnection, message: dict[str, Any], own: set[tuple[ServerConnection, str]]
    ) -> None:
        match message["type"]:
            case "connection_init":
                await connection.send('{"type":"connection_ack"}')
            case "ping":
                await connection.send('{"type":"pong"}')
            case "subscribe":
                own.add((connection, message["id"]))
                self._subscribers.add((connection, message["id"]))
            case "complete":
                own.discard((connection, message["id"]))
                self._subscribers.discard((connection, message["id"]))


@asynccontextmanager
async def ticking() -> AsyncIterator[tuple[Ticker, int]]:
    """With the port where it is served."""
    ticker = Ticker()
    async with serve(
        ticker.take, "127.0.0.1", 0, subprotocols=[Subprotocol("graphql-transport-ws")], compression=None, backlog=2_000
    ) as server:
        yield ticker, server.sockets[0].getsockname()[1]
