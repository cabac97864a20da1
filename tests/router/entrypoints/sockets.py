"""A client of graphql-transport-ws, as bare as it can be."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from router.auth import CheckedToken, TokenRefused

PROTOCOL = Subprotocol("graphql-transport-ws")


class Tokens:
    """Good is any token that names when it ends: `until-<seconds since 1970>`."""

    async def check(self, token: str) -> CheckedToken:
        if not token.startswith("until-"):
            raise TokenRefused("The access token is not valid.")
        return CheckedToken("ada", float(token.removeprefix("until-")), {})


async def send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def receive(socket: ClientConnection) -> Any:
    return json.loads(await asyncio.wait_for(socket.recv(), 5))


async def close_code(socket: ClientConnection) -> int:
    async with asyncio.timeout(5):
        async for _ in closing(socket):
            pass
    assert socket.close_code is not None
    return socket.close_code


async def closing(socket: ClientConnection) -> AsyncIterator[Any]:
    with suppress(ConnectionClosed):
        while True:
            yield await socket.recv()


@asynccontextmanager
async def acknowledged(router: Any, payload: Any = None) -> AsyncIterator[ClientConnection]:
    async with connect(router.socket, subprotocols=[PROTOCOL], max_size=None) as socket:
        await send(socket, type="connection_init", payload=payload)
        assert await receive(socket) == {"type": "connection_ack"}
        yield socket


async def subscribe(socket: ClientConnection, query: str, operation_id: str = "1", **more: Any) -> None:
    await send(socket, type="subscribe", id=operation_id, payload={"query": query, **more})


@asynccontextmanager
async def eventually_acknowledged(router: Any) -> AsyncIterator[ClientConnection]:
    """The router may not have seen yet that another has gone."""
    while True:
        with suppress(InvalidStatus):
            async with acknowledged(router) as socket:
                yield socket
            return
        await asyncio.sleep(0.01)
