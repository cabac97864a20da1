"""One subscription upstream for equal ones: who may join, what each hears, who holds up whom, when it ends."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from itertools import count
from typing import Any

import pytest

from router.auth import CheckedToken
from router.context import RequestContext
from router.errors import RequestRefused
from router.pipeline import GraphQLRequest, Pipeline
from router.settings import Limits, SharedSubscriptions
from router.supergraph import Supergraph
from router.transports.base import SubgraphRequest, TransportError

QUERY = "subscription S($c: Int) { ticks(count: $c) }"


class Source:
    """Each stream counts from nought, as far as it is let; `broken` is what they end with."""

    def __init__(self) -> None:
        self.asked: list[SubgraphRequest] = []
        self.ended = 0
        self.given = 0
        self.held = asyncio.Condition()
        self.allowed = 0
        self.broken: Exception | None = None

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        raise AssertionError(request)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        self.asked.append(request)
        try:
            for number in count():
                await self._until_let(number)
                self.given = max(self.given, number + 1)
                yield {"data": {"ticks": number}}
        finally:
            self.ended += 1

    async def _until_let(self, number: int) -> None:
        async with self.held:
            await self.held.wait_for(lambda: self.broken or number < self.allowed)
        if number >= self.allowed and self.broken:
            raise self.broken

    async def let(self, number: int, broken: Exception | None = None) -> None:
        async with self.held:
            self.allowed, self.broken = number, broken
            self.held.notify_all()


class Heard:
    """What one listener has heard, and reads on its own."""

    def __init__(self, pipeline: Pipeline, query: str = QUERY, context: RequestContext | None = None, **given: Any):
        self.call = pipeline.prepare(GraphQLRequest(query, None, given))
        self.events = pipeline.stream(self.call, context or RequestContext())
        self.numbers: list[int] = []
        self.responses: list[Any] = []
        self.refusal: RequestRefused | None = None
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async with aclosing(self.events) as events:
                async for response in events:
                    self.responses.append(response)
                    if "errors" not in response:
                        self.numbers.append(response["data"]["ticks"])
        except RequestRefused as refusal:
            self.refusal = refusal

    async def has(self, number: int) -> None:
        async with asyncio.timeout(5):
            while len(self.numbers) < number:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    async def leave(self) -> None:
        self.reading.cancel()
        await asyncio.wait([self.reading])


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def pipeline(supergraph: Supergraph, source: Source) -> Pipeline:
    return Pipeline(supergraph, source, Limits(), shared=SharedSubscriptions(most_behind=5))


async def begun(source: Source, number: int) -> None:
    async with asyncio.timeout(5):
        while len(source.asked) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)


async def test_equal_subscriptions_are_one_upstream_and_each_hears_all(pipeline: Pipeline, source: Source) -> None:
    listeners = [Heard(pipeline) for _ in range(50)]
    await begun(source, 1)
    await source.let(20)
    for listener in listeners:
        await listener.has(20)
    assert len(source.asked) == 1
    assert {tuple(listener.numbers) for listener in listeners} == {tuple(range(20))}
    for listener in listeners:
        await listener.leave()


def told(**headers: str) -> RequestContext:
    return RequestContext(headers)


def known(**claims: Any) -> RequestContext:
    return RequestContext({}, CheckedToken("ada", 9e9, claims))


@pytest.mark.parametrize(
    ("one", "other", "upstream"),
    [
        ({}, {}, 1),
        ({"c": 1}, {"c": 1}, 1),
        ({"c": 1}, {"c": 2}, 2),
        ({"c": None}, {}, 2),
        ({}, {"query": "subscription T($c: Int) { ticks(count: $c) }"}, 2),
        ({"context": told(authorization="a")}, {"context": told(authorization="a")}, 1),
        ({"context": told(authorization="a")}, {"context": told(authorization="b")}, 2),
        ({"context": told(authorization="a")}, {}, 2),
        ({"context": told(language="en")}, {"context": told(language="hi")}, 2),
        ({"context": told(traceparent="a")}, {"context": told(traceparent="b")}, 1),
        ({"context": known(role="DOCTOR")}, {"context": known(role="PATIENT")}, 2),
        ({"context": known(role="DOCTOR")}, {"context": known(role="DOCTOR")}, 1),
        ({"context": known(role="DOCTOR")}, {}, 2),
    ],
)
async def test_only_what_is_equal_is_shared(
    pipeline: Pipeline, source: Source, one: Any, other: Any, upstream: int
) -> None:
    listeners = [Heard(pipeline, **one), Heard(pipeline, **other)]
    await begun(source, upstream)
    assert len(source.asked) == upstream
    for listener in listeners:
        await listener.leave()
    assert source.ended == upstream


async def test_the_operation_of_a_document_counts(pipeline: Pipeline, source: Source) -> None:
    text = "subscription A { ticks } subscription B { ticks }"
    streams = [
        pipeline.stream(pipeline.prepare(GraphQLRequest(text, name)), RequestContext()) for name in ("A", "B", "A")
    ]
    readers = [asyncio.ensure_future(anext(stream)) for stream in streams]
    await begun(source, 2)
    assert len(source.asked) == 2
    await source.let(1)
    await asyncio.gather(*readers)
    for stream in streams:
        await stream.aclose()


async def test_who_comes_after_the_first_event_has_a_stream_of_their_own(pipeline: Pipeline, source: Source) -> None:
    early = Heard(pipeline)
    await begun(source, 1)
    await source.let(3)
    await early.has(3)
    late = Heard(pipeline)
    await late.has(3)
    later = Heard(pipeline)
    await later.has(3)
    assert later.numbers == late.numbers == early.numbers == [0, 1, 2]
    assert len(source.asked) == 3
    for listener in (early, late, later):
        await listener.leave()


async def test_the_last_to_leave_ends_it_upstream_and_no_other(pipeline: Pipeline, source: Source) -> None:
    first, second, third = (Heard(pipeline) for _ in range(3))
    await begun(source, 1)
    await first.leave()
    await source.let(2)
    await second.has(2)
    await second.leave()
    assert source.ended == 0
    await source.let(4)
    await third.has(4)
    await third.leave()
    assert (source.ended, third.numbers) == (1, [0, 1, 2, 3])


async def test_who_comes_as_the_last_leaves_begins_anew(pipeline: Pipeline, source: Source) -> None:
    first = Heard(pipeline)
    await begun(source, 1)
    leaving = asyncio.create_task(first.leave())
    await asyncio.sleep(0)
    second = Heard(pipeline)
    await leaving
    await begun(source, 2)
    await source.let(1)
    await second.has(1)
    await second.leave()
    assert source.ended == 2


async def test_a_slow_listener_holds_up_nobody_and_is_let_go(pipeline: Pipeline, source: Source) -> None:
    fast = [Heard(pipeline) for _ in range(2)]
    slow = pipeline.stream(pipeline.prepare(GraphQLRequest(QUERY)), RequestContext())
    reading = asyncio.ensure_future(anext(slow))
    await begun(source, 1)
    await source.let(500)
    for listener in fast:
        await listener.has(500)
        assert listener.numbers == list(range(500))
    heard = [await reading, *[await anext(slow) for _ in range(5)]]
    assert [response["data"]["ticks"] for response in heard] == [0, 1, 2, 3, 4, 5]
    with pytest.raises(RequestRefused) as refused:
        await anext(slow)
    assert refused.value.formatted()[0]["extensions"]["code"] == "TOO_SLOW"
    for listener in fast:
        await listener.leave()
    assert source.ended == 1


async def test_a_listener_alone_slows_the_upstream_and_is_kept(pipeline: Pipeline, source: Source) -> None:
    stream = pipeline.stream(pipeline.prepare(GraphQLRequest(QUERY)), RequestContext())
    await source.let(500)
    async with aclosing(stream) as events:
        for number in range(100):
            assert (await anext(events))["data"]["ticks"] == number
            await asyncio.sleep(0)
            assert source.given <= number + 2
    assert source.ended == 1


async def test_a_failure_upstream_reaches_all(pipeline: Pipeline, source: Source) -> None:
    listeners = [Heard(pipeline) for _ in range(3)]
    await begun(source, 1)
    await source.let(2, broken=TransportError("gone"))
    async with asyncio.timeout(5):
        await asyncio.wait([listener.reading for listener in listeners])
    for listener in listeners:
        assert listener.numbers == [0, 1]
        assert "errors" in listener.responses[-1]
    assert (len(source.asked), source.ended) == (1, 1)


async def test_what_is_unexpected_upstream_is_raised_to_all(pipeline: Pipeline, source: Source) -> None:
    listeners = [Heard(pipeline) for _ in range(3)]
    await begun(source, 1)
    await source.let(1, broken=RuntimeError("a secret"))
    async with asyncio.timeout(5):
        await asyncio.wait([listener.reading for listener in listeners])
    assert [type(listener.reading.exception()) for listener in listeners] == [RuntimeError] * 3
    assert [listener.numbers for listener in listeners] == [[0]] * 3


async def test_nothing_is_shared_where_that_is_switched_off(supergraph: Supergraph, source: Source) -> None:
    pipeline = Pipeline(supergraph, source, Limits(), shared=SharedSubscriptions(shared=False))
    listeners = [Heard(pipeline) for _ in range(3)]
    await begun(source, 3)
    assert len(source.asked) == 3
    for listener in listeners:
        await listener.leave()


@pytest.mark.parametrize("seed", range(20))
async def test_whoever_comes_and_goes_hears_every_event_once_and_in_order(
    supergraph: Supergraph, source: Source, seed: int
) -> None:
    """Each stream counts from nought, so whoever joined one too late, or lost or repeated an event, shows it."""
    pipeline = Pipeline(supergraph, source, Limits(), shared=SharedSubscriptions(most_behind=1_000))
    chance, here, all_ever = random.Random(seed), list[Heard](), list[Heard]()
    for _ in range(300):
        match chance.choice(("come", "come", "go", "event", "wait")):
            case "come":
                here.append(Heard(pipeline))
                all_ever.append(here[-1])
            case "go" if here:
                here.pop(chance.randrange(len(here))).reading.cancel()
            case "event":
                await source.let(source.allowed + chance.choice((0, 1, 3)))
            case _:
                await asyncio.sleep(chance.choice((0, 0, 0.001)))
        if chance.random() < 0.05:
            await source.let(0)
    await source.let(100)
    for listener in here:
        await listener.has(100)
        await listener.leave()
    async with asyncio.timeout(5):
        await asyncio.wait([listener.reading for listener in all_ever])
    assert [each.numbers for each in all_ever] == [list(range(len(each.numbers))) for each in all_ever]
    assert source.ended == len(source.asked) < len(all_ever)
