"""Seeing what a subgraph does: how long operations take, and how they end."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from subgraphs.kernel.metrics import OPERATION_SECONDS

_OK, _ERRORS, _FAILED = "ok", "errors", "failed"


class WatchedOperation:
    """One operation in one subgraph."""

    __slots__ = ("_kind", "_outcome", "_started", "_subgraph")

    def __init__(self, subgraph: str, document: str) -> None:
        self._subgraph, self._outcome = subgraph, _FAILED
        self._kind = "mutation" if document.lstrip().startswith("mutation") else "query"

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        took = time.perf_counter() - self._started
        OPERATION_SECONDS.labels(self._subgraph, self._kind, self._outcome).observe(took)

    def answered(self, answer: Mapping[str, Any]) -> None:
        self._outcome = _ERRORS if "errors" in answer else _OK
