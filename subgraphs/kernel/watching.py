"""Seeing what a subgraph and a consumer do: how long it takes, how it ends, and on whose behalf it is done."""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import structlog
from opentelemetry.trace import INVALID_SPAN, Span

from subgraphs.kernel.correlation import Correlation, enter, leave
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.metrics import OPERATION_SECONDS
from subgraphs.kernel.tracing import consumer_span, current_traceparent, server_span

_OK, _ERRORS, _FAILED = "ok", "errors", "failed"

log = structlog.get_logger(__name__)


class WatchedOperation:
    """One operation in one subgraph; `headers` are those that it came with."""

    def __init__(self, subgraph: str, document: str, headers: Mapping[str, str]) -> None:
        self._subgraph, self._headers, self._outcome = subgraph, headers, _FAILED
        self._kind = "mutation" if document.lstrip().startswith("mutation") else "query"

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        known = Correlation.of(self._headers)
        self._traced = _Traced(known, server_span(f"{self._subgraph} {self._kind}", known.traceparent))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        took = time.perf_counter() - self._started
        OPERATION_SECONDS.labels(self._subgraph, self._kind, self._outcome).observe(took)
        log.debug("operation", subgraph=self._subgraph, kind=self._kind, outcome=self._outcome, seconds=took)
        self._traced.end(kind, error, trace)

    def answered(self, answer: Mapping[str, Any]) -> None:
        self._outcome = _ERRORS if "errors" in answer else _OK


class WatchedMessage:
    """One message as one consumer handles it, on behalf of the request that it comes from."""

    def __init__(self, consumer: str, message: Envelope) -> None:
        self._consumer, self._message = consumer, message

    def __enter__(self) -> None:
        message = self._message
        known = Correlation(message.request_id, message.traceparent, message.id)
        self._traced = _Traced(known, consumer_span(f"handle {message.type}", message.traceparent))
        self._traced.span.set_attributes(
            {"messaging.consumer.group.name": self._consumer, "messaging.message.id": message.id}
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        outcome = _OK if error is None else type(error).__name__
        log.debug("message.handled", consumer=self._consumer, type=self._message.type, outcome=outcome)
        self._traced.end(kind, error, trace)


class _Traced:
    """What is done inside is known by its span, where there is one, and else by what it came with."""

    __slots__ = ("_spanning", "_token", "span")

    def __init__(self, known: Correlation, spanning: AbstractContextManager[Span]) -> None:
        self._spanning, self.span = spanning, spanning.__enter__()
        own = current_traceparent() if self.span is not INVALID_SPAN else None
        self._token = enter(known if own is None else replace(known, traceparent=own))

    def end(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        leave(self._token)
        self._spanning.__exit__(kind, error, trace)
