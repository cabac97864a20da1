"""What a client's request is known by wherever it leads: its id and its trace; and the event that is being handled."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any

from structlog.typing import EventDict

REQUEST_ID, TRACEPARENT = "x-request-id", "traceparent"

_REQUEST_ID_FORM = re.compile(r"[\w.:-]{1,128}", re.ASCII)
_TRACEPARENT_FORM = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Correlation:
    """`traceparent` is that of the W3C's Trace Context."""

    request_id: str | None = None
    traceparent: str | None = None
    event_id: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "Correlation":
        """Of headers with lower-case names; what has not the right form is dropped."""
        request_id, traceparent = headers.get(REQUEST_ID, ""), headers.get(TRACEPARENT, "")
        return cls(
            request_id if _REQUEST_ID_FORM.fullmatch(request_id) else None,
            traceparent if _TRACEPARENT_FORM.fullmatch(traceparent) else None,
        )

    @property
    def headers(self) -> dict[str, str]:
        both = {REQUEST_ID: self.request_id, TRACEPARENT: self.traceparent}
        return {name: value for name, value in both.items() if value is not None}


_NOTHING = Correlation()
_current: ContextVar[Correlation] = ContextVar("correlation", default=_NOTHING)


def current() -> Correlation:
    return _current.get()


def enter(correlation: Correlation) -> Token[Correlation]:
    return _current.set(correlation)


def leave(token: Token[Correlation]) -> None:
    _current.reset(token)


@contextmanager
def correlated(correlation: Correlation) -> Iterator[None]:
    token = enter(correlation)
    try:
        yield
    finally:
        leave(token)


def add_correlation(logger: Any, method: str, event: EventDict) -> EventDict:
    """A processor of structlog; what a line says itself stays."""
    known = _current.get()
    if known.request_id is not None:
        event.setdefault("request_id", known.request_id)
    if known.traceparent is not None:
        event.setdefault("trace_id", known.traceparent.split("-")[1])
    if known.event_id is not None:
        event.setdefault("event_id", known.event_id)
    return event
