"""New documents in line for the planner: as many as allowed, each once, and nobody for ever."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest

from router.errors import RequestRefused
from router.operations import KeptOperations, Key
from router.pipeline import Pipeline
from router.planning import PlanningLine
from router.settings import Planning
from tests.router.entrypoints.reading import eventually
from tests.router.entrypoints.sockets import acknowledged, receive, subscribe


class Planner:
    """Before it, a line of its own; it plans when it is let."""

    def __init__(self) -> None:
        self.planned: list[str] = []
        self.let = threading.Event()
        self.kept = KeptOperations(10, 1_000)
        self.line = PlanningLine(Planning(), self.kept)

    def plan(self, key: Key) -> Any:
        self.let.wait(5)
        if key.text == "cannot":
            raise ValueError(key.text)
        self.planned.append(key.text)
        return key.text

    def asked(self, *texts: str) -> list[asyncio.Future[Any]]:
        return [asyncio.ensure_future(self.line.planned(Key(text, None), self.plan)) for text in texts]


@pytest.fixture
def planner() -> Iterator[Planner]:
    planner = Planner()
    yield planner
    planner.let.set()


@pytest.fixture
def ruled(planner: Planner) -> Callable[..., Planner]:
    def by(**rules: Any) -> Planner:
        planner.line = PlanningLine(Planning(**rules), planner.kept)
        return planner

    return by


async def test_who_comes_when_too_many_wait_is_told_to_come_again(ruled: Callable[..., Planner]) -> None:
    planner = ruled(waiting=2)
    waiting = planner.asked("a", "b", "c")
    await asyncio.sleep(0)
    for _ in range(2):
        with pytest.raises(RequestRefused, match="try again") as refused:
            await planner.asked("d")[0]
        assert refused.value.status is HTTPStatus.SERVICE_UNAVAILABLE
        assert [error["extensions"]["code"] for error in refused.value.formatted()] == ["SERVICE_UNAVAILABLE"]
    planner.let.set()
    assert await asyncio.gather(*waiting) == ["a", "b", "c"]
    assert await planner.asked("d")[0] == "d"


async def test_who_asks_for_the_same_takes_no_place(ruled: Callable[..., Planner]) -> None:
    planner = ruled(waiting=0)
    waiting = planner.asked(*"aaaa")
    await asyncio.sleep(0)
    planner.let.set()
    assert await asyncio.gather(*waiting) == [*"aaaa"]
    assert planner.planned == ["a"]


async def test_who_waits_too_long_is_told_to_come_again_and_finds_it_planned(ruled: Callable[..., Planner]) -> None:
    planner = ruled(wait_seconds=0.02)
    with pytest.raises(RequestRefused, match="try again") as refused:
        await planner.asked("a")[0]
    assert refused.value.status is HTTPStatus.SERVICE_UNAVAILABLE
    planner.let.set()
    await eventually(lambda: planner.kept.get(Key("a", None)) is not None)


async def test_who_leaves_takes_nothing_from_others_who_wait(planner: Planner) -> None:
    leaving, staying = planner.asked("a", "a")
    await asyncio.sleep(0)
    leaving.cancel()
    planner.let.set()
    assert await staying == "a"


async def test_what_nobody_waits_for_any_more_leaves_the_line_unplanned(ruled: Callable[..., Planner]) -> None:
    planner = ruled(waiting=2)
    under_way, *left = planner.asked("a", "b", "c")
    await asyncio.sleep(0.01)
    for each in left:
        each.cancel()
    await asyncio.wait(left)
    honest = planner.asked("d", "b")
    await asyncio.sleep(0.01)
    planner.let.set()
    assert await asyncio.gather(under_way, *honest) == ["a", "d", "b"]
    assert planner.planned == ["a", "d", "b"]


async def test_what_cannot_be_planned_leaves_its_place(ruled: Callable[..., Planner]) -> None:
    planner = ruled(waiting=0)
    planner.let.set()
    for _ in range(3):
        with pytest.raises(ValueError, match="cannot"):
            await planner.asked("cannot")[0]
    assert await planner.asked("a")[0] == "a"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Operations are planned when it is set."""
    let, plan = threading.Event(), Pipeline._plan

    def plan_when_let(pipeline: Pipeline, key: Key) -> Any:
        let.wait(5)
        return plan(pipeline, key)

    monkeypatch.setattr(Pipeline, "_plan", plan_when_let)
    yield let
    let.set()


async def test_over_http_it_is_a_503(start_router: Any, client: Any, held: threading.Event) -> None:
    async with start_router(planning={"waiting": 0}) as router:
        first = asyncio.ensure_future(client.post(router.url, json={"query": "{ hello }"}))
        await asyncio.sleep(0.1)
        async with client.post(router.url, json={"query": "{ __typename }"}) as response:
            assert (response.status, response.headers["retry-after"]) == (503, "1")
            assert [e["extensions"]["code"] for e in (await response.json())["errors"]] == ["SERVICE_UNAVAILABLE"]
        held.set()
        assert await (await first).json() == {"data": {"hello": "world"}}


async def test_over_a_socket_it_is_an_error_of_the_operation(start_router: Any, held: threading.Event) -> None:
    async with start_router(planning={"wait_seconds": 0.05}) as router, acknowledged(router) as socket:
        await subscribe(socket, "{ hello }")
        refusal = await receive(socket)
        assert (refusal["type"], refusal["payload"][0]["extensions"]["code"]) == ("error", "SERVICE_UNAVAILABLE")
        held.set()
        await subscribe(socket, "{ hello }", "2")
        assert await receive(socket) == {"id": "2", "type": "next", "payload": {"data": {"hello": "world"}}}
