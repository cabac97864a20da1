"""graphql-transport-ws by hand: a client that knows the protocol and nothing of the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PROTOCOL = Subprotocol("graphql-transport-ws")
CHANGES = """
subscription ($after: String, $doctorId: ID, $patientId: ID, $departmentId: ID) {
  appointmentStatusChanged(after: $after, doctorId: $doctorId, patientId: $patientId, departmentId: $departmentId) {
    cursor previousStatus status changedAt appointment { id status notes patient { id name } doctor { id } }
  }
}
"""


class Ended(Exception):
    """The operation was refused, or is complete."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors)
        self.codes = [error["extensions"]["code"] for error in errors]
        self.reasons = [error["extensions"].get("reason") for error in errors]


class Changes:
    """One subscription on a socket of its own."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @classmethod
    async def opened(cls, url: str, bearer: str | None, document: str = CHANGES, /, **variables: Any) -> Self:
        connection = await connect(f"ws{url.removeprefix('http')}/graphql", subprotocols=[PROTOCOL])
        changes = cls(connection)
        await changes.send({"type": "connection_init", "payload": {"Authorization": bearer} if bearer else {}})
        assert await changes.received() == {"type": "connection_ack"}
        await changes.send({"id": "1", "type": "subscribe", "payload": {"query": document, "variables": variables}})
        return changes

    async def next(self, seconds: float = 10.0) -> dict[str, Any]:
        """The next change. Raises Ended, ConnectionClosed, TimeoutError."""
        async with asyncio.timeout(seconds):
            message = await self.received()
        if message["type"] != "next":
            raise Ended(message.get("payload", []))
        if message["payload"].get("errors"):
            raise Ended(message["payload"]["errors"])
        [change] = message["payload"]["data"].values()
        return dict(change)

    async def close_code(self, seconds: float = 10.0) -> int | None:
        """That of the server's closing, whatever it says before."""
        async with asyncio.timeout(seconds):
            try:
                while True:
                    await self.received()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None

    async def send(self, message: object) -> None:
        text = message if isinstance(message, str) else orjson.dumps(message).decode()
        await self._connection.send(text)

    async def received(self) -> dict[str, Any]:
        return dict(orjson.loads(await self._connection.recv()))

    def cut(self) -> None:
        """As a network does it: without a word to the server."""
        self._connection.transport.abort()

    async def close(self) -> None:
        await self._connection.close()


@asynccontextmanager
async def listening_to(
    url: str, bearer: str | None, document: str = CHANGES, /, **variables: Any
) -> AsyncIterator[Changes]:
    changes = await Changes.opened(url, bearer, document, **variables)
    try:
        yield changes
    finally:
        await changes.close()
