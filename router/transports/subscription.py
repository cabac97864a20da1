"""Subscriptions to a subgraph over graphql-transport-ws: a socket for each, closed with it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any

import aiohttp
import orjson

from router.transports.base import Load, SubgraphRequest, TransportError, Unreachable
from router.transports.session import HttpSession
from router.transports.signatures import Signer
from router.transports.wire import checked_response, decoded, encoded, is_list_of_objects, request_body, url_of

PROTOCOL = "graphql-transport-ws"
OPERATION_ID = "1"
HEARTBEAT_SECONDS = 20.0
CLOSE_SECONDS = 2.0


class SocketSubscriptions:
    def __init__(
        self,
        urls: Mapping[str, str],
        session: HttpSession,
        *,
        seconds_of: Callable[[str], float],
        event_bytes: int,
        signer: Signer | None = None,
    ) -> None:
        self._signer = signer
        self._urls = urls
        self._session = session
        self._seconds_of = seconds_of
        self._event_bytes = event_bytes

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        """The time-out is for the answer to the greeting; events may take as long as they take."""
        socket = Socket(request.subgraph, await self._connected(request), request.load, self._event_bytes)
        try:
            await socket.subscribe(request, self._seconds_of(request.subgraph))
            async for response in socket.responses():
                yield response
        finally:
            await socket.aclose()

    async def _connected(self, request: SubgraphRequest) -> aiohttp.ClientWebSocketResponse:
        url, headers = url_of(self._urls, request.subgraph), request.headers
        if self._signer is not None:
            headers = self._signer.headers("GET", url, b"", headers)
        try:
            async with asyncio.timeout(self._seconds_of(request.subgraph)):
                return await self._session.get().ws_connect(
                    url,
                    protocols=(PROTOCOL,),
                    headers=headers,
                    heartbeat=HEARTBEAT_SECONDS,
                    max_msg_size=self._event_bytes,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                )
        except TimeoutError:
            raise Unreachable(f"{request.subgraph} did not answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(f"{request.subgraph} cannot be reached: {type(error).__name__}") from error


class Socket:
    def __init__(
        self, subgraph: str, connection: aiohttp.ClientWebSocketResponse, load: Load, event_bytes: int
    ) -> None:
        self._subgraph = subgraph
        self._connection = connection
        self._load = load
        self._event_bytes = event_bytes
        self._ended = False

    async def subscribe(self, request: SubgraphRequest, timeout_seconds: float) -> None:
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._send({"type": "connection_init", "payload": dict(request.headers)})
                await self._acknowledged()
                await self._send({"id": OPERATION_ID, "type": "subscribe", "payload": request_body(request)})
        except TimeoutError:
            raise Unreachable(f"{self._subgraph} did not take up the subscription in time") from None

    async def responses(self) -> AsyncIterator[Mapping[str, Any]]:
        async for message in self._messages():
            match message.get("type"):
                case "next":
                    yield checked_response(self._subgraph, message.get("payload"))
                case "error":
                    self._ended = True
                    yield self._refusal(message.get("payload"))
                    return
                case "complete":
                    self._ended = True
                    return

    async def aclose(self) -> None:
        with suppress(aiohttp.ClientError, OSError, TransportError):
            if not (self._ended or self._connection.closed):
                await self._send({"id": OPERATION_ID, "type": "complete"})
            await self._connection.close()

    async def _acknowledged(self) -> None:
        async for message in self._messages():
            if message.get("type") == "connection_ack":
                return
        raise self._broken()

    async def _messages(self) -> AsyncIterator[dict[str, Any]]:
        """What the subgraph says, pings answered. Ends never but by TransportError or with its reader."""
        while True:
            frame = await self._connection.receive()
            if frame.type is not aiohttp.WSMsgType.TEXT:
                raise self._broken()
            message = self._decoded(frame.data.encode())
            if message.get("type") == "ping":
                await self._send({"type": "pong"})
            else:
                yield message

    def _decoded(self, text: bytes) -> dict[str, Any]:
        self._load.bytes += len(text)
        with suppress(orjson.JSONDecodeError):
            if isinstance(message := decoded(self._subgraph, text, self._event_bytes), dict):
                return message
        raise TransportError(f"{self._subgraph} sent something that is not {PROTOCOL}")

    def _refusal(self, errors: Any) -> Mapping[str, Any]:
        if is_list_of_objects(errors) and errors:
            return {"data": None, "errors": errors}
        raise TransportError(f"{self._subgraph} refused the subscription without saying why")

    async def _send(self, message: Mapping[str, Any]) -> None:
        try:
            await self._connection.send_str(encoded(self._subgraph, message).decode())
        except (aiohttp.ClientError, OSError) as error:
            raise self._broken() from error

    def _broken(self) -> TransportError:
        return TransportError(f"{self._subgraph} ended the subscription's socket ({self._connection.close_code})")
