"""What the pipeline keeps between requests, and what it does not."""

import asyncio
import gc
from typing import Any

import pytest

from router.context import NOBODY, RequestContext
from router.errors import OperationRefused
from router.executor.execute import _prepared
from router.pipeline import GraphQLRequest, Pipeline
from router.settings import Limits
from router.supergraph import Supergraph
from router.transports.base import Transport
from tests.router.planner.plans import supergraph_of
from tests.router.planner.trees import TREES, doubling


@pytest.fixture
def pipeline(supergraph: Supergraph, local: Transport) -> Pipeline:
    return Pipeline(supergraph, local, Limits(), cache_size=2)


def prepared(pipeline: Pipeline, query: str, name: str | None = None, **variables: Any) -> Any:
    return pipeline.prepare(GraphQLRequest(query, name, variables))


def test_a_document_is_planned_once(pipeline: Pipeline) -> None:
    query = "query Q($n: String!) { greeting(name: $n) }"
    first, second = prepared(pipeline, query, n="a"), prepared(pipeline, query, n="b")
    assert first.operation is second.operation
    assert (first.variables, second.variables) == ({"n": "a"}, {"n": "b"})


def test_each_operation_of_a_document_has_a_plan_of_its_own(pipeline: Pipeline) -> None:
    query = 'query A { hello } mutation B { rename(name: "x") }'
    assert [prepared(pipeline, query, name).kind.value for name in ("A", "B")] == ["query", "mutation"]


def test_what_was_not_used_for_longest_is_dropped(pipeline: Pipeline) -> None:
    kept = prepared(pipeline, "{ hello }").operation
    dropped = prepared(pipeline, "{ a: hello }").operation
    assert prepared(pipeline, "{ hello }").operation is kept
    prepared(pipeline, "{ b: hello }")
    assert prepared(pipeline, "{ hello }").operation is kept
    assert prepared(pipeline, "{ a: hello }").operation is not dropped


def test_no_more_characters_are_kept_than_allowed(supergraph: Supergraph, local: Transport) -> None:
    pipeline = Pipeline(supergraph, local, Limits(), cache_characters=30)
    dropped = prepared(pipeline, "{ first: hello }").operation
    kept = prepared(pipeline, "{ second: hello }").operation
    assert prepared(pipeline, "{ second: hello }").operation is kept
    assert prepared(pipeline, "{ first: hello }").operation is not dropped


def test_what_planning_leaves_behind_does_not_pile_up(pipeline: Pipeline) -> None:
    gc.disable()
    try:
        for number in range(5):
            prepared(pipeline, f"{{ name{number}: hello }}")
            assert gc.get_count()[0] < 100
    finally:
        gc.enable()


def test_the_plans_kept_are_hidden_from_full_collections_and_no_more_than_that(
    supergraph: Supergraph, local: Transport
) -> None:
    pipeline = Pipeline(supergraph, local, Limits(), cache_size=200)
    hidden = []
    for number in range(400):
        prepared(pipeline, f"query Q{number} {{ hello }}")
        if number % 100 == 99:
            hidden.append(gc.get_freeze_count())
    assert hidden[0] < hidden[1]
    assert hidden[1:] == sorted(hidden[1:], reverse=True)  # those that were dropped are freed all the same


def test_long_documents_are_hidden_few_at_a_time(supergraph: Supergraph, local: Transport) -> None:
    """To hide many at once would have all else wait."""
    pipeline = Pipeline(supergraph, local, Limits(), cache_size=200)
    before = gc.get_freeze_count()
    for number in range(4):
        prepared(pipeline, f"query Q{number} {{ hello }}" + " " * 5_000)
    assert gc.get_freeze_count() > before


def test_nothing_of_a_document_is_kept_but_its_variables(pipeline: Pipeline) -> None:
    inputs = prepared(pipeline, "query Q($n: String!) { greeting(name: $n) hello }", n="a").operation.inputs
    [definition] = inputs.definitions
    assert (definition.loc.start_token.prev, definition.loc.end_token.next) == (None, None)


def test_an_error_of_a_variable_still_says_where(pipeline: Pipeline) -> None:
    with pytest.raises(OperationRefused) as refused:
        prepared(pipeline, "query Q(\n  $n: String!) { greeting(name: $n) }")
    assert refused.value.formatted()[0]["locations"] == [{"line": 2, "column": 3}]


def test_variables_are_checked_at_every_request(pipeline: Pipeline) -> None:
    query = "query Q($n: String!) { greeting(name: $n) }"
    prepared(pipeline, query, n="a")
    with pytest.raises(OperationRefused, match=r"\$n"):
        prepared(pipeline, query)
    with pytest.raises(OperationRefused, match="String"):
        prepared(pipeline, query, n=1)


