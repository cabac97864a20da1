"""Spans of OpenTelemetry, where a provider of them is set; nothing, at no cost, where none is."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from opentelemetry import trace
from opentelemetry.propagate import extract, inject
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind

_OFF: AbstractContextManager[Span] = nullcontext(INVALID_SPAN)


def is_on() -> bool:
    """Asked for it, the library would read the environment each time."""
    return trace._TRACER_PROVIDER is not None


def server_span(name: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
    """Of what was asked of us, in the trace that the headers name."""
    if not is_on():
        return _OFF
    return trace.get_tracer("router").start_as_current_span(name, extract(headers), SpanKind.SERVER)


def client_span(name: str) -> AbstractContextManager[Span]:
    """Of what we ask of others."""
    return trace.get_tracer("router").start_as_current_span(name, kind=SpanKind.CLIENT) if is_on() else _OFF


def traced(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers with the current span as their parent."""
    if not is_on():
        return headers
    carrier = dict(headers)
    inject(carrier)
    return carrier


def noted(name: str, value: str | bool | int) -> None:
    """An attribute of the current span."""
    trace.get_current_span().set_attribute(name, value)
