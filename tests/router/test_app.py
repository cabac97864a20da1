"""The application as a whole: probes, other origins, and how it stops."""

import asyncio
import time
from typing import Any

import aiohttp
import orjson
import pytest

from router.memory import settle_memory


async def status(client: Any, url: str) -> tuple[int, Any]:
    async with client.get(url) as response:
        return response.status, await response.json()


async def test_it_lives_and_is_ready(start_router: Any, client: Any) -> None:
    async with start_router() as router:
        assert await status(client, f"{router.base}/healthz") == (200, {"status": "ok"})
        assert await status(client, f"{router.base}/readyz") == (200, {"status": "ok", "failed": []})


async def test_it_is_not_ready_when_a_check_fails_or_hangs(
    start_router: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing() -> None:
        raise ConnectionError("a secret")

    async def hanging() -> None:
        await asyncio.sleep(60)

    async def good() -> None: ...

    monkeypatch.setattr("router.entrypoints.probes.CHECK_SECONDS", 0.1)
    async with start_router(readiness={"database": failing, "kafka": hanging, "disk": good}) as router:
        code, body = await status(client, f"{router.base}/readyz")
    assert (code, body) == (503, {"status": "not ready", "failed": ["database", "kafka"]})


async def preflight(client: Any, url: str, origin: str) -> Any:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    async with client.options(url, headers=headers) as response:
        return response


async def test_another_origin_is_answered_only_if_allowed(start_router: Any, client: Any) -> None:
    async with start_router(allowed_origins="https://app.example") as router:
        allowed = await preflight(client, router.url, "https://app.example")
        refused = await preflight(client, router.url, "https://evil.example")
    assert allowed.headers["access-control-allow-origin"] == "https://app.example"
    assert refused.status == 400
    assert "access-control-allow-origin" not in refused.headers


class Talkative:
    """A subgraph whose errors say more than their message."""

    async def execute(self, request: Any) -> Any:
        extensions = {"code": "X", "hint": "h", "stack": "s"}
        return {"data": {"hello": None}, "errors": [{"message": "no", "path": ["hello"], "extensions": extensions}]}

    def subscribe(self, request: Any) -> Any:
        raise AssertionError(request)


@pytest.mark.parametrize(("settings", "shown"), [({}, {"code": "X"}), ({"shown_extensions": ("hint",)}, {"hint": "h"})])
async def test_which_extensions_of_errors_are_shown_is_set(
    start_router: Any, client: Any, settings: Any, shown: Any
) -> None:
    async with (
        start_router(transport=Talkative(), **settings) as router,
        client.post(router.url, json={"query": "{ hello }"}) as response,
    ):
        [error] = (await response.json())["errors"]
    assert {name: value for name, value in error["extensions"].items() if name != "code" or value == "X"} == shown


async def test_by_default_no_other_origin_is_allowed(start_router: Any, client: Any) -> None:
    async with start_router() as router:
        response = await preflight(client, router.url, "https://app.example")
    assert "access-control-allow-origin" not in response.headers


async def test_a_request_under_way_is_answered_before_it_stops(start_router: Any, clinic: Any) -> None:
    clinic.holding.clear()
    async with start_router() as router, aiohttp.ClientSession() as client:
        answer = asyncio.create_task(client.post(router.url, json={"query": "{ hello }"}))
        await clinic.asked.wait()
        router.server.should_exit = True
        await asyncio.sleep(0.3)
        clinic.holding.set()
        async with await answer as response:
            assert await response.json() == {"data": {"hello": "world"}}


async def test_the_loop_is_free_while_bombs_are_refused(start_router: Any, client: Any) -> None:
    """`worst` is the longest that anything else had to wait, in time of this thread: the machine may be busy."""
    worst = 0.0
    settle_memory()

    async def watch() -> None:
        nonlocal worst
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.001)
            worst = max(worst, time.thread_time() - before)

    bombs: list[Any] = [
        {"query": "{" + "hello " * 1_900 + "}"},
        {"query": '{ greeting(name: "' + "x" * 63_000 + '") }'},
        {"query": "{ hello }", "variables": {"a": [1] * 450_000}},
        {"query": "{ hello }", "variables": {"a": [[]] * 300_000}},
        {"query": "{ " + " ".join(f"x{n}y" for n in range(1_900)) + " }"},
        {"query": "query Q($i: EchoInput) { echo(input: $i) }", "variables": {"i": {"tags": [1] * 4_900}}},
    ]
    bodies = [orjson.dumps(bomb) for bomb in bombs]
    async with start_router() as router:
        watching = asyncio.create_task(watch())
        for body in bodies:
            async with client.post(router.url, data=body, headers={"content-type": "application/json"}) as response:
                await response.read()
        watching.cancel()
    assert worst < 0.1
