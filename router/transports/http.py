"""GraphQL over HTTP to a subgraph."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import aiohttp
import orjson

from router.transports.base import SubgraphRequest, TransportError, Unreachable
from router.transports.session import HttpSession
from router.transports.signatures import Signer
from router.transports.subscription import SocketSubscriptions
from router.transports.wire import checked_response, encoded, request_body, url_of

ACCEPT = "application/graphql-response+json, application/json;q=0.9"


class HttpTransport:
    def __init__(
        self,
        urls: Mapping[str, str],
        session: HttpSession,
        *,
        seconds_of: Callable[[str], float],
        mutation_seconds: float = 30.0,
        reply_bytes: int,
        signer: Signer | None = None,
    ) -> None:
        self._signer = signer
        self._mutation_seconds = mutation_seconds
        self._urls = urls
        self._session = session
        self._seconds_of = seconds_of
        self._reply_bytes = reply_bytes
        self._subscriptions = SocketSubscriptions(
            urls, session, seconds_of=seconds_of, event_bytes=reply_bytes, signer=signer
        )

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        try:
            status, body = await self._post(request)
        except TimeoutError:
            raise Unreachable(f"{request.subgraph} did not answer in time") from None
        except ValueError as error:
            raise TransportError(f"{request.subgraph} cannot be asked: {type(error).__name__}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"{request.subgraph} cannot be reached: {type(error).__name__}") from error
        return graphql_response(request.subgraph, status, body)

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        return self._subscriptions.subscribe(request)

    def _seconds(self, request: SubgraphRequest) -> float:
        return self._mutation_seconds if request.is_mutation else self._seconds_of(request.subgraph)

    async def _post(self, request: SubgraphRequest) -> tuple[int, bytes]:
        url, body = url_of(self._urls, request.subgraph), encoded(request.subgraph, request_body(request))
        headers = {**request.headers, "content-type": "application/json", "accept": ACCEPT}
        if self._signer is not None:
            headers = self._signer.headers("POST", url, body, headers)
        async with self._session.get().post(
            url,
            data=body,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=self._seconds(request)),
            allow_redirects=False,
        ) as response:
            return response.status, await self._read(response, request.subgraph)

    async def _read(self, response: aiohttp.ClientResponse, subgraph: str) -> bytes:
        chunks: list[bytes] = []
        left = self._reply_bytes
        async for chunk in response.content.iter_any():
            left -= len(chunk)
            if left < 0:
                raise TransportError(f"{subgraph} answered with more than {self._reply_bytes} bytes")
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def graphql_response(subgraph: str, status: int, body: bytes) -> Mapping[str, Any]:
    """A GraphQL response counts whatever its status; anything else does not."""
    try:
        return checked_response(subgraph, orjson.loads(body))
    except orjson.JSONDecodeError:
        raise TransportError(f"{subgraph} answered {status} with something that is not JSON") from None
