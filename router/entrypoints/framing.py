"""How the responses of an operation are told over one HTTP response, by the protocol that the client accepts."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from router.encoding import encoded
from router.entrypoints.negotiation import EVENT_STREAM, MULTIPART

Errors = Sequence[Mapping[str, Any]]
DEFER_SPEC = "20220824"


class Framing(Protocol):
    """`opening` begins the body, `complete` ends it, `heartbeat` says that it goes on (none where it is empty).

    `is_answer`: one answer in parts, which ends by itself soon; else a subscription.
    """

    is_answer: bool
    content_type: str
    opening: bytes
    heartbeat: bytes
    complete: bytes

    def response(self, response: Mapping[str, Any]) -> bytes: ...

    def failure(self, errors: Errors) -> bytes:
        """The end, for errors of the stream and not of an event."""
        ...

    def interruption(self, errors: Errors) -> bytes:
        """An end after which a client is to connect again."""
        ...


class ServerSentEvents:
    """graphql-sse, distinct connections mode: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md"""

    is_answer = False
    content_type = f"{EVENT_STREAM}; charset=utf-8"
    opening = heartbeat = b":\n\n"
    complete = b"event: complete\ndata:\n\n"

    def response(self, response: Mapping[str, Any]) -> bytes:
        return b"event: next\ndata: " + encoded(response) + b"\n\n"

    def failure(self, errors: Errors) -> bytes:
        return self.response({"errors": errors}) + self.complete

    def interruption(self, errors: Errors) -> bytes:
        """No event: clients take what ends without `complete` as a lost connection, and begin again by themselves."""
        return b""


class SubscriptionParts:
    """Apollo's multipart protocol for subscriptions, version 1.0: each part ends with the delimiter of the next."""

    is_answer = False
    content_type = f'{MULTIPART}; boundary="graphql"; subscriptionSpec="1.0"'
    opening = b"\r\n--graphql"
    complete = b"--\r\n"

    def __init__(self) -> None:
        self.heartbeat = self._part({})

    def response(self, response: Mapping[str, Any]) -> bytes:
        return self._part({"payload": response})

    def failure(self, errors: Errors) -> bytes:
        return self._part({"payload": None, "errors": errors}) + self.complete

    def interruption(self, errors: Errors) -> bytes:
        return self.failure(errors)

    def _part(self, content: Mapping[str, Any]) -> bytes:
        return b"\r\ncontent-type: application/json\r\n\r\n" + encoded(content) + b"\r\n--graphql"


class DeferredParts:
    """Of one answer, as clients of @defer read them (the draft of 2022-08-24)."""

    is_answer = True
    content_type = f'{MULTIPART}; boundary="-"; deferSpec={DEFER_SPEC}'
    opening = b"\r\n---"
    heartbeat = b""
    complete = b"--\r\n"

    def response(self, response: Mapping[str, Any]) -> bytes:
        return b"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n" + encoded(response) + b"\r\n---"

    def failure(self, errors: Errors) -> bytes:
        return self.response({"errors": errors, "hasNext": False}) + self.complete

    def interruption(self, errors: Errors) -> bytes:
        return self.failure(errors)


FRAMINGS: Mapping[str, Framing] = {EVENT_STREAM: ServerSentEvents(), MULTIPART: SubscriptionParts()}
