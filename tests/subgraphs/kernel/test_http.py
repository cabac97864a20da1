from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import strawberry

from subgraphs.kernel.federation import Subgraph, subgraph_schema
from subgraphs.kernel.http import MAXIMUM_BYTES, subgraph_app


@strawberry.type
class Query:
    @strawberry.field
    def said(self, texts: list[str | None] | None = strawberry.UNSET) -> str | None:
        return repr(texts) if texts else "nothing"


@dataclass
class Client:
    """Sends a body in pieces to the application, and counts those that it read."""

    app: Any
    read: int = field(default=0)

    async def post(self, *pieces: bytes, **headers: str) -> tuple[int, Any]:
        waiting, sent = list(pieces), []

        async def receive() -> Any:
            self.read += 1
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

        async def send(message: Any) -> None:
            sent.append(message)

        given = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        raw = [(name.encode(), value.encode()) for name, value in given.items()]
        await self.app(
            {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": raw}, receive, send
        )
        assert dict(sent[0]["headers"])[b"content-type"] == b"application/json"
        return sent[0]["status"], orjson.loads(b"".join(part.get("body", b"") for part in sent[1:]))


@pytest.fixture
def client(base) -> Client:
    schema = subgraph_schema(query=Query)
    return Client(subgraph_app(Subgraph("things", schema, lambda principal: principal, base.tokens, base.denials)))


def request(**fields: Any) -> bytes:
    return orjson.dumps({"query": "{ said }"} | fields)


@pytest.mark.parametrize(
    "body",
    [
        request(),
        request(variables=None, operationName=None),
        request(variables={}, extensions={"anything": []}),
        request(query="query A { said } query B { __typename }", operationName="A"),
    ],
)
async def test_a_request_is_answered_also_in_pieces(client, body):
    assert await client.post(body) == (200, {"data": {"said": "nothing"}})
    assert await client.post(body[:5], b"", body[5:]) == (200, {"data": {"said": "nothing"}})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "The body is not JSON"),
        (b"{", "The body is not JSON"),
        (b"\xff\xfe", "The body is not JSON"),
        (b'{"query": "{ said }", "variables": {"x": NaN}}', "The body is not JSON"),
        (b"[" * 100_000, "The body is not JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "The body is not JSON"),
        (b"null", "a `query`"),
        (b"7", "a `query`"),
        (b"[]", "a `query`"),
        (b"[" * 500 + b"]" * 500, "a `query`"),
        (b"{}", "a `query`"),
        *((request(query=query), "a `query`") for query in (None, 1, [], {})),
        *((request(variables=variables), "`variables`") for variables in ([], [1], "", "x", 0, 1, False, True)),
        *((request(operationName=name), "`operationName`") for name in ([], {}, 0, 1, False, True)),
    ],
)
async def test_what_is_no_request_is_refused_in_words(client, body, why):
    status, answer = await client.post(body)
    [error] = answer["errors"]
    assert status == 400
    assert why in error["message"]
    assert (error["extensions"], answer.keys()) == ({"code": "BAD_USER_INPUT"}, {"errors"})


@pytest.mark.parametrize("depth", [1, 200])
async def test_a_variable_of_the_wrong_type_is_bad_input_and_no_failure(client, depth):
    deep: list[Any] = [7]
    for _ in range(depth):
        deep = [deep]
    status, answer = await client.post(request(query="query ($t: [String]) { said(texts: $t) }", variables={"t": deep}))
    assert status == 200
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_body_that_says_it_is_too_large_is_not_read(client):
    status, answer = await client.post(request(), content_length=str(MAXIMUM_BYTES + 1))
    assert (status, client.read) == (413, 0)
    assert answer["errors"][0]["message"] == "The body has more than 4000000 bytes."


@pytest.mark.parametrize("said", [None, "10", "-1", "many", "9" * 5000])
async def test_a_body_is_read_as_far_as_is_allowed_whatever_it_says(client, said):
    piece, headers = b" " * 1_000_000, {} if said is None else {"content_length": said}
    status, answer = await client.post(*[piece] * 10, **headers)
    assert (status, client.read) == (413, 5)
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_body_of_just_the_size_that_is_allowed_is_read(client):
    body = request()
    padded = body + b" " * (MAXIMUM_BYTES - len(body))
    assert (await client.post(padded, content_length=str(len(padded))))[0] == 200
