"""GraphQL over HTTP, GET and POST (the specification's draft of 2025)."""

import asyncio
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from router.auth import Authenticator
from router.context import RequestContext
from router.entrypoints.answers import MethodRefused, answered, failure_response, refusal_response
from router.entrypoints.framing import FRAMINGS, DeferredParts, Framing
from router.entrypoints.headers import REQUEST_ID, first_values, forwarded
from router.entrypoints.incremental import Begun, accepts_parts
from router.entrypoints.negotiation import (
    EVENT_STREAM,
    JSON,
    RESPONSE_JSON,
    acceptable_media_type,
    acceptable_stream,
    is_json,
)
from router.entrypoints.origins import refuse_other_sites
from router.entrypoints.parameters import decode_json, graphql_request
from router.entrypoints.streams import OpenStreams
from router.errors import RequestRefused, refused
from router.heads import BODY
from router.live import LivePipeline
from router.pipeline import Call, GraphQLRequest, Pipeline
from router.settings import RouterSettings
from router.watching import GONE, OK, REFUSED, WatchedRequest

DRAINED_BYTES = 20_000_000
NOT_STREAMED = (
    "Subscriptions are served over WebSockets (graphql-transport-ws) at this address, and to those who accept"
    ' text/event-stream or multipart/mixed;subscriptionSpec="1.0".'
)


class SentRequest(Request):
    @cached_property
    def sent(self) -> Mapping[str, str]:
        """The first of each header: Starlette's own are decoded anew for each that is looked up."""
        return first_values(self.scope["headers"])

    def authorizations(self) -> list[str]:
        return [value.decode("latin-1") for name, value in self.scope["headers"] if name == b"authorization"]

    def is_whole(self) -> bool:
        """Whether its body is known to have come."""
        extension = self.scope.get("extensions", {}).get(BODY)
        return extension is not None and extension["whole"]


class GraphQLOverHttp:
    def __init__(self, live: LivePipeline, authenticator: Authenticator, settings: RouterSettings) -> None:
        self._live = live
        self._authenticator = authenticator
        self._settings = settings
        self._streams = OpenStreams(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = SentRequest(scope, receive)
        try:
            headers = forwarded(request.sent, self._settings.taken_headers)
            with WatchedRequest(headers) as watched:
                response = await self._respond(request, headers, watched)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def drain(self) -> None:
        await self._streams.drain()

    async def _respond(self, request: SentRequest, headers: Mapping[str, str], watched: WatchedRequest) -> Response:
        accept = request.sent.get("accept")
        media_type = acceptable_media_type(accept) or (JSON if accepts_parts(accept) else None)
        try:
            if media_type is None:
                raise refused(f"Accept {RESPONSE_JSON}, {JSON} or {EVENT_STREAM}.", status=HTTPStatus.NOT_ACCEPTABLE)
            response = await self._answer(request, headers, watched, media_type)
        except RequestRefused as refusal:
            watched.outcome = REFUSED
            response = refusal_response(refusal, media_type or JSON)
        except ClientDisconnect:
            watched.outcome = GONE
            raise
        except Exception as error:
            response = failure_response(error, media_type or JSON)
        if request_id := headers.get(REQUEST_ID):
            response.raw_headers.append((REQUEST_ID.encode(), request_id.encode("latin-1")))
        return response

    async def _answer(
        self, request: SentRequest, headers: Mapping[str, str], watched: WatchedRequest, media_type: str
    ) -> Response:
        refuse_other_sites(request.sent, self._settings.allowed_origins)
        token = await self._authenticator.authenticate(request.authorizations())
        context = RequestContext(headers, token)
        parameters, pipeline = await self._parameters(request), self._live.current
        in_parts = accepts_parts(request.sent.get("accept")) and self._streams.has_room()
        call = await pipeline.prepare_aside(parameters, context, deferring=in_parts)
        watched.kind = call.kind.value
        refuse_by_method(call, request.method)
        if call.streams:
            framing = self._framing(request)
            watched.outcome = OK
            return self._streams.response(pipeline.stream(call, context), framing, token)
        if call.defers:
            return await self._parts(pipeline, call, context, watched, media_type)
        result = await pipeline.execute(call, context)
        watched.answered(result)
        return answered(result, media_type)

    async def _parts(
        self, pipeline: Pipeline, call: Call, context: RequestContext, watched: WatchedRequest, media_type: str
    ) -> Response:
        """What has nothing to follow is a plain answer."""
        payloads = pipeline.deliver(call, context)
        first = await anext(payloads)
        watched.answered(first)
        if first["hasNext"]:
            return self._streams.response(Begun(first, payloads), DeferredParts(), context.token)
        await payloads.aclose()
        return answered({name: value for name, value in first.items() if name != "hasNext"}, media_type)

    def _framing(self, request: SentRequest) -> Framing:
        self._streams.refuse_too_many()
        if stream := acceptable_stream(request.sent.get("accept")):
            return FRAMINGS[stream]
        raise refused(NOT_STREAMED, status=HTTPStatus.NOT_ACCEPTABLE)

    async def _parameters(self, request: SentRequest) -> GraphQLRequest:
        if request.method == "POST":
            return graphql_request(decode_json(await self._body(request), self._settings.limits))
        if request.method == "GET":
            return graphql_request(self._query_parameters(request))
        raise MethodRefused("Use GET or POST.", allow="GET, POST")

    def _query_parameters(self, request: SentRequest) -> dict[str, Any]:
        parameters: dict[str, Any] = dict(request.query_params)
        for name in ("variables", "extensions"):
            if parameters.get(name):
                parameters[name] = decode_json(parameters[name].encode(), self._settings.limits)
            else:
                parameters.pop(name, None)
        return parameters

    async def _body(self, request: SentRequest) -> bytes:
        if not is_json(request.sent.get("content-type")):
            raise refused(
                "Send the body as 'Content-Type: application/json' in UTF-8.", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            )
        if request.sent.get("content-encoding") not in (None, "identity"):
            raise refused("Send the body without Content-Encoding.", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        if request.is_whole():
            return await self._read(request.receive)
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                return await self._read(request.receive)
        except TimeoutError:
            raise refused("The body did not come in time.", status=HTTPStatus.REQUEST_TIMEOUT) from None

    async def _read(self, receive: Receive) -> bytes:
        body, more = bytearray(), True
        while more:
            chunk, more = await next_chunk(receive)
            body += chunk
            if len(body) > self._settings.limits.body_bytes:
                await drain(receive, more, DRAINED_BYTES)
                raise refused(
                    f"The body is larger than {self._settings.limits.body_bytes} bytes.",
                    status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                )
        return bytes(body)


async def next_chunk(receive: Receive) -> tuple[bytes, bool]:
    """The next bytes of a body, and whether more follow."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


async def drain(receive: Receive, more: bool, most_bytes: int) -> None:
    """Reads on for a while what is thrown away: a client that is still sending would not see the answer."""
    drained = 0
    while more and drained <= most_bytes:
        chunk, more = await next_chunk(receive)
        drained += len(chunk)


def refuse_by_method(call: Call, method: str) -> None:
    if call.kind is OperationType.MUTATION and method != "POST":
        raise MethodRefused("Mutations are sent by POST.", allow="POST")
