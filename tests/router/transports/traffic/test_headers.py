"""What single subgraphs are given of the headers."""

from typing import Any

import pytest
from starlette.datastructures import Headers

from router.entrypoints.headers import forwarded
from router.settings import RouterSettings
from router.transports.base import SubgraphRequest

CLIENT = {
    "authorization": "Bearer ada",
    "cookie": "a=b",
    "x-request-id": "1",
    "x-tenant": "north",
    "x-tenant-group": "a",
    "x-secret": "s",
    "te": "trailers",
    "x-hop": "1",
    "connection": "close, X-Hop",
}


async def given(ruled: Any, clinic: Any, subgraph: str = "clinic", **rules: Any) -> dict[str, str]:
    settings = RouterSettings(traffic={"headers": {"clinic": rules}})
    headers = forwarded(Headers(CLIENT), settings.taken_headers)
    await ruled(headers={"clinic": rules}).execute(SubgraphRequest(subgraph, "{ hello }", {}, headers=headers))
    own = {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length"}
    return {name: value for name, value in clinic.asked[0][0].items() if name not in own}


async def test_headers_are_forwarded_by_name_and_by_pattern(ruled: Any, clinic: Any) -> None:
    found = await given(ruled, clinic, forward=["X-Tenant*"])
    assert found == {"x-tenant": "north", "x-tenant-group": "a"}


async def test_a_subgraph_without_rules_is_given_what_all_are(ruled: Any, clinic: Any) -> None:
    found = await given(ruled, clinic, "other", forward=["x-tenant*"])
    assert found == {"authorization": "bearer ada", "x-request-id": "1"}


async def test_rules_that_forward_nothing_else_leave_what_all_are_given(ruled: Any, clinic: Any) -> None:
    found = await given(ruled, clinic, insert={"x-key": "k"})
    assert found == {"authorization": "bearer ada", "x-request-id": "1", "x-key": "k"}


async def test_credentials_and_headers_of_the_connection_match_no_pattern(ruled: Any, clinic: Any) -> None:
    found = await given(ruled, clinic, forward=["*"])
    assert found.keys() == {"x-request-id", "x-tenant", "x-tenant-group", "x-secret"}


async def test_credentials_are_forwarded_where_they_are_named(ruled: Any, clinic: Any) -> None:
    found = await given(ruled, clinic, forward=["authorization", "cookie"])
    assert found == {"authorization": "bearer ada", "cookie": "a=b"}


async def test_headers_are_removed_renamed_and_inserted(ruled: Any, clinic: Any) -> None:
    rules = {"remove": ["x-s*"], "rename": {"x-tenant": "x-house"}, "insert": {"x-tenant-group": "constant"}}
    found = await given(ruled, clinic, forward=["x-*"], **rules)
    assert found == {"x-request-id": "1", "x-house": "north", "x-tenant-group": "constant"}


@pytest.mark.parametrize("name", ["Connection", "host", "content-length", "transfer-encoding", "a b", "a\r\nb", ""])
def test_what_cannot_be_given_is_refused_at_the_start(name: str) -> None:
    for rules in ({"forward": [name]}, {"rename": {"x-a": name}}, {"insert": {name: "x"}}):
        with pytest.raises(ValueError, match="no header"):
            RouterSettings(traffic={"headers": {"clinic": rules}})