@pytest.mark.parametrize("digits", [3, 21, 5_000])
async def test_a_default_is_left_to_the_document_that_declares_it(pipeline: Pipeline, clinic: Any, digits: int) -> None:
    call = prepared(pipeline, f"query Q($id: ID = {'9' * digits}) {{ patient(id: $id) }}")

    assert (await pipeline.execute(call, NOBODY))["data"] == {"patient": f"patient {'9' * digits}"}
    assert [variables for _, variables, _ in clinic.seen] == [{}]


UNKNOWN_TO_ALL = """
type Query @join__type(graph: A) @join__type(graph: B) { tree: Tree @join__field(graph: A) }
type Tree @join__type(graph: A, key: "id") @join__type(graph: B) {
  id: ID! @join__field(graph: A)
  size: Int @join__field(graph: B)
}
"""


@pytest.mark.parametrize(
    ("types", "query", "why"),
    [
        (UNKNOWN_TO_ALL, "{ tree { size } }", "No subgraph resolves Query.tree.size"),
        (TREES, doubling(14), "too complex to plan"),
        (TREES, "{ tree " + "{ left " * 90 + "{ id }" + " }" * 91, "levels deep"),
    ],
    ids=["unknown", "growing", "deep"],
)
def test_what_cannot_be_planned_is_refused(local: Transport, types: str, query: str, why: str) -> None:
    limits = Limits(cost=10**5, depth=100, aliases=10**5, field_merges=10**5)
    pipeline = Pipeline(supergraph_of(types), local, limits)
    with pytest.raises(OperationRefused, match=why) as refused:
        prepared(pipeline, query)
    assert [error["extensions"] for error in refused.value.formatted()] == [{"code": "GRAPHQL_VALIDATION_FAILED"}]


def test_a_plan_that_is_kept_is_ready_to_run(pipeline: Pipeline) -> None:
    assert prepared(pipeline, "{ hello }").operation.plan in _prepared


HEAVY = doubling(14)


@pytest.fixture
def heavy(local: Transport) -> Pipeline:
    """Before a supergraph in which the planning of `HEAVY` is given up after a second."""
    return Pipeline(supergraph_of(TREES), local, Limits(cost=10**5, depth=100, aliases=10**5, field_merges=10**5))


def test_what_was_given_up_is_not_tried_again(heavy: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        with pytest.raises(OperationRefused, match="too complex to plan"):
            prepared(heavy, HEAVY)
        monkeypatch.setattr(heavy, "_planners", None)


def test_no_more_is_remembered_of_what_was_given_up_than_its_number(
    local: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("router.operations.MOST_GIVEN_UP", 3)
    pipeline = Pipeline(supergraph_of(UNKNOWN_TO_ALL), local, Limits())
    for number in range(5):
        with pytest.raises(OperationRefused, match="No subgraph resolves"):
            prepared(pipeline, f"query Q{number} {{ tree {{ size }} }}")
    assert len(pipeline._given_up._reasons) == 3


async def test_others_are_served_while_a_document_is_planned(heavy: Pipeline) -> None:
    planning = asyncio.ensure_future(heavy.prepare_aside(GraphQLRequest(HEAVY)))
    turns = 0
    while not planning.done():
        await asyncio.sleep(0.001)
        turns += 1
    with pytest.raises(OperationRefused, match="too complex to plan"):
        await planning
    assert turns > 20


async def test_a_document_that_many_send_at_once_is_planned_once(pipeline: Pipeline) -> None:
    calls = await asyncio.gather(*(pipeline.prepare_aside(GraphQLRequest("{ hello }")) for _ in range(10)))
    assert len({id(call.operation) for call in calls}) == 1


async def test_one_clients_headers_are_not_anothers(pipeline: Pipeline) -> None:
    answers = [
        await pipeline.execute(prepared(pipeline, "{ headers }"), RequestContext({"authorization": name}))
        for name in ("ada", "bob")
    ]
    assert [answer["data"]["headers"] for answer in answers] == [["authorization: ada"], ["authorization: bob"]]


def test_introspection_may_be_switched_off(supergraph: Supergraph, local: Transport) -> None:
    closed = Pipeline(supergraph, local, Limits(), introspection=False)
    prepared(closed, "{ __typename hello }")
    for query in ("{ __schema { types { name } } }", '{ __type(name: "Patient") { name } }'):
        with pytest.raises(OperationRefused):
            prepared(closed, query)
    with pytest.raises(OperationRefused) as refused:
        prepared(closed, "{ helo }")
    assert "hello" not in str(refused.value)


def test_a_document_may_not_have_too_many_definitions(pipeline: Pipeline) -> None:
    with pytest.raises(OperationRefused, match="100 definitions"):
        prepared(pipeline, " ".join(f"query Q{n} {{ hello }}" for n in range(101)), "Q1")
