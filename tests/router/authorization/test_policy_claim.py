"""Policies that access tokens list, where the operator names the claim."""

import time
from typing import Any

import pytest

from router.auth import CheckedToken
from router.authorization import with_claim
from router.context import NOBODY, RequestContext
from tests.router.authorization.ward import SUPERGRAPH, caller, withheld
from tests.router.executor.subgraphs import Subgraphs, data, entities

QUERY = "{ patient { name will } }"


class Tokens:
    """Any token is good, and stands for these claims."""

    def __init__(self, **claims: Any) -> None:
        self._claims = claims

    async def check(self, token: str) -> CheckedToken:
        return CheckedToken("ada", time.time() + 60, self._claims)


@pytest.fixture
def answered(start_router: Any, client: Any) -> Any:
    async def to(claims: dict[str, Any] | None, **authorization: Any) -> Any:
        patient = {"__typename": "Patient", "id": "1", "name": "Ada"}
        subgraphs = Subgraphs(a=[data({"patient": patient})], b=[entities({"will": "all to the cat"})])
        headers = {} if claims is None else {"authorization": "Bearer x"}
        async with (
            start_router(
                other=SUPERGRAPH,
                transport=subgraphs,
                token_checker=Tokens(**(claims or {})),
                authorization=authorization,
            ) as router,
            client.post(router.url, json={"query": QUERY}, headers=headers) as response,
        ):
            return await response.json()

    return to


SHOWN = {"data": {"patient": {"name": "Ada", "will": "all to the cat"}}}
WITHHELD = {"data": {"patient": {"name": "Ada", "will": None}}, "errors": withheld(["patient", "will"])}


@pytest.mark.parametrize(
    ("claims", "shown"),
    [
        ({"policies": ["court"]}, True),
        ({"policies": ["kin", "dead"]}, True),
        ({"policies": "kin dead"}, True),
        ({"policies": ["kin"]}, False),
        ({"policies": "kin,dead"}, False),
        ({"policies": [["court"]]}, False),
        ({"policies": {"court": True}}, False),
        ({"policies": None}, False),
        ({"scope": "court", "policy": "court"}, False),
        ({}, False),
        (None, False),
    ],
)
async def test_what_needs_policies_is_shown_to_whose_token_lists_them(answered: Any, claims: Any, shown: bool) -> None:
    assert await answered(claims, policy_claim="policies") == (SHOWN if shown else WITHHELD)


async def test_no_claim_counts_that_is_not_named(answered: Any) -> None:
    assert await answered({"policies": ["court"]}) == WITHHELD


async def test_a_claim_may_have_any_name(answered: Any) -> None:
    name = "https://example.org/policies"
    assert await answered({name: ["court"]}, policy_claim=name) == SHOWN


async def test_policies_that_are_claimed_hold_beside_those_that_are_answered_for() -> None:
    async def dead(named: frozenset[str], _: RequestContext) -> list[str]:
        assert named == {"kin", "dead", "court"}
        return ["dead"]

    check, named = with_claim("policies", dead), frozenset({"kin", "dead", "court"})
    assert await check(named, caller(policies=["kin"])) == {"kin", "dead"}
    assert await check(named, NOBODY) == {"dead"}
