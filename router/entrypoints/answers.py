"""Single answers over HTTP: a result or a refusal, in the media type that the client accepts."""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from graphql import GraphQLError
from starlette.responses import Response

from router.encoding import encoded
from router.entrypoints.framing import FRAMINGS
from router.entrypoints.negotiation import JSON
from router.errors import ErrorCode, OperationRefused, RequestRefused, masked


class MethodRefused(RequestRefused):
    def __init__(self, message: str, *, allow: str) -> None:
        super().__init__([GraphQLError(message)], ErrorCode.BAD_USER_INPUT, HTTPStatus.METHOD_NOT_ALLOWED)
        self.allow = allow


class Answer(Response):
    """Of headers that need no writing anew each time."""

    def __init__(self, body: bytes, content_type: str, status: HTTPStatus) -> None:
        self.body, self.status_code, self.background = body, status, None
        length = b"%d" % len(body)
        self.raw_headers = [_content_type(content_type), _NOT_STORED, (b"content-length", length)]


_NOT_STORED = (b"cache-control", b"no-store")


@cache
def _content_type(value: str) -> tuple[bytes, bytes]:
    return b"content-type", value.encode()


def answered(result: Mapping[str, Any], media_type: str) -> Response:
    lenient = media_type == JSON or media_type in FRAMINGS or "data" in result
    return response_of(result, media_type, HTTPStatus.OK if lenient else HTTPStatus.BAD_REQUEST)


def refusal_response(refusal: RequestRefused, media_type: str) -> Response:
    """Operations are refused within a stream to those who accept one: an EventSource reads nothing but 200."""
    if isinstance(refusal, OperationRefused):
        return answered({"errors": refusal.formatted()}, media_type)
    response = response_of({"errors": refusal.formatted()}, json_for(media_type), refusal.status)
    if isinstance(refusal, MethodRefused):
        response.headers["allow"] = refusal.allow
    if refusal.status is HTTPStatus.UNAUTHORIZED:
        response.headers["www-authenticate"] = 'Bearer error="invalid_token"'
    if refusal.status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["retry-after"] = "1"
    return response


def failure_response(error: Exception, media_type: str) -> Response:
    return response_of({"errors": [masked(error)]}, json_for(media_type), HTTPStatus.INTERNAL_SERVER_ERROR)


def json_for(media_type: str) -> str:
    return JSON if media_type in FRAMINGS else media_type


def response_of(body: Mapping[str, Any], media_type: str, status: HTTPStatus) -> Response:
    if framing := FRAMINGS.get(media_type):
        content, content_type = framing.opening + framing.response(body) + framing.complete, framing.content_type
    else:
        content, content_type = encoded(body), f"{media_type}; charset=utf-8"
    return Answer(content, content_type, status)
