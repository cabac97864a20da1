"""A subgraph served over HTTP: `POST /graphql` with a JSON body, and `GET /readyz`."""

from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subgraphs.kernel.federation import Subgraph

MAXIMUM_BYTES = 4_000_000


def subgraph_app(subgraph: Subgraph) -> Starlette:
    async def graphql(request: Request) -> Response:
        fields = _fields(await request.body())
        if fields is None:
            return _json({"errors": [{"message": "Expected a JSON object with a `query`."}]}, 400)
        answer = await subgraph.execute(
            fields["query"], fields.get("variables") or {}, fields.get("operationName"), dict(request.headers)
        )
        return _json(answer, 200)

    async def ready(request: Request) -> Response:
        return _json({"status": "ready"}, 200)

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"]), Route("/readyz", ready)])


def _fields(body: bytes) -> dict[str, Any] | None:
    try:
        fields = orjson.loads(body) if len(body) <= MAXIMUM_BYTES else None
    except orjson.JSONDecodeError:
        return None
    if not isinstance(fields, dict) or not isinstance(fields.get("query"), str):
        return None
    return fields if isinstance(fields.get("variables") or {}, dict) else None


def _json(content: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
