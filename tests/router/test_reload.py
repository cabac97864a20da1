"""A supergraph that is replaced while clients go on asking."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from weakref import ref

import aiohttp
import pytest
import structlog
from prometheus_client import REGISTRY

from router.app import create_app
from router.live import LivePipeline
from router.memory import settle_memory
from router.pipeline import Pipeline
from router.reload import Reloading, SupergraphFile
from router.settings import Limits, RouterSettings
from router.transports.base import Transport


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("hospital_supergraph_reloads_total", {"outcome": outcome}) or 0.0


async def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture
def path(tmp_path: Path, clinic_sdl: Callable[[], str]) -> Path:
    path = tmp_path / "supergraph.graphql"
    path.write_text(clinic_sdl())
    return path


@pytest.fixture
def write(path: Path) -> Callable[[bytes], None]:
    def written(text: bytes) -> None:
        path.write_bytes(text)

    return written


@pytest.fixture
def replace(path: Path, clinic_sdl: Callable[[], str]) -> Callable[[str], None]:
    """Puts a supergraph with one field of this name more in the file's place."""

    def write(field: str) -> None:
        new = path.with_suffix(".new")
        new.write_text(clinic_sdl().replace("  fail: String\n", f"  fail: String\n  {field}: String\n"))
        new.replace(path)

    return write


