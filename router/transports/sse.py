"""Subscriptions to a subgraph as server-sent events (graphql-sse, distinct connections): a POST for each.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from router.transports.base import SubgraphRequest, TransportError, Unreachable
from router.transports.event_stream import Event, EventReader, EventTooLarge
from router.transports.session import HttpSession
from router.transports.signatures import Signer
from router.transports.wire import checked_response, decoded, encoded, graphql_response, request_body, url_of

EVENT_STREAM = "text/event-stream"
HEADERS = {
    "content-type": "application/json",
    "accept": f"{EVENT_STREAM}, application/graphql-response+json;q=0.9, application/json;q=0.8",
    "accept-encoding": "identity",
}
NO_TIME_OUT = aiohttp.ClientTimeout(total=None)


class StreamSubscriptions:
    def __init__(
        self,
        urls: Mapping[str, str],
        session: HttpSession,
        *,
        seconds_of: Callable[[str], float],
        silent_seconds: float,
        event_bytes: int,
        signer: Signer | None = None,
    ) -> None:
        self._urls = urls
        self._session = session
        self._seconds_of = seconds_of
        self._silent_seconds = silent_seconds or None
        self._event_bytes = event_bytes
        self._signer = signer

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        """The time-out is for the beginning of the stream; events may take as long as they take."""
        response = await self._begun(request)
        try:
            if response.content_type == EVENT_STREAM and response.status == HTTPStatus.OK:
                async with aclosing(self._responses(request, response)) as responses:
                    async for each in responses:
                        yield each
            else:
                yield await self._refusal(request, response)
        finally:
            response.close()

    async def _begun(self, request: SubgraphRequest) -> aiohttp.ClientResponse:
        subgraph, url = request.subgraph, url_of(self._urls, request.subgraph)
        body, headers = encoded(subgraph, request_body(request)), request.headers
        if self._signer is not None:
            headers = self._signer.headers("POST", url, body, headers)
        headers = {**headers, **HEADERS}
        try:
            async with asyncio.timeout(self._seconds_of(subgraph)):
                return await self._session.get().post(
                    url, data=body, headers=headers, timeout=NO_TIME_OUT, allow_redirects=False
                )
        except TimeoutError:
            raise Unreachable(f"{subgraph} did not answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(f"{subgraph} cannot be reached: {type(error).__name__}") from error

    async def _responses(
        self, request: SubgraphRequest, response: aiohttp.ClientResponse
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        async for event in self._events(request.subgraph, response):
            if event.name == "complete":
                return
            if event.name == "next":
                request.load.bytes += len(event.data)
                yield self._told(request.subgraph, event.data)
        raise TransportError(f"{request.subgraph} ended the subscription's stream without a word")

    async def _events(self, subgraph: str, response: aiohttp.ClientResponse) -> AsyncIterator[Event]:
        reader = EventReader(self._event_bytes)
        try:
            while chunk := await self._chunk(response):
                for event in reader.feed(chunk):
                    yield event
        except EventTooLarge:
            raise TransportError(f"{subgraph} sent an event of more than {self._event_bytes} bytes") from None
        except TimeoutError:
            raise TransportError(f"{subgraph} was silent for {self._silent_seconds} seconds") from None
        except (aiohttp.ClientError, OSError) as error:
            raise TransportError(f"{subgraph} cut the subscription's stream off: {type(error).__name__}") from error

    async def _chunk(self, response: aiohttp.ClientResponse) -> bytes:
        async with asyncio.timeout(self._silent_seconds):
            return await response.content.readany()

    def _told(self, subgraph: str, data: bytes) -> Mapping[str, Any]:
        try:
            return checked_response(subgraph, decoded(subgraph, data, self._event_bytes))
        except orjson.JSONDecodeError:
            raise TransportError(f"{subgraph} sent an event that is not JSON") from None

    async def _refusal(self, request: SubgraphRequest, response: aiohttp.ClientResponse) -> Mapping[str, Any]:
        """A GraphQL response in the place of a stream, most often of errors alone, is all there is."""
        subgraph, body = request.subgraph, bytearray()
        try:
            async with asyncio.timeout(self._seconds_of(subgraph)):
                while chunk := await response.content.readany():
                    body += chunk
                    if len(body) > self._event_bytes:
                        raise TransportError(f"{subgraph} answered with more than {self._event_bytes} bytes")
        except TimeoutError:
            raise Unreachable(f"{subgraph} did not answer in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise TransportError(f"{subgraph} cut its answer off: {type(error).__name__}") from error
        request.load.bytes += len(body)
        return graphql_response(subgraph, response.status, bytes(body), self._event_bytes)
