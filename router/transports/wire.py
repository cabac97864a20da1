"""What a request looks like on the wire, and what counts as a GraphQL response, whichever way it came."""

from collections.abc import Mapping
from typing import Any

import orjson

from router.transports.base import SubgraphRequest, TransportError, Unreachable

_OF_WHAT_STANDS_BEFORE = frozenset({502, 503, 504})

BYTES_FOR_EACH = 20
"""Hardly an object that says anything is shorter, and to make hundreds of thousands of empty ones would take 50 ms."""


def decoded(subgraph: str, text: bytes, reply_bytes: int) -> Any:
    """From JSON of at most so many bytes. Raises JSONDecodeError, TransportError for objects and lists without end."""
    most = reply_bytes // BYTES_FOR_EACH
    if len(text) > most and text.count(b"{") + text.count(b"[") > most:
        raise TransportError(f"{subgraph} answered with more than {most} objects and lists")
    return orjson.loads(text)


def graphql_response(subgraph: str, status: int, body: bytes, reply_bytes: int) -> Mapping[str, Any]:
    """A GraphQL response counts whatever its status. Anything else does not, and may not come from the subgraph at all:
    what stands before one that is away or too busy says so by its status."""
    try:
        return checked_response(subgraph, decoded(subgraph, body, reply_bytes))
    except orjson.JSONDecodeError:
        kind = Unreachable if status in _OF_WHAT_STANDS_BEFORE else TransportError
        raise kind(f"{subgraph} answered {status} with something that is not JSON") from None
    except TransportError as error:
        if status in _OF_WHAT_STANDS_BEFORE:
            raise Unreachable(f"{error} ({status})") from None
        raise


def checked_response(subgraph: str, response: Any) -> Mapping[str, Any]:
    """The response itself, if it has the form of one; TransportError otherwise."""
    if not isinstance(response, dict) or not response.keys() & {"data", "errors"}:
        raise TransportError(f"{subgraph} sent something that is not a GraphQL response")
    data, errors = response.get("data"), response.get("errors")
    if not isinstance(data, dict | None) or not (errors is None or is_list_of_objects(errors)):
        raise TransportError(f"{subgraph} sent a malformed GraphQL response")
    if data is None and not errors:
        raise TransportError(f"{subgraph} sent neither data nor errors")
    return response


def is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def url_of(urls: Mapping[str, str], subgraph: str) -> str:
    try:
        return urls[subgraph]
    except KeyError:
        raise TransportError(f"no URL is known for {subgraph}") from None


def encoded(subgraph: str, message: Mapping[str, Any]) -> bytes:
    """TransportError for what JSON cannot carry, as whole numbers of more than 64 bits that another subgraph gave."""
    try:
        return orjson.dumps(message)
    except TypeError as error:
        raise TransportError(f"{subgraph} cannot be asked with such values: {error}") from error


def request_body(request: SubgraphRequest) -> dict[str, Any]:
    body: dict[str, Any] = {"query": request.document}
    if request.variables:
        body["variables"] = request.variables
    if request.operation_name:
        body["operationName"] = request.operation_name
    return body
