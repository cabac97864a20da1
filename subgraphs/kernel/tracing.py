"""Spans of OpenTelemetry, where a provider of them is set; nothing, at no cost, where none is."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.propagate import extract, inject
from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, StatusCode

_OFF: AbstractContextManager[Span] = nullcontext(INVALID_SPAN)


def is_on() -> bool:
    """Asked for it, the library would read the environment each time."""
    return trace._TRACER_PROVIDER is not None


def server_span(name: str, traceparent: str | None) -> AbstractContextManager[Span]:
    """Of what was asked of us."""
    return _span(name, traceparent, SpanKind.SERVER)


def consumer_span(name: str, traceparent: str | None) -> AbstractContextManager[Span]:
    """Of what is done later with what somebody has left: in the trace of that, and linked to it."""
    return _span(name, traceparent, SpanKind.CONSUMER)


def current_traceparent() -> str | None:
    if not is_on():
        return None
    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier.get("traceparent")


def _span(name: str, traceparent: str | None, kind: SpanKind) -> AbstractContextManager[Span]:
    return _within(name, traceparent, kind) if is_on() else _OFF


@contextmanager
def _within(name: str, traceparent: str | None, kind: SpanKind) -> Iterator[Span]:
    """An error is told by its kind: its text may hold personal data."""
    before = extract({} if traceparent is None else {"traceparent": traceparent})
    known = trace.get_current_span(before).get_span_context()
    links = [Link(known)] if kind is SpanKind.CONSUMER and known.is_valid else []
    with trace.get_tracer("hospital").start_as_current_span(
        name, before, kind, links=links, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)
            raise
