"""Subscriptions of a subgraph over graphql-transport-ws, as routers ask for them: any number on one socket."""

import asyncio
from contextlib import aclosing
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.graphql_request import BadRequest, GraphQLRequest

PROTOCOL = "graphql-transport-ws"
_INIT_SECONDS = 5.0
_NOT_UNDERSTOOD, _UNAUTHORIZED, _TOO_LATE, _TAKEN, _TWICE = 4400, 4401, 4408, 4409, 4429


class _Closed(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class SubscriptionSocket:
    """The headers of the handshake are those of each operation."""

    def __init__(self, subgraph: Subgraph, socket: WebSocket) -> None:
        self._subgraph, self._socket = subgraph, socket
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until either side closes it."""
        await self._socket.accept(subprotocol=PROTOCOL)
        try:
            await self._greeting()
            while True:
                await self._take(await self._message())
        except WebSocketDisconnect:
            pass
        except _Closed as closed:
            await self._socket.close(closed.code, closed.reason)
        finally:
            for operation in self._operations.values():
                operation.cancel()

    async def _greeting(self) -> None:
        try:
            async with asyncio.timeout(_INIT_SECONDS):
                first = await self._message()
        except TimeoutError:
            raise _Closed(_TOO_LATE, "Connection initialisation timeout") from None
        if first.get("type") != "connection_init":
            raise _Closed(_UNAUTHORIZED, "Unauthorized")
        await self._send({"type": "connection_ack"})

    async def _take(self, message: dict[str, Any]) -> None:
        id = message.get("id")
        match message.get("type"):
            case "ping":
                await self._send({"type": "pong"})
            case "pong":
                pass
            case "connection_init":
                raise _Closed(_TWICE, "Too many initialisation requests")
            case "subscribe" if isinstance(id, str):
                self._begin(id, message.get("payload"))
            case "complete" if isinstance(id, str):
                if (operation := self._operations.pop(id, None)) is not None:
                    operation.cancel()
            case _:
                raise _Closed(_NOT_UNDERSTOOD, "Not a message of this protocol")

    def _begin(self, id: str, payload: Any) -> None:
        if id in self._operations:
            raise _Closed(_TAKEN, "Subscriber already exists")
        try:
            asked = GraphQLRequest.of(payload)
        except BadRequest as error:
            raise _Closed(_NOT_UNDERSTOOD, str(error)) from None
        self._operations[id] = asyncio.create_task(self._tell(id, asked), name="subscription")

    async def _tell(self, id: str, asked: GraphQLRequest) -> None:
        headers = dict(self._socket.headers)
        answers = self._subgraph.subscribe(asked.query, asked.variables, asked.operation_name, headers)
        async with aclosing(answers):  # type: ignore[type-var]  # an async generator, said to be an iterator
            async for answer in answers:
                await self._send({"id": id, "type": "next", "payload": answer})
        self._operations.pop(id, None)
        await self._send({"id": id, "type": "complete"})

    async def _message(self) -> dict[str, Any]:
        try:
            message = orjson.loads(await self._socket.receive_text())
        except (orjson.JSONDecodeError, KeyError):
            raise _Closed(_NOT_UNDERSTOOD, "Not JSON") from None
        if not isinstance(message, dict):
            raise _Closed(_NOT_UNDERSTOOD, "Not an object")
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send_text(orjson.dumps(message).decode())
