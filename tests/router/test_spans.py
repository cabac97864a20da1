"""Spans of what subgraphs are asked."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.util._once import Once

from router.executor.ask import ask
from router.transports.base import SubgraphRequest, Unreachable


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())
    yield exporter
    provider.shutdown()


class Subgraph:
    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.headers: Any = None

    async def execute(self, request: SubgraphRequest) -> Any:
        self.headers = request.headers
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def subscribe(self, request: SubgraphRequest) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("answer", "mutation", "kind", "outcome"),
    [
        ({"data": {"a": 1}}, False, "query", "ok"),
        ({"data": {"a": 1}, "errors": [{"message": "x"}]}, True, "mutation", "errors"),
        (Unreachable("away"), False, "query", "none"),
    ],
)
async def test_a_span_says_who_was_asked_and_how_it_ended(
    spans: InMemorySpanExporter, answer: Any, mutation: bool, kind: str, outcome: str
) -> None:
    subgraph = Subgraph(answer)
    await ask(subgraph, SubgraphRequest("clinic", "{ a }", {}, is_mutation=mutation))
    [span] = spans.get_finished_spans()
    assert span.name == "fetch clinic"
    assert dict(span.attributes or {}) == {
        "hospital.subgraph": "clinic",
        "graphql.operation.type": kind,
        "hospital.outcome": outcome,
    }
    assert subgraph.headers["traceparent"].split("-")[1:3] == [
        f"{span.context.trace_id:032x}",
        f"{span.context.span_id:016x}",
    ]
