"""What the operator is told of a list that does not fit the schema."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from router.live import LivePipeline
from router.persisted import SafeList
from router.persisted.checking import ListChecks
from router.pipeline import Pipeline
from router.settings import Limits
from router.supergraph import Supergraph, read_supergraph
from router.transports.base import Transport
from tests.router.entrypoints.reading import eventually

GOOD, CUT, UNKNOWN = "query H { hello }", "{ hello", "{ weather }"
DEEP = "{ patients(first: 1) " + "{ friends(first: 1) " * 10 + "{ id }" + "}" * 11


def refused() -> float | None:
    return REGISTRY.get_sample_value("hospital_listed_operations_refused")


def told(logs: list[Any]) -> list[tuple[str, str]]:
    return [(line["id"], line["why"]) for line in logs if line["event"] == "a listed operation is refused"]


def times(logs: list[Any]) -> int:
    return sum(line["event"] == "the safe list is checked against the schema" for line in logs)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"h1": GOOD, "c1": CUT, "w1": UNKNOWN, "d1": DEEP}))
    return path


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.persisted.checking.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("router.persisted.safe_list.LOOK_SECONDS", 0.01)


async def test_a_router_that_starts_tells_of_what_is_refused_and_serves_the_rest(
    start_router: Any, client: Any, path: Path
) -> None:
    with capture_logs() as logs:
        async with start_router(persisted={"safe_list": path, "safe_list_mode": "only"}) as router:
            await eventually(lambda: times(logs) == 1)
            async with client.post(router.url, json={"documentId": "h1"}) as response:
                assert await response.json() == {"data": {"hello": "world"}}
            await asyncio.sleep(0.1)
    [(cut, syntax), (weather, unknown), (deep, levels)] = told(logs)
    assert (cut, weather, deep) == ("c1", "w1", "d1")
    assert syntax.startswith("Syntax Error")
    assert "'weather'" in unknown
    assert "levels" in levels
    hashes = [line["sha256"] for line in logs if "why" in line]
    assert hashes == [sha256(text.encode()).hexdigest() for text in (CUT, UNKNOWN, DEEP)]
    assert times(logs) == 1
    assert refused() == 3


@pytest.fixture
def checking(supergraph: Supergraph, local: Transport, path: Path) -> Callable[[], Any]:
    @asynccontextmanager
    async def running() -> AsyncIterator[LivePipeline]:
        live = LivePipeline(Pipeline(supergraph, local, Limits()))
        async with ListChecks(SafeList(path), live).running():
            yield live

    return running


async def test_a_list_that_is_read_anew_is_checked_anew(checking: Callable[[], Any], path: Path) -> None:
    with capture_logs() as logs:
        async with checking():
            await eventually(lambda: times(logs) == 1)
            await asyncio.to_thread(path.write_text, json.dumps({"h1": GOOD, "c2": CUT}))
            await eventually(lambda: times(logs) == 2)
    assert [id_ for id_, _ in told(logs)] == ["c1", "w1", "d1", "c2"]
    assert refused() == 1


async def test_a_supergraph_that_is_new_has_it_checked_anew(
    checking: Callable[[], Any], clinic_sdl: Callable[[], str], local: Transport
) -> None:
    other = read_supergraph(clinic_sdl().replace("  fail: String\n", "  weather: String\n"))
    with capture_logs() as logs:
        async with checking() as live:
            await eventually(lambda: times(logs) == 1)
            live.current = Pipeline(other, local, Limits())
            await eventually(lambda: times(logs) == 2)
    assert [id_ for id_, _ in told(logs)] == ["c1", "w1", "d1", "c1", "d1"]


async def test_what_is_unexpected_in_one_keeps_no_other_from_being_checked(
    checking: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    validated = Pipeline.validated

    def failing(pipeline: Pipeline, text: str) -> Any:
        if text == GOOD:
            raise RuntimeError("a bug")
        return validated(pipeline, text)

    monkeypatch.setattr(Pipeline, "validated", failing)
    with capture_logs() as logs:
        async with checking():
            await eventually(lambda: times(logs) == 1)
    assert told(logs)[0] == ("h1", "RuntimeError")
    assert len(told(logs)) == 4
