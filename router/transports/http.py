"""GraphQL over HTTP to a subgraph."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from router.settings import SubgraphEvents
from router.transports.base import SubgraphRequest, TransportError, Unreachable
from router.transports.http1.address import Address
from router.transports.http1.connection import Message
from router.transports.http1.errors import BadReply, CannotSend, ReplyTooLarge
from router.transports.http1.head import HeadTemplate
from router.transports.http1.pool import Pool
from router.transports.http1.reader import Reply
from router.transports.session import HttpSession
from router.transports.signatures import Signer
from router.transports.sse import StreamSubscriptions
from router.transports.subscription import SocketSubscriptions
from router.transports.wire import encoded, graphql_response, request_body, url_of

HEADERS = {
    "content-type": "application/json",
    "accept": "application/graphql-response+json, application/json;q=0.9",
}


class Way(NamedTuple):
    """To one subgraph."""

    url: str
    pool: Pool
    head: HeadTemplate


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
        events: SubgraphEvents = SubgraphEvents(),
    ) -> None:
        self._signer = signer
        self._mutation_seconds = mutation_seconds
        self._urls = urls
        self._session = session
        self._seconds_of = seconds_of
        self._reply_bytes = reply_bytes
        self._ways: dict[str, Way] = {}
        self._events = events
        self._sockets = SocketSubscriptions(
            urls, session, seconds_of=seconds_of, event_bytes=reply_bytes, signer=signer
        )
        self._streams = StreamSubscriptions(
            urls,
            session,
            seconds_of=seconds_of,
            silent_seconds=events.silent_seconds,
            event_bytes=reply_bytes,
            signer=signer,
        )

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        subgraph = request.subgraph
        try:
            status, body = await self._post(request)
        except TimeoutError:
            raise Unreachable(f"{subgraph} did not answer in time") from None
        except CannotSend as error:
            raise TransportError(f"{subgraph} cannot be asked: {error}") from None
        except ReplyTooLarge:
            raise TransportError(f"{subgraph} answered with more than {self._reply_bytes} bytes") from None
        except BadReply as error:
            raise TransportError(f"{subgraph} answered with {error}") from None
        except (OSError, ValueError) as error:
            raise Unreachable(f"{subgraph} cannot be reached: {type(error).__name__}") from error
        request.load.bytes += len(body)
        return graphql_response(subgraph, status, body, self._reply_bytes)

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        over_http = self._events.protocol_of(request.subgraph) == "graphql-sse"
        return (self._streams if over_http else self._sockets).subscribe(request)

    def _post(self, request: SubgraphRequest) -> Awaitable[Reply]:
        way = self._way(request.subgraph)
        body, headers = encoded(request.subgraph, request_body(request)), request.headers
        if self._signer is not None:
            headers = self._signer.headers("POST", way.url, body, headers)
        return way.pool.ask(
            Message(
                way.head.filled(headers, len(body)),
                body,
                deadline=way.pool.deadline(self._seconds(request)),
                reply_bytes=self._reply_bytes,
                repeatable=not request.is_mutation,
            )
        )

    def _way(self, subgraph: str) -> Way:
        """Addresses may change when the supergraph does."""
        url, known = url_of(self._urls, subgraph), self._ways.get(subgraph)
        if known is not None and known.url == url:
            return known
        address = Address.of(url)
        way = Way(url, self._session.pool(address.origin), HeadTemplate(address, HEADERS))
        self._ways[subgraph] = way
        return way

    def _seconds(self, request: SubgraphRequest) -> float:
        return self._mutation_seconds if request.is_mutation else self._seconds_of(request.subgraph)
