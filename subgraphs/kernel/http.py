"""A subgraph served over HTTP: `POST /graphql` with a JSON body, and subscriptions over a WebSocket there."""

from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.graphql_request import BadRequest, GraphQLRequest
from subgraphs.kernel.sockets import SubscriptionSocket

MAXIMUM_BYTES = 4_000_000


class TooLarge(Exception):
    """The body has more bytes than are read."""


def subgraph_app(subgraph: Subgraph, *beside: BaseRoute) -> Starlette:
    """`beside`: what else the domain answers."""

    async def graphql(request: Request) -> Response:
        try:
            asked = GraphQLRequest.of(orjson.loads(await limited_body(request, MAXIMUM_BYTES)))
        except TooLarge:
            return _refusal(f"The body has more than {MAXIMUM_BYTES} bytes.", 413)
        except orjson.JSONDecodeError as error:
            return _refusal(f"The body is not JSON: {error}", 400)
        except BadRequest as error:
            return _refusal(str(error), 400)
        answer = await subgraph.execute(asked.query, asked.variables, asked.operation_name, dict(request.headers))
        return _json(answer, 200)

    async def socket(socket: WebSocket) -> None:
        await SubscriptionSocket(subgraph, socket).run()

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"]), WebSocketRoute("/graphql", socket), *beside])


async def limited_body(request: Request, maximum_bytes: int) -> bytes:
    """The body, of which no more is read than that. Raises TooLarge, at once where the request says its length."""
    if _said_length(request) > maximum_bytes:
        raise TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > maximum_bytes:
            raise TooLarge
    return bytes(body)


def _said_length(request: Request) -> int:
    """0 where nothing, or nothing sensible, is said."""
    try:
        return int(request.headers.get("content-length", "0"))
    except ValueError:
        return 0


def _refusal(message: str, status: int) -> Response:
    return _json({"errors": [{"message": message, "extensions": {"code": "BAD_USER_INPUT"}}]}, status)


def _json(content: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
