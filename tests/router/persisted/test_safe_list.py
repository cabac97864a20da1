"""The operator's list of operations: what is on it, what becomes of the rest, and how it changes."""

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from router.__main__ import CannotStart, standalone
from router.persisted import SafeList, SafeListBroken
from router.reload import SupergraphFile
from router.settings import Persisted, RouterSettings
from router.supergraph import Supergraph

LISTED, UNLISTED = "query H { hello }", '{ greeting(name: "x") }'
PLAIN = {"h1": LISTED}
MANIFEST = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": "h1", "body": LISTED, "name": "H", "type": "query"}],
}
HELLO = {"data": {"hello": "world"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(PLAIN))
    return path


def write(path: Path, document: Any) -> None:
    path.write_text(document if isinstance(document, str) else json.dumps(document))


def by_id(id_: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": id_}}}


async def ask(client: Any, router: Any, body: dict[str, Any]) -> Any:
    async with client.post(router.url, json=body) as response:
        answer = await response.json()
    return answer if "data" in answer else answer["errors"][0]["extensions"]["code"]


async def test_a_list_alone_says_what_may_be_named_and_refuses_nobody(
    start_router: Any, client: Any, path: Path
) -> None:
    with capture_logs() as logs:
        async with start_router(persisted={"safe_list": path}) as router:
            assert await ask(client, router, {"documentId": "h1"}) == HELLO
            assert await ask(client, router, by_id("h1")) == HELLO
            assert await ask(client, router, {"query": UNLISTED}) == {"data": {"greeting": "hello x"}}
    assert "an operation is not on the safe list" not in [each["event"] for each in logs]


@pytest.mark.parametrize("document", [PLAIN, MANIFEST], ids=["plain", "manifest"])
async def test_only_what_is_listed_is_run(
    start_router: Any, client: Any, clinic: Any, path: Path, document: Any
) -> None:
    write(path, document)
    async with start_router(persisted={"safe_list": path, "safe_list_mode": "only"}) as router:
        for body in (
            {"query": LISTED},
            by_id("h1"),
            by_id(sha256(LISTED.encode()).hexdigest()),
            by_id("h1") | {"query": LISTED},
            {"documentId": "h1"},
        ):
            assert await ask(client, router, body) == HELLO
        assert len(clinic.seen) == 5
        for query in (UNLISTED, "{ __schema { types { name } } }", LISTED + " "):
            assert await ask(client, router, {"query": query}) == "QUERY_NOT_IN_SAFE_LIST"
        assert await ask(client, router, by_id("h2")) == "PERSISTED_QUERY_NOT_FOUND"
        assert await ask(client, router, by_id("h1") | {"query": UNLISTED}) == "PERSISTED_QUERY_HASH_MISMATCH"
        assert len(clinic.seen) == 5


async def test_nothing_is_put_on_the_list_by_sending_it(start_router: Any, client: Any, path: Path) -> None:
    hash_ = sha256(UNLISTED.encode()).hexdigest()
    async with start_router(persisted={"safe_list": path, "safe_list_mode": "only"}) as router:
        assert await ask(client, router, by_id(hash_) | {"query": UNLISTED}) == "QUERY_NOT_IN_SAFE_LIST"
        assert await ask(client, router, by_id(hash_)) == "PERSISTED_QUERY_NOT_FOUND"


async def test_texts_are_refused_where_ids_are_wanted(start_router: Any, client: Any, path: Path) -> None:
    async with start_router(persisted={"safe_list": path, "safe_list_mode": "ids_only"}) as router:
        assert await ask(client, router, by_id("h1")) == HELLO
        for query in (LISTED, UNLISTED):
            assert await ask(client, router, {"query": query}) == "PERSISTED_QUERY_ID_REQUIRED"
        assert await ask(client, router, by_id("h1") | {"query": LISTED}) == "PERSISTED_QUERY_ID_REQUIRED"


async def test_what_is_not_listed_may_be_told_and_counted(start_router: Any, client: Any, path: Path) -> None:
    before = REGISTRY.get_sample_value("hospital_unlisted_operations_total") or 0
    async with start_router(persisted={"safe_list": path, "safe_list_mode": "log"}) as router:
        with capture_logs() as logs:
            assert "data" in await ask(client, router, {"query": UNLISTED})
            assert await ask(client, router, {"query": LISTED}) == HELLO
    told = [line for line in logs if "not on the safe list" in line["event"]]
    assert [line["sha256"] for line in told] == [sha256(UNLISTED.encode()).hexdigest()]
    assert REGISTRY.get_sample_value("hospital_unlisted_operations_total") == before + 1


async def test_it_is_read_anew_when_it_changes(path: Path) -> None:
    now = 0.0
    listed = SafeList(path, clock=lambda: now)
    write(path, {"h2": UNLISTED})
    assert (LISTED in listed, UNLISTED in listed) == (True, False)
    now = 2.0
    assert LISTED in listed
    assert listed._reading is not None
    await listed._reading
    assert (LISTED in listed, UNLISTED in listed, listed.get("h2")) == (False, True, UNLISTED)


BROKEN = {
    "no JSON": "{",
    "no object": "[]",
    "a number for a text": '{"a": 1}',
    "another format": '{"format": "x", "operations": []}',
    "another version": json.dumps(MANIFEST | {"version": 2}),
    "no list": json.dumps(MANIFEST | {"operations": {}}),
    "no body": json.dumps(MANIFEST | {"operations": [{"id": "a"}]}),
    "no id": json.dumps(MANIFEST | {"operations": [{"body": "a"}]}),
    "no operation": json.dumps(MANIFEST | {"operations": [1]}),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_list_leaves_the_one_before(path: Path, text: str) -> None:
    listed = SafeList(path)
    write(path, text)
    with capture_logs() as logs:
        await listed.refresh()
        await listed.refresh()
    assert LISTED in listed
    assert [line["log_level"] for line in logs] == ["error"]


async def test_a_list_that_is_gone_leaves_the_one_before(path: Path) -> None:
    listed = SafeList(path)
    os.unlink(path)
    await listed.refresh()
    assert LISTED in listed


def test_no_router_starts_with_a_broken_list(path: Path, supergraph: Supergraph) -> None:
    path.write_text("{")
    settings = RouterSettings(persisted=Persisted(safe_list=path, safe_list_mode="log"))
    with pytest.raises(SafeListBroken):
        SafeList(path)
    with pytest.raises(CannotStart, match=r"The safe list .*list\.json: it is no JSON\."):
        standalone(supergraph, SupergraphFile(path), settings)


def test_a_mode_without_a_list_is_no_setting() -> None:
    with pytest.raises(ValueError, match="needs a safe list"):
        Persisted(safe_list_mode="only")