@pytest.fixture
def start_watching(serve: Any, path: Path, local: Transport, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """It looks for garbage in what is new alone: all that tests have imported and made is much."""
    monkeypatch.setattr("router.reload.settle_memory_again", settle_memory)

    @asynccontextmanager
    async def starting(every_seconds: float = 0.02) -> AsyncIterator[Any]:
        file = SupergraphFile(path)
        settings = RouterSettings(reload={"every_seconds": every_seconds})
        app = create_app(file.read(), local, settings, file=file)
        async with serve(app, app.state.drain) as served:
            url = f"{served.url}/graphql"
            yield SimpleNamespace(url=url, socket=f"ws{url[4:]}", base=served.url)

    return starting


async def asked(client: aiohttp.ClientSession, url: str, query: str) -> Any:
    async with client.post(url, json={"query": query}) as response:
        return response.status, await response.json()


async def knows(client: aiohttp.ClientSession, url: str, field: str) -> bool:
    _, answer = await asked(client, url, '{ __type(name: "Query") { fields { name } } }')
    return field in [found["name"] for found in answer["data"]["__type"]["fields"]]


async def until_known(client: aiohttp.ClientSession, url: str, field: str) -> None:
    async with asyncio.timeout(5):
        while not await knows(client, url, field):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_new_supergraph_holds_for_what_begins_after_it(
    start_watching: Any, client: Any, replace: Callable[[str], None]
) -> None:
    async with start_watching() as router:
        assert not await knows(client, router.url, "weather")
        replace("weather")
        await until_known(client, router.url, "weather")


async def test_it_reloads_ten_times_under_load_without_a_failed_request(
    start_watching: Any, client: Any, replace: Callable[[str], None]
) -> None:
    answers: list[Any] = []
    before = counted("taken")

    async def keep_asking() -> None:
        while True:
            answers.append(await asked(client, router.url, f"{{ hello a{len(answers) % 50}: hello }}"))
            await asyncio.sleep(0.005)

    async with start_watching() as router, asyncio.TaskGroup() as group:
        askers = [group.create_task(keep_asking()) for _ in range(10)]
        for number in range(10):
            replace(f"weather{number}")
            await until(lambda: counted("taken") == before + number + 1)  # noqa: B023
        for asker in askers:
            asker.cancel()
    assert len(answers) > 40
    assert [answer for answer in answers if answer[0] != 200 or "errors" in answer[1]] == []


async def test_a_socket_stays_open_and_its_subscription_goes_on(
    start_watching: Any, client: Any, replace: Callable[[str], None]
) -> None:
    async with start_watching() as router, client.ws_connect(router.socket, protocols=["graphql-transport-ws"]) as ws:
        await ws.send_json({"type": "connection_init"})
        assert (await ws.receive_json())["type"] == "connection_ack"
        await ws.send_json({"id": "1", "type": "subscribe", "payload": {"query": "subscription { big }"}})
        await ws.receive_json()
        replace("weather")
        await until_known(client, router.url, "weather")
        for _ in range(50):
            assert (await ws.receive_json())["payload"]["data"]["big"]
        await ws.send_json({"id": "2", "type": "subscribe", "payload": {"query": "{ weather }"}})
        while (message := await ws.receive_json())["id"] == "1":
            assert message["type"] == "next"
        assert message["type"] == "next"


@pytest.mark.parametrize("text", [b"", b"type Query {", b"\xff\xfe"], ids=["empty", "cut", "binary"])
async def test_what_is_no_supergraph_is_refused_and_the_old_one_stays(
    start_watching: Any, client: Any, write: Any, replace: Callable[[str], None], text: bytes
) -> None:
    before = counted("refused")
    async with start_watching() as router:
        write(text)
        await until(lambda: counted("refused") > before)
        await asyncio.sleep(0.1)
        assert counted("refused") == before + 1
        assert await asked(client, router.url, "{ hello }") == (200, {"data": {"hello": "world"}})
        async with client.get(f"{router.base}/readyz") as response:
            assert response.status == 200
        replace("weather")
        await until_known(client, router.url, "weather")


async def test_what_holds_already_is_not_taken_again_after_it_was_spoilt(
    start_watching: Any, client: Any, path: Path, write: Any
) -> None:
    held, taken, refused = await asyncio.to_thread(path.read_bytes), counted("taken"), counted("refused")
    async with start_watching() as router:
        write(b"type Query {")
        await until(lambda: counted("refused") > refused)
        write(held)
        await asyncio.sleep(0.2)
        assert (counted("taken"), counted("refused")) == (taken, refused + 1)
        assert await asked(client, router.url, "{ hello }") == (200, {"data": {"hello": "world"}})


async def test_a_file_that_is_gone_is_refused_once(start_watching: Any, client: Any, path: Path) -> None:
    before = counted("refused")
    async with start_watching() as router:
        await asyncio.to_thread(path.unlink)
        await asyncio.sleep(0.2)
        assert counted("refused") == before + 1
        assert await asked(client, router.url, "{ hello }") == (200, {"data": {"hello": "world"}})


async def test_it_reloads_when_it_is_told_to(start_watching: Any, client: Any, replace: Callable[[str], None]) -> None:
    async with start_watching(every_seconds=0) as router:
        replace("weather")
        await asyncio.sleep(0.1)
        assert not await knows(client, router.url, "weather")
        os.kill(os.getpid(), signal.SIGHUP)
        await until_known(client, router.url, "weather")


async def test_who_tells_it_to_look_hears_that_nothing_has_changed(
    path: Path, write: Any, local: Transport, replace: Callable[[str], None]
) -> None:
    file = SupergraphFile(path)
    live = LivePipeline(Pipeline(file.read(), local, Limits()))
    reloading = Reloading(file, live, lambda s: Pipeline(s, local, Limits()), lambda _: None, 1.0)
    taken, refused, unchanged = (counted(outcome) for outcome in ("taken", "refused", "unchanged"))

    async def outcomes() -> tuple[float, ...]:
        await reloading.look(told=True)
        return counted("taken") - taken, counted("refused") - refused, counted("unchanged") - unchanged

    first, text = live.current, await asyncio.to_thread(path.read_bytes)
    with structlog.testing.capture_logs() as logs:
        assert await outcomes() == (0, 0, 1)
        await asyncio.to_thread(path.touch)
        assert await outcomes() == (0, 0, 2)
    assert [entry["event"] for entry in logs] == ["the supergraph has not changed"] * 2
    assert live.current is first
    write(b"type Query {")
    assert [await outcomes() for _ in range(2)] == [(0, 1, 2), (0, 2, 2)]
    replace("weather")
    assert [await outcomes() for _ in range(2)] == [(1, 2, 2), (1, 2, 3)]
    write(text)
    assert await outcomes() == (2, 2, 3)


async def test_metrics_say_which_supergraph_holds(
    start_watching: Any, client: Any, replace: Callable[[str], None], path: Path
) -> None:
    async with start_watching() as router:
        replace("weather")
        await until_known(client, router.url, "weather")
        digest = SupergraphFile(path)
        digest.read()
        async with client.get(f"{router.base}/metrics") as response:
            lines = [line for line in (await response.text()).splitlines() if line.startswith("hospital_supergraph{")]
        assert lines == [f'hospital_supergraph{{sha256="{digest.digest}"}} 1.0']


async def test_who_is_told_of_it_knows_where_its_subgraphs_are(
    path: Path, write: Any, local: Transport, clinic_sdl: Callable[[str], str]
) -> None:
    file, urls = SupergraphFile(path), []
    live = LivePipeline(Pipeline(file.read(), local, Limits()))
    reloading = Reloading(
        file, live, lambda s: Pipeline(s, local, Limits()), lambda s: urls.append(s.subgraphs["clinic"].url), 1.0
    )
    write(clinic_sdl("http://elsewhere/graphql").encode())
    await reloading.look()
    assert urls == ["http://elsewhere/graphql"]


async def test_what_is_replaced_is_freed_though_it_was_hidden_from_the_collector(
    path: Path, local: Transport, replace: Callable[[str], None]
) -> None:
    file = SupergraphFile(path)
    live = LivePipeline(Pipeline(file.read(), local, Limits()))
    reloading = Reloading(file, live, lambda s: Pipeline(s, local, Limits()), lambda _: None, 1.0)
    schemas = []
    try:
        for number in range(3):
            gc.freeze()
            schemas.append(ref(live.current._schema))
            replace(f"weather{number}")
            await reloading.look()
        assert [schema() is None for schema in schemas] == [True, True, True]
    finally:
        gc.freeze()
        gc.set_threshold(700, 10, 10)
