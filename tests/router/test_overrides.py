"""Progressive overrides: a field moves to another subgraph for a share of requests, or for whom its label names."""

import time
from collections import Counter
from collections.abc import Collection
from typing import Any

import pytest

from router import overrides
from router.auth import CheckedToken
from router.context import NOBODY, RequestContext
from router.overrides import Planners
from router.pipeline import GraphQLRequest, Pipeline
from router.settings import Limits, Overrides
from tests.router.executor.subgraphs import Subgraphs
from tests.router.planner.plans import supergraph_of


def moved(*labels: str) -> str:
    """Fields `f0`, `f1` … that move from subgraph a to b, each under its label."""
    fields = "\n".join(
        f"""f{number}: Int @join__field(graph: A, usedOverridden: false, overrideLabel: "{label}")
        @join__field(graph: B, override: "a", overrideLabel: "{label}")"""
        for number, label in enumerate(labels)
    )
    return f"type Query @join__type(graph: A) @join__type(graph: B) {{ {fields} }}"


def caller(name: str) -> RequestContext:
    return RequestContext(token=CheckedToken(name, time.time() + 60, {}))


def pipeline_of(*labels: str, **more: Any) -> Pipeline:
    settings = Overrides(**{name: more.pop(name) for name in ("labels", "draw") if name in more})
    return Pipeline(supergraph_of(moved(*labels)), Subgraphs(), Limits(), overrides=settings, **more)


async def subgraph(pipeline: Pipeline, context: RequestContext = NOBODY, field: str = "f0") -> str:
    call = await pipeline.prepare_aside(GraphQLRequest(f"{{ {field} }}"), context)
    return str(call.operation.plan.root.subgraph)  # type: ignore[union-attr]


@pytest.mark.parametrize(("percent", "expected"), [("0", "a"), ("100", "b")])
async def test_nobody_and_everybody(percent: str, expected: str) -> None:
    pipeline = pipeline_of(f"percent({percent})")
    assert {await subgraph(pipeline) for _ in range(50)} == {expected}


async def test_a_share_of_requests_moves() -> None:
    pipeline = pipeline_of("percent(25.5)")
    found = Counter([await subgraph(pipeline) for _ in range(2_000)])
    assert 400 < found["b"] < 620


async def test_a_caller_may_always_see_the_same() -> None:
    pipeline = pipeline_of("percent(50)", draw="caller")
    found = [{await subgraph(pipeline, caller(f"account-{n}")) for _ in range(5)} for n in range(100)]
    assert all(len(seen) == 1 for seen in found)
    assert 25 < sum(seen == {"b"} for seen in found) < 75
    assert {await subgraph(pipeline) for _ in range(50)} == {"a", "b"}


async def test_a_larger_share_holds_wherever_a_smaller_does() -> None:
    pipeline = pipeline_of("percent(30)", "percent(60)", draw="caller")
    for number in range(50):
        who = caller(f"account-{number}")
        assert (await subgraph(pipeline, who, "f0"), await subgraph(pipeline, who, "f1")) != ("b", "a")


async def test_labels_are_set_by_the_operator() -> None:
    pipeline = pipeline_of("beta", "gamma", labels=("gamma", "unknown"))
    assert [await subgraph(pipeline, field=field) for field in ("f0", "f1")] == ["a", "b"]


async def test_no_label_holds_by_default() -> None:
    assert await subgraph(pipeline_of("beta")) == "a"


async def test_a_function_says_for_whom_a_label_holds() -> None:
    asked: list[frozenset[str]] = []

    async def for_ada(names: frozenset[str], context: RequestContext) -> Collection[str]:
        asked.append(names)
        return ["beta", "percent(0)", "unknown"] if context.token and context.token.subject == "ada" else []

    supergraph = supergraph_of(moved("beta", "percent(0)"))
    pipeline = Pipeline(supergraph, Subgraphs(), Limits(), labels=for_ada)
    assert await subgraph(pipeline, caller("ada")) == "b"
    assert await subgraph(pipeline, caller("bob")) == "a"
    assert await subgraph(pipeline, caller("ada"), "f1") == "a"
    assert asked == [{"beta"}] * 3


async def test_a_plan_is_kept_for_each_outcome() -> None:
    pipeline = pipeline_of("percent(50)")
    calls = [await pipeline.prepare_aside(GraphQLRequest("{ f0 }")) for _ in range(100)]
    assert len({id(call.operation) for call in calls}) == 2


def test_no_more_planners_are_kept_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overrides, "MOST_PLANNERS", 2)
    planners = Planners(supergraph_of(moved("a", "b", "c")))
    first, second = planners.of(frozenset("a")), planners.of(frozenset("b"))
    assert planners.of(frozenset("a")) is first
    planners.of(frozenset("c"))
    assert planners.of(frozenset("a")) is first
    assert planners.of(frozenset("b")) is not second
