"""When a guard holds: a known caller, one of several sets of scopes, one of several sets of policies."""

from typing import Any

import pytest

from router.context import NOBODY
from router.pipeline import GraphQLRequest
from tests.router.authorization.ward import SUPERGRAPH, Ward, caller, withheld
from tests.router.executor.subgraphs import data, entities
from tests.router.planner.plans import supergraph_of

PATIENT = {"patient": {"__typename": "Patient", "id": "1"}}


async def sees(field: str, *policies: str, **claims: Any) -> bool:
    ward = Ward(*policies, a=[data({"patient": dict(PATIENT["patient"])})], b=[entities({field: "shown"})])
    answer = await ward.ask(f"{{ patient {{ {field} }} }}", caller(**claims))
    assert answer.get("errors", []) in ([], withheld(["patient", field]))
    return answer["data"] == {"patient": {field: "shown"}}


@pytest.mark.parametrize(
    ("claims", "seen"),
    [
        ({"scope": "read notes"}, True),
        ({"scope": "notes other read"}, True),
        ({"scope": "admin"}, True),
        ({"scp": ["read", "notes"]}, True),
        ({"scp": "admin"}, True),
        ({"scope": "read", "scp": ["notes"]}, True),
        ({"scope": "read"}, False),
        ({"scope": "readnotes"}, False),
        ({"scope": "read,notes"}, False),
        ({"scope": ["read", "notes"]}, True),
        ({"scope": {"admin": True}}, False),
        ({"scp": [["admin"], 1]}, False),
        ({"scopes": "admin"}, False),
        ({}, False),
    ],
)
async def test_all_the_scopes_of_one_list_are_enough(claims: dict[str, Any], seen: bool) -> None:
    assert await sees("notes", **claims) is seen


@pytest.mark.parametrize(
    ("policies", "seen"), [(["kin", "dead"], True), (["court"], True), (["kin"], False), ([], False)]
)
async def test_all_the_policies_of_one_list_are_enough(policies: list[str], seen: bool) -> None:
    assert await sees("will", *policies) is seen


@pytest.mark.parametrize(
    ("policies", "scope", "seen"), [("kin", "read", True), ("kin", "", False), ("", "read", False)]
)
async def test_several_guards_of_a_field_must_all_hold(policies: str, scope: str, seen: bool) -> None:
    assert await sees("both", *policies.split(), scope=scope) is seen


async def test_policies_are_asked_once_for_those_of_the_operation() -> None:
    ward = Ward(a=[data({"patient": None})])
    await ward.ask("{ patient { will both } }")
    assert ward.policies_asked == [{"kin", "dead", "court"}]


async def test_policies_are_not_asked_where_none_is_named() -> None:
    ward = Ward(a=[data({"patient": None})])
    await ward.ask("{ patient { notes } }")
    assert ward.policies_asked == []


async def test_a_plan_is_kept_for_each_outcome_and_no_more() -> None:
    pipeline = Ward().pipeline
    request = GraphQLRequest("{ secret }")
    contexts = (NOBODY, caller(), NOBODY, caller(scope="admin"))
    nobody, ada, again, admin = [await pipeline.prepare_aside(request, context) for context in contexts]
    assert nobody.operation is again.operation
    assert ada.operation is admin.operation
    assert nobody.operation is not ada.operation


async def test_nobody_sees_more_because_somebody_who_may_asked_before() -> None:
    ward = Ward(b=[data({"secret": "s"})])
    await ward.ask("{ secret }", caller())
    assert await ward.ask("{ secret }") == {"data": {"secret": None}, "errors": withheld(["secret"])}


def test_a_supergraph_without_guards_costs_nothing() -> None:
    assert SUPERGRAPH.needs
    assert not supergraph_of("type Query { a: Int @join__field(graph: A) }").needs


def test_what_is_prepared_for_nobody_shows_what_nobody_needs_anything_for() -> None:
    call = Ward().pipeline.prepare(GraphQLRequest("{ hello secret }"))
    assert [field.response_key for field in call.operation.plan.withheld] == ["secret"]
