"""What browsers send for pages of other sites, in all its combinations."""

from typing import Any

import pytest

OWN, ALLOWED, FOREIGN = "own", "https://app.example", "https://evil.example"
FROM = {
    "no browser": ({}, True),
    "its own page": ({"origin": OWN}, True),
    "an allowed page": ({"origin": ALLOWED}, True),
    "an allowed page of another site": ({"origin": ALLOWED, "sec-fetch-site": "cross-site"}, True),
    "the same origin": ({"sec-fetch-site": "same-origin"}, True),
    "the address bar": ({"sec-fetch-site": "none"}, True),
    "a foreign page": ({"origin": FOREIGN}, False),
    "a foreign page that says it is not": ({"origin": FOREIGN, "sec-fetch-site": "same-origin"}, False),
    "a sandboxed page": ({"origin": "null"}, False),
    "a foreign page's image": ({"sec-fetch-site": "cross-site"}, False),
    "a neighbour's image": ({"sec-fetch-site": "same-site"}, False),
    "an origin that begins alike": ({"origin": f"{ALLOWED}.evil.example"}, False),
}
SIMPLE: list[dict[str, str]] = [
    {},
    {"content-type": "text/plain"},
    {"content-type": "Text/Plain; a=application/json"},
    {"content-type": "application/x-www-form-urlencoded"},
    {"content-type": "multipart/form-data; boundary=application/json"},
    {"accept": "application/json", "accept-language": "de", "cookie": "a=b"},
]
PREFLIGHTED = [
    {"content-type": "application/json"},
    {"apollo-require-preflight": "true"},
    {"x-apollo-operation-name": "Q"},
    {"graphql-require-preflight": "1"},
    {"x-request-id": "1"},
]


def sent(headers: dict[str, str], router: Any) -> dict[str, str]:
    return {name: router.base if value == OWN else value for name, value in headers.items()}


@pytest.mark.parametrize(("headers", "welcome"), FROM.values(), ids=FROM.keys())
async def test_simple_requests_of_foreign_pages_are_not_answered(
    start_router: Any, client: Any, clinic: Any, headers: dict[str, str], welcome: bool
) -> None:
    async with start_router(allowed_origins=ALLOWED) as router:
        for more in SIMPLE:
            async with client.get(
                router.url, params={"query": "{ hello }"}, headers=sent(headers, router) | more
            ) as response:
                body = await response.json(content_type=None)
            if welcome:
                assert (response.status, body) == (200, {"data": {"hello": "world"}})
            else:
                assert (response.status, body["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    assert len(clinic.seen) == (len(SIMPLE) if welcome else 0)


@pytest.mark.parametrize("headers", PREFLIGHTED)
async def test_what_had_a_preflight_is_answered(start_router: Any, client: Any, headers: dict[str, str]) -> None:
    headers = {"origin": FOREIGN, "sec-fetch-site": "cross-site"} | headers
    async with (
        start_router() as router,
        client.get(router.url, params={"query": "{ hello }"}, headers=headers) as response,
    ):
        assert await response.json() == {"data": {"hello": "world"}}


@pytest.mark.parametrize("headers", SIMPLE[1:5])
@pytest.mark.parametrize("origin", [{}, {"origin": FOREIGN}, {"origin": ALLOWED}])
async def test_no_form_of_any_page_changes_anything(
    start_router: Any, client: Any, clinic: Any, headers: dict[str, str], origin: dict[str, str]
) -> None:
    body = b'{"query": "mutation { rename(name: \\"x\\") }"}'
    async with (
        start_router(allowed_origins=ALLOWED) as router,
        client.post(router.url, data=body, headers=headers | origin) as response,
    ):
        assert response.status == (403 if origin == {"origin": FOREIGN} else 415)
    assert clinic.seen == []


@pytest.mark.parametrize(("origin", "told"), [(ALLOWED, ALLOWED), (FOREIGN, None), (None, None)])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_answer_may_be_read_by_allowed_pages_alone(
    start_router: Any, client: Any, origin: str | None, told: str | None, method: str
) -> None:
    asked = {"params": {"query": "{ hello }"}} if method == "GET" else {"json": {"query": "{ hello }"}}
    headers = {"origin": origin} if origin else {}
    async with (
        start_router(allowed_origins=ALLOWED) as router,
        client.request(method, router.url, headers=headers, **asked) as response,
    ):
        assert response.headers.get("access-control-allow-origin") == told


@pytest.mark.parametrize("origin", [ALLOWED, FOREIGN, "null"])
@pytest.mark.parametrize("allowed", ["", ALLOWED])
@pytest.mark.parametrize("header", ["content-type", "authorization", "apollo-require-preflight"])
async def test_a_preflight_is_answered_in_favour_of_allowed_pages_alone(
    start_router: Any, client: Any, origin: str, allowed: str, header: str
) -> None:
    asked = {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": header}
    async with start_router(allowed_origins=allowed) as router, client.options(router.url, headers=asked) as response:
        told = response.headers.get("access-control-allow-origin")
    assert told == (ALLOWED if origin == allowed else None)
    assert (response.status == 200) is (origin == allowed)
    assert "access-control-allow-credentials" not in response.headers
