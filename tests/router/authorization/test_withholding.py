"""What a caller may not see is not fetched, is null in the answer, and is told with its path."""

from typing import Any

import pytest

from router.context import NOBODY, RequestContext
from router.errors import OperationRefused
from router.pipeline import GraphQLRequest
from tests.router.authorization.ward import Ward, caller, withheld
from tests.router.executor.subgraphs import data, entities


async def test_a_field_is_left_out_and_the_rest_of_the_answer_stays() -> None:
    ward = Ward(a=[data({"hello": "hi"})])
    assert await ward.ask("{ hello secret }") == {
        "data": {"hello": "hi", "secret": None},
        "errors": withheld(["secret"]),
    }
    assert ward.asked == [("a", "{ hello }")]


async def test_who_is_known_sees_it() -> None:
    ward = Ward(a=[data({"hello": "hi"})], b=[data({"secret": "s"})])
    assert await ward.ask("{ hello secret }", caller()) == {"data": {"hello": "hi", "secret": "s"}}


async def test_nothing_is_fetched_for_who_may_see_nothing() -> None:
    ward = Ward()
    assert await ward.ask("{ a: secret b: secret }") == {
        "data": {"a": None, "b": None},
        "errors": withheld(["a"], ["b"]),
    }
    assert ward.asked == []


async def test_a_null_where_none_may_be_goes_up_as_if_the_field_had_failed() -> None:
    ward = Ward(a=[data({"hello": "hi"})])
    assert await ward.ask("{ hello vital }") == {"data": None, "errors": withheld(["vital"])}


async def test_each_place_has_its_error() -> None:
    ward = Ward(a=[data({"patients": [{"name": "a"}, {"name": "b"}]})])
    assert await ward.ask("{ patients { name years: age } }") == {
        "data": {"patients": [{"name": "a", "years": None}, {"name": "b", "years": None}]},
        "errors": withheld(["patients", 0, "years"], ["patients", 1, "years"]),
    }


async def test_a_null_above_needs_no_error() -> None:
    ward = Ward(a=[data({"patient": None})])
    assert await ward.ask("{ patient { age } }") == {"data": {"patient": None}}
    assert ward.asked == [("a", "{ patient { __typename } }")]


async def test_a_field_that_may_not_be_null_takes_its_object_along() -> None:
    ward = Ward(a=[data({"patient": {"name": "a"}})])
    assert await ward.ask("{ patient { name number } }") == {
        "data": {"patient": None},
        "errors": withheld(["patient", "number"]),
    }


async def test_a_key_is_for_the_router_alone() -> None:
    ward = Ward(a=[data({"patient": {"__typename": "Patient", "id": "1", "age": 7}})], b=[entities({"dose": 2})])
    assert await ward.ask("{ patient { id dose } }") == {
        "data": {"patient": None},
        "errors": withheld(["patient", "id"]),
    }
    assert len(ward.subgraphs.representations) == 1


async def test_a_required_field_is_for_the_router_alone() -> None:
    ward = Ward(a=[data({"patient": {"__typename": "Patient", "id": "1", "age": 7}})], b=[entities({"dose": 2})])
    assert await ward.ask("{ patient { age dose } }") == {
        "data": {"patient": {"age": None, "dose": 2}},
        "errors": withheld(["patient", "age"]),
    }
    assert ward.subgraphs.representations == [[{"__typename": "Patient", "id": "1", "age": 7}]]


async def test_a_guarded_type_is_withheld_wherever_it_stands() -> None:
    ward = Ward(a=[data({"patient": {"name": "a"}})])
    assert await ward.ask("{ patient { name files { id } } file { id } }") == {
        "data": {"patient": {"name": "a", "files": None}, "file": None},
        "errors": withheld(["file"], ["patient", "files"]),
    }


async def test_the_needs_of_type_and_field_add_up() -> None:
    ward = Ward(a=[data({"file": {"id": "1"}})])
    reader = caller(scope="files")
    assert await ward.ask("{ file { id } }", reader) == {"data": {"file": {"id": "1"}}}
    ward = Ward(a=[data({"patient": {"files": [{"title": "t"}]}})])
    assert "errors" not in await ward.ask("{ patient { files { title } } }", reader)


