"""What is refused at the door, and how long that takes."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from router.documents import Inputs, inputs_of, operation_of, parse_document, validate_document, weigh_all
from router.errors import OperationRefused
from router.limits.merges import fragments_of, refuse_merges
from router.settings import Limits
from router.supergraph import Supergraph

LIMITS = Limits()


def admit(supergraph: Supergraph, text: str, variables: Mapping[str, Any] | None = None, **raised: int) -> Inputs:
    limits = LIMITS.model_copy(update=raised)
    schema = supergraph.public_schema
    document = parse_document(text, limits)
    costs = weigh_all(document, schema, limits)
    validate_document(document, schema, introspection=True)
    operation = operation_of(document, None)
    inputs = inputs_of(operation, costs[id(operation)], limits)
    inputs.check(variables or {}, schema, limits)
    return inputs


def nested(levels: int) -> str:
    return "{ patients(first: 1) {" + "friends(first: 1) {" * (levels - 2) + "id" + "}" * levels


def doubling(count: int) -> str:
    fragments = (f"fragment F{n} on Patient {{ friends {{ ...F{n + 1} ...F{n + 1} }} }}" for n in range(count))
    return "{ patients { ...F0 } }" + "".join(fragments) + f"fragment F{count} on Patient {{ id }}"


def spreading(count: int) -> str:
    fragments = (f"fragment F{n} on Patient {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count))
    return "{ patients { ...F0 } }" + "".join(fragments) + f"fragment F{count} on Patient {{ id }}"


def aliases(count: int) -> str:
    return "{" + " ".join(f"a{n}: hello" for n in range(count)) + "}"


BOMBS = {
    "25 doubling fragments": doubling(25),
    "25 doubling spreads": spreading(25),
    "100,000 levels": "{ patients" * 100_000,
    "5,000 levels": "{a" * 5_000,
    "20,000 aliases": aliases(20_000),
    "600 aliases": aliases(600),
    "a field 1,900 times": "{" + "hello " * 1_900 + "}",
    "a selection 490 times": "{" + "hello patients(first: 1) { id } " * 190 + "}",
    "5,000 digits": "{ patients(first: " + "9" * 5_000 + ") { id } }",
    "300 directives": "{ hello " + "@a " * 300 + "}",
    "2,000 comments": "{ hello }" + "#\n" * 30_000,
    "60,000 characters of one name": "{" + "x" * 60_000 + "}",
    "300 names misspelt": "{" + " ".join(f"{'patient' * 8}{n}" for n in range(300)) + "}",
    "900,000 characters of text": '{ greeting(name: "' + "x" * 900_000 + '") }',
    "500 introspections": "{" + "__schema { types { name } }" * 300 + "}",
}


TOO_LARGE, ASKS_TOO_MUCH = "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_in_little_time(supergraph: Supergraph, text: str) -> None:
    times = []
    for _ in range(3):
        started = time.thread_time()
        with pytest.raises(OperationRefused):
            admit(supergraph, text)
        times.append(time.thread_time() - started)
    assert min(times) < 0.05


@pytest.mark.parametrize(
    ("at_the_limit", "beyond", "code"),
    [
        (nested(10), nested(11), TOO_LARGE),
        (aliases(15), aliases(16), TOO_LARGE),
        ("{ hello " + "@skip(if: false) " * 1 + "}", "{" + "fail @skip(if: false) " * 51 + "}", TOO_LARGE),
        ("{ patients(first: 9998) { id } }", "{ patients(first: 10000) { id } }", ASKS_TOO_MUCH),
        (
            "{ patients { friends(first: 99) { seen id } } }",
            "{ patients { friends(first: 300) { seen id } } }",
            ASKS_TOO_MUCH,
        ),
    ],
    ids=["depth", "aliases", "directives", "cost", "default first"],
)
def test_each_limit_is_where_it_says(supergraph: Supergraph, at_the_limit: str, beyond: str, code: str) -> None:
    admit(supergraph, at_the_limit)
    with pytest.raises(OperationRefused, match="too large") as refused:
        admit(supergraph, beyond)
    assert refused.value.errors[0].extensions == {"code": code}


def test_a_limit_may_be_raised(supergraph: Supergraph) -> None:
    admit(supergraph, nested(11), depth=11)


def test_spreading_a_fragment_twice_costs_twice(supergraph: Supergraph) -> None:
    once = admit(supergraph, "{ patients(first: 3) { ...F } } fragment F on Patient { id }")
    twice = admit(supergraph, "{ patients(first: 3) { ...F ...F } } fragment F on Patient { id }")
    assert (once.cost, twice.cost) == ({(): 4}, {(): 7})


def test_a_variable_page_size_counts_by_its_value(supergraph: Supergraph) -> None:
    query = "query Q($n: Int!) { patients(first: $n) { friends(first: $n) { id } } }"
    assert admit(supergraph, query, {"n": 50}).cost == {("n", "n"): 1, ("n",): 1, (): 1}
    with pytest.raises(OperationRefused, match="too large"):
        admit(supergraph, query, {"n": 100})


def test_a_variable_page_size_left_out_counts_by_its_default(supergraph: Supergraph) -> None:
    query = "query Q($n: Int! = {}) {{ patients(first: $n) {{ friends(first: $n) {{ id }} }} }}"
    admit(supergraph, query.format(50))
    with pytest.raises(OperationRefused, match="too large"):
        admit(supergraph, query.format(100))


@pytest.mark.parametrize("n", [100, 100.0, None])
def test_a_page_size_counts_however_it_is_sent(supergraph: Supergraph, n: Any) -> None:
    query = "query Q($n: Int = 1) { patients(first: $n) { friends(first: $n) { id } } }"
    admit(supergraph, query, {})
    with pytest.raises(OperationRefused, match="too large"):
        admit(supergraph, query, {"n": n})


@pytest.mark.parametrize("sizes", ["first: 1, last: 10000", "first: null, last: 10000"])
def test_no_page_size_hides_another(supergraph: Supergraph, sizes: str) -> None:
    with pytest.raises(OperationRefused, match="too large"):
        admit(supergraph, f"{{ patients({sizes}) {{ id }} }}")


def test_no_page_size_hides_that_of_a_variable(supergraph: Supergraph) -> None:
    document = parse("query($n: Int) { patients(first: 3, last: $n) { id } }")
    (cost,) = weigh_all(document, supergraph.public_schema, LIMITS).values()
    assert cost == {(): 4, ("n",): 1}


def test_a_page_size_without_value_or_default_counts_as_the_schemas(supergraph: Supergraph) -> None:
    assert admit(supergraph, "{ patients { id } }").cost == {(): 21}


def test_graphiqls_introspection_passes(supergraph: Supergraph) -> None:
    options = {"specified_by_url": True, "directive_is_repeatable": True, "input_value_deprecation": True}
    admit(supergraph, get_introspection_query(schema_description=True, **options))


def test_introspection_cannot_walk_in_circles(supergraph: Supergraph) -> None:
    with pytest.raises(OperationRefused):
        admit(supergraph, "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }")


@pytest.mark.parametrize("text", ["{ }", "{ patients { } }", "type A { b: C }", "", "fragment F on Query { hello }"])
def test_a_document_without_a_whole_operation_is_refused(supergraph: Supergraph, text: str) -> None:
    with pytest.raises(OperationRefused):
        admit(supergraph, text)


def test_a_cycle_of_fragments_is_refused_by_its_name(supergraph: Supergraph) -> None:
    with pytest.raises(OperationRefused, match="within itself"):
        admit(
            supergraph,
            "{ patients { ...A } } fragment A on Patient { ...B } fragment B on Patient { ...A }",
        )


@pytest.mark.parametrize(
    "text",
    [
        "{ a { ...F } } fragment F on A { a { ...F } }",
        "{ a { ...F } } fragment F on A { a { ...G } b: a { ...G } } fragment G on A { a { ...F } b: a { ...F } }",
    ],
)
def test_fragments_that_lead_back_through_fields_come_to_an_end(text):
    document = parse(text)
    operation = document.definitions[0]
    refuse_merges(operation, fragments_of(document), 5_000)
