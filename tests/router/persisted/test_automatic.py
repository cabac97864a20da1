"""Automatic persisted queries: what was sent once with its hash may then be named by it."""

import json
from hashlib import sha256
from typing import Any

import pytest

from router.errors import OperationRefused
from router.persisted import PersistedOperations
from router.settings import Persisted

QUERY = "query G($n: String!) { greeting(name: $n) }"
HASH = sha256(QUERY.encode()).hexdigest()
NOT_FOUND = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}


def named(hash_: Any = HASH, version: Any = 1, **more: Any) -> dict[str, Any]:
    return {
        "extensions": {"persistedQuery": {"version": version, "sha256Hash": hash_}},
        "variables": {"n": "x"},
        **more,
    }


async def posted(client: Any, router: Any, body: Any) -> Any:
    async with client.post(router.url, json=body) as response:
        return await response.json()


async def got(client: Any, router: Any, body: Any) -> Any:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    async with client.get(router.url, params=texts) as response:
        return await response.json()


async def over_a_socket(client: Any, router: Any, body: Any) -> Any:
    async with client.ws_connect(router.socket, protocols=["graphql-transport-ws"]) as socket:
        await socket.send_json({"type": "connection_init"})
        await socket.receive_json()
        await socket.send_json({"id": "1", "type": "subscribe", "payload": body})
        message = await socket.receive_json()
    return message["payload"] if message["type"] == "next" else {"errors": message["payload"]}


async def as_events(client: Any, router: Any, body: Any) -> Any:
    async with client.post(router.url, json=body, headers={"accept": "text/event-stream"}) as response:
        lines = (await response.text()).splitlines()
    return json.loads(next(line for line in lines if line.startswith("data: ")).removeprefix("data: "))


@pytest.mark.parametrize("ask", [posted, got, over_a_socket, as_events])
async def test_what_was_sent_once_may_be_named(start_router: Any, client: Any, ask: Any) -> None:
    async with start_router() as router:
        assert await ask(client, router, named()) == {"errors": [NOT_FOUND]}
        for body in (named(query=QUERY), named(), {"documentId": f"sha256:{HASH}", "variables": {"n": "x"}}):
            assert await ask(client, router, body) == {"data": {"greeting": "hello x"}}


async def test_a_hash_of_something_else_is_refused_and_not_kept(start_router: Any, client: Any) -> None:
    other = "0" * 64
    async with start_router() as router:
        answer = await posted(client, router, named(other, query=QUERY))
        assert answer["errors"][0]["extensions"] == {"code": "PERSISTED_QUERY_HASH_MISMATCH"}
        assert await posted(client, router, named(other)) == {"errors": [NOT_FOUND]}


@pytest.mark.parametrize("text", ["{ nothing }", "{", "query A { hello } query B { hello }"])
async def test_what_cannot_be_run_is_not_kept(start_router: Any, client: Any, text: str) -> None:
    hash_ = sha256(text.encode()).hexdigest()
    async with start_router() as router:
        assert "data" not in await posted(client, router, named(hash_, query=text))
        assert await posted(client, router, named(hash_)) == {"errors": [NOT_FOUND]}


@pytest.mark.parametrize(
    "body",
    [
        named(1),
        named(None),
        named(""),
        named("x" * 257),
        named(version=2),
        named(version=None),
        {"extensions": {"persistedQuery": HASH}},
        {"extensions": {"persistedQuery": {}}},
        {"documentId": ["x"]},
    ],
)
async def test_what_is_no_id_is_refused(start_router: Any, client: Any, body: Any) -> None:
    async with start_router() as router, client.post(router.url, json=body) as response:
        assert response.status == 400
        assert (await response.json())["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_it_may_be_switched_off(start_router: Any, client: Any) -> None:
    async with start_router(persisted={"automatic": False}) as router:
        assert await posted(client, router, named(query=QUERY)) == {"data": {"greeting": "hello x"}}
        answer = await posted(client, router, named())
        assert answer["errors"][0]["extensions"] == {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}


async def test_a_mutation_is_not_run_by_get_under_its_hash(start_router: Any, client: Any, clinic: Any) -> None:
    mutation = 'mutation { rename(name: "x") }'
    body = named(sha256(mutation.encode()).hexdigest())
    async with start_router() as router:
        await posted(client, router, {**body, "query": mutation})
        seen = len(clinic.seen)
        assert "data" not in await got(client, router, body)
        assert len(clinic.seen) == seen


@pytest.mark.parametrize("bounds", [{"kept": 2}, {"kept_characters": 3}])
def test_no_more_is_kept_than_allowed(bounds: dict[str, int]) -> None:
    operations = PersistedOperations(Persisted(**bounds))  # type: ignore[arg-type]
    for text in ("a", "b", "c" if "kept" in bounds else "cc"):
        operations.keep(text, text)
    assert operations.text_of("", "b") == "b"
    with pytest.raises(OperationRefused, match="NotFound"):
        operations.text_of("", "a")
