"""Seeing what the router does: how long requests and fetches take, and how they end."""

import time
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import Any, Self

import structlog
from prometheus_client import Histogram
from structlog.contextvars import bind_contextvars

from router.metrics import FETCH_SECONDS, REQUEST_SECONDS
from router.tracing import client_span, server_span
from router.transports.base import SubgraphRequest

OK, ERRORS, REFUSED, FAILED, GONE, NONE = "ok", "errors", "refused", "failed", "gone", "none"


@cache
def log() -> Any:
    """Bound at the first word; the logger of a module is bound again by each."""
    return structlog.get_logger(__name__).bind()


@cache
def seconds(histogram: Histogram, *labels: str) -> Histogram:
    """Of these labels: the histogram itself would look under a lock each time."""
    return histogram.labels(*labels)


class WatchedRequest:
    """One operation of a client, from what came in to what went out; `kind` and `outcome` as far as they are known."""

    __slots__ = ("_request_id", "_span", "_spanning", "_started", "kind", "outcome")

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.kind, self.outcome = NONE, FAILED
        self._request_id = headers.get("x-request-id")
        self._spanning = server_span("request", headers)

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        self._span = self._spanning.__enter__()
        bind_contextvars(request_id=self._request_id)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        took = time.perf_counter() - self._started
        self._span.set_attributes({"graphql.operation.type": self.kind, "hospital.outcome": self.outcome})
        seconds(REQUEST_SECONDS, self.kind, self.outcome).observe(took)
        log().debug("request", kind=self.kind, outcome=self.outcome, seconds=took)
        self._spanning.__exit__(None, None, None)

    def answered(self, response: Mapping[str, Any]) -> None:
        self.outcome = ERRORS if "errors" in response else OK


class WatchedFetch:
    """One question to a subgraph."""

    __slots__ = ("_request", "_span", "_spanning", "_started", "outcome")

    def __init__(self, request: SubgraphRequest) -> None:
        self._request, self.outcome = request, NONE
        self._spanning = client_span(f"fetch {request.subgraph}")

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        self._span = self._spanning.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds(FETCH_SECONDS, self._request.subgraph, self.outcome).observe(time.perf_counter() - self._started)
        if self._span.is_recording():
            self._span.set_attributes(attributes_of(self._request) | {"hospital.outcome": self.outcome})
        self._spanning.__exit__(None, None, None)

    def answered(self, reply: Mapping[str, Any]) -> None:
        self.outcome = ERRORS if reply.get("errors") else OK


def attributes_of(request: SubgraphRequest) -> dict[str, str]:
    kind = "mutation" if request.is_mutation else "query"
    return {"hospital.subgraph": request.subgraph, "graphql.operation.type": kind}
