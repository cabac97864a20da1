"""The two families of errors: refusals, safe to show, and the unexpected, masked and logged under an id."""

from collections.abc import Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from graphql import GraphQLError

SHOWN_EXTENSIONS = ("code", "errorId", "reason", "retryAfterSeconds")
"""What clients are told of the extensions of a subgraph's error: others may hold a stack trace."""

LONGEST_MESSAGE = 1_000

log = structlog.get_logger()


class ErrorCode(StrEnum):
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    UNAUTHORIZED_FIELD_OR_TYPE = "UNAUTHORIZED_FIELD_OR_TYPE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    PERSISTED_QUERY_HASH_MISMATCH = "PERSISTED_QUERY_HASH_MISMATCH"
    PERSISTED_QUERY_ID_REQUIRED = "PERSISTED_QUERY_ID_REQUIRED"
    QUERY_NOT_IN_SAFE_LIST = "QUERY_NOT_IN_SAFE_LIST"
    TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
    TOO_SLOW = "TOO_SLOW"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


class RequestRefused(Exception):
    """The request is not one that can be answered; `status` says why in HTTP's words."""

    def __init__(
        self, errors: Sequence[GraphQLError], code: ErrorCode, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> None:
        super().__init__(errors[0].message)
        self.errors = [shortened(coded(error, code)) for error in errors]
        self.status = status

    def formatted(self) -> list[dict[str, Any]]:
        return [dict(error.formatted) for error in self.errors]


class OperationRefused(RequestRefused):
    """A well-formed request whose operation is not run: answered 200 to those who only accept application/json."""


def refused(
    message: str, code: ErrorCode = ErrorCode.BAD_USER_INPUT, status: HTTPStatus = HTTPStatus.BAD_REQUEST
) -> RequestRefused:
    return RequestRefused([GraphQLError(message)], code, status)


def too_large(message: str) -> OperationRefused:
    return OperationRefused([GraphQLError(message)], ErrorCode.GRAPHQL_VALIDATION_FAILED)


def asks_too_much(message: str) -> OperationRefused:
    """For what the sizes asked for make too large: the document may stay as it is."""
    return OperationRefused([GraphQLError(message)], ErrorCode.BAD_USER_INPUT)


def unauthenticated(message: str) -> RequestRefused:
    return refused(message, ErrorCode.UNAUTHENTICATED, HTTPStatus.UNAUTHORIZED)


def unavailable(message: str) -> RequestRefused:
    return refused(message, ErrorCode.SERVICE_UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE)


def coded(error: GraphQLError, code: ErrorCode) -> GraphQLError:
    """The error with the code, unless it brought one of its own."""
    if error.extensions is None or "code" not in error.extensions:
        error.extensions = {**(error.extensions or {}), "code": code.value}
    return error


def shortened(error: GraphQLError) -> GraphQLError:
    """Messages quote what clients named, which may be long, once for each of several errors."""
    if len(error.message) > LONGEST_MESSAGE:
        error.message = f"{error.message[:LONGEST_MESSAGE]}…"
    return error


def masked(error: BaseException) -> dict[str, Any]:
    return {
        "message": "Something went wrong on our side. Please quote the error id when you report it.",
        "extensions": logged("unexpected error", exc_info=error),
    }


def logged(event: str, **details: Any) -> dict[str, Any]:
    """The extensions of an error that is ours; the log says more under the same id."""
    error_id = uuid4().hex
    log.error(event, error_id=error_id, **details)
    return {"code": ErrorCode.INTERNAL_SERVER_ERROR.value, "errorId": error_id}
