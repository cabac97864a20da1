"""Seeing what the router does: how long requests and fetches take, and how they end."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from router.metrics import FETCH_SECONDS, REQUEST_SECONDS

OK, ERRORS, REFUSED, FAILED, GONE, NONE = "ok", "errors", "refused", "failed", "gone", "none"


class WatchedRequest:
    """One operation of a client, from what came in to what went out; `kind` and `outcome` as far as they are known."""

    __slots__ = ("_started", "kind", "outcome")

    def __init__(self) -> None:
        self.kind, self.outcome = NONE, FAILED

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        REQUEST_SECONDS.labels(self.kind, self.outcome).observe(time.perf_counter() - self._started)

    def answered(self, response: Mapping[str, Any]) -> None:
        self.outcome = ERRORS if "errors" in response else OK


class WatchedFetch:
    """One question to a subgraph."""

    __slots__ = ("_started", "_subgraph", "outcome")

    def __init__(self, subgraph: str) -> None:
        self._subgraph, self.outcome = subgraph, NONE

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        FETCH_SECONDS.labels(self._subgraph, self.outcome).observe(time.perf_counter() - self._started)

    def answered(self, reply: Mapping[str, Any]) -> None:
        self.outcome = ERRORS if reply.get("errors") else OK