@pytest.mark.parametrize("field", ["mood", "code"])
async def test_enums_and_scalars_are_guarded(field: str) -> None:
    ward = Ward(a=[data({"patient": {"name": "a", field: "GOOD"}})])
    assert await ward.ask(f"{{ patient {{ name {field} }} }}") == {
        "data": {"patient": {"name": "a", field: None}},
        "errors": withheld(["patient", field]),
    }
    assert ward.asked == [("a", "{ patient { name } }")]


@pytest.mark.parametrize(
    "query",
    [
        "{ patient { name ...F } } fragment F on Patient { age }",
        "{ patient { name ... on Patient { ... { age } } } }",
        "query($yes: Boolean = true) { patient { name age @include(if: $yes) } }",
    ],
)
async def test_fragments_and_conditions_open_no_way(query: str) -> None:
    ward = Ward(a=[data({"patient": {"name": "a", "age": 7}})])
    assert await ward.ask(query) == {
        "data": {"patient": {"name": "a", "age": None}},
        "errors": withheld(["patient", "age"]),
    }
    assert "age" not in ward.asked[0][1]


async def test_what_a_condition_leaves_out_is_no_error() -> None:
    ward = Ward(a=[data({"hello": "hi"})])
    query = "query($no: Boolean = false) { hello secret @include(if: $no) }"
    assert await ward.ask(query) == {"data": {"hello": "hi"}}


async def test_a_mutation_that_is_forbidden_is_never_run() -> None:
    ward = Ward(a=[data({"greet": "hi"})])
    assert await ward.ask("mutation { wipe greet }", caller(scope="read")) == {
        "data": {"wipe": None, "greet": "hi"},
        "errors": withheld(["wipe"]),
    }
    assert ward.asked == [("a", "mutation { greet }")]


async def test_a_subscription_is_refused_without_its_source() -> None:
    ward = Ward()
    with pytest.raises(OperationRefused) as refused:
        await ward.events("subscription { alarms }")
    assert refused.value.formatted() == withheld(["alarms"])
    assert ward.asked == []


async def test_events_lack_what_may_not_be_seen() -> None:
    ward = Ward(a=[data({"admitted": {"name": "a"}}), data({"admitted": {"name": "b"}})])
    assert await ward.events("subscription { admitted { name age } }") == [
        {"data": {"admitted": {"name": name, "age": None}}, "errors": withheld(["admitted", "age"])} for name in "ab"
    ]


async def test_the_whole_is_refused_where_the_operator_wants_it_so() -> None:
    ward = Ward(reject_unauthorized=True)
    with pytest.raises(OperationRefused) as refused:
        await ward.ask("{ hello secret patient { files { id } } }")
    assert refused.value.formatted() == withheld(["secret"], ["patient", "files"])
    assert refused.value.status == 403
    assert ward.asked == []


async def test_no_more_than_a_thousand_places_are_told() -> None:
    ward = Ward(a=[data({"patients": [{"name": "a"}] * 1_500})])
    errors: list[Any] = (await ward.ask("{ patients { name age } }"))["errors"]
    assert len(errors) == 1_001
    assert errors[-1]["message"] == "500 more errors are left out."


@pytest.mark.parametrize(("context", "defers"), [(NOBODY, False), (caller(), True)], ids=["nobody", "somebody"])
async def test_only_who_may_see_all_of_it_is_told_in_parts(context: RequestContext, defers: bool) -> None:
    query = "{ patient { name ... @defer { age } } }"
    call = await Ward().pipeline.prepare_aside(GraphQLRequest(query), context, deferring=True)
    assert call.defers is defers


async def test_what_is_withheld_is_in_no_part() -> None:
    ward = Ward(a=[data({"patient": {"name": "ada"}})])
    query = "{ patient { name ... @defer { age } } }"
    assert await ward.ask(query) == {
        "data": {"patient": {"name": "ada", "age": None}},
        "errors": withheld(["patient", "age"]),
    }
