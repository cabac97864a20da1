"""OpenTelemetry, on where OTEL_EXPORTER_OTLP_ENDPOINT names who collects traces: its own variables say the rest."""

import os
from importlib import import_module
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import Engine, event

_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
"""Imported where spans are sent to somebody."""

_COLLECTORS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def configure_traces(component: str) -> None:
    if any(os.environ.get(name) for name in _COLLECTORS):
        trace_with(BatchSpanProcessor(import_module(_EXPORTER).OTLPSpanExporter()), component)


def trace_with(processor: SpanProcessor, component: str) -> None:
    """Once in a process. The name of the service is the component's, unless OTEL_SERVICE_NAME says another."""
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: f"hospital-{component}"}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(processor)
    trace.set_tracer_provider(provider)
    event.listen(Engine, "before_cursor_execute", _statement_begins)
    event.listen(Engine, "after_cursor_execute", _statement_ended)
    event.listen(Engine, "handle_error", _statement_failed)


def _statement_begins(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    """Only within something else that is traced: who looks every second whether there is news would fill the traces."""
    if context is None or not trace.get_current_span().is_recording():
        return
    attributes = {"db.system.name": connection.dialect.name, "db.query.text": statement}
    name = statement.split(maxsplit=1)[0].upper()
    context.traced_by = trace.get_tracer("hospital").start_span(name, kind=SpanKind.CLIENT, attributes=attributes)


def _statement_ended(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    span = getattr(context, "traced_by", None)
    if span is not None:
        span.end()


def _statement_failed(failure: Any) -> None:
    span = getattr(failure.execution_context, "traced_by", None)
    if span is not None:
        span.set_status(StatusCode.ERROR, type(failure.original_exception).__name__)
        span.end()
