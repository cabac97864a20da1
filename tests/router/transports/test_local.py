"""Subgraphs in the same process, good ones and broken ones."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import pytest

from router.transports.base import SubgraphRequest, TransportError
from router.transports.dispatch import DispatchingTransport
from router.transports.local import LocalTransport

REQUEST = SubgraphRequest("clinic", "{ hello }", {"n": 1}, "Q", {"authorization": "Bearer x"})


class Scripted:
    """Answers what it was given to answer; an exception is raised, a number is slept."""

    def __init__(self, *answers: Any) -> None:
        self.answers = answers
        self.asked: list[Any] = []
        self.ended = False

    async def execute(self, *arguments: Any) -> Mapping[str, Any]:
        return await anext(self.subscribe(*arguments))

    async def subscribe(self, *arguments: Any) -> AsyncIterator[Mapping[str, Any]]:
        self.asked.append(arguments)
        try:
            for answer in self.answers:
                if isinstance(answer, Exception):
                    raise answer
                if isinstance(answer, float):
                    await asyncio.sleep(answer)
                else:
                    yield answer
        finally:
            self.ended = True


def local(subgraph: Scripted, seconds: float = 1.0) -> LocalTransport:
    return LocalTransport({"clinic": subgraph}, seconds_of=lambda _: seconds)


async def test_it_passes_the_request_on_and_the_answer_back() -> None:
    answer = {"data": {"hello": "world"}}
    subgraph = Scripted(answer)
    assert await local(subgraph).execute(REQUEST) is answer
    assert subgraph.asked == [("{ hello }", {"n": 1}, "Q", {"authorization": "Bearer x"})]


async def test_it_waits_no_longer_than_it_may() -> None:
    subgraph = Scripted(5.0)
    with pytest.raises(TransportError, match="in time"):
        await local(subgraph, seconds=0.05).execute(REQUEST)
    assert subgraph.ended


async def test_what_a_subgraph_raises_is_a_transport_error_without_its_words() -> None:
    with pytest.raises(TransportError) as failed:
        await local(Scripted(ValueError("a secret"))).execute(REQUEST)
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize("answer", [None, [], {}, {"data": None}, {"data": 1}, {"data": {}, "errors": {}}])
async def test_what_is_not_graphql_is_a_transport_error(answer: Any) -> None:
    with pytest.raises(TransportError):
        await local(Scripted(answer)).execute(REQUEST)


async def test_a_subgraph_that_is_not_here_is_a_transport_error() -> None:
    with pytest.raises(TransportError, match="does not run in this process"):
        await local(Scripted()).execute(SubgraphRequest("other", "{ a }", {}))


async def test_a_subscription_gives_each_event_and_breaks_as_a_transport_error() -> None:
    events = local(Scripted({"data": {"a": 1}}, ValueError("a secret"))).subscribe(REQUEST)
    assert await anext(events) == {"data": {"a": 1}}
    with pytest.raises(TransportError):
        await anext(events)


async def test_who_stops_reading_ends_the_subscription() -> None:
    subgraph = Scripted({"data": {"a": 1}}, {"data": {"a": 2}})
    async with aclosing(local(subgraph).subscribe(REQUEST)) as events:  # type: ignore[type-var]
        await anext(events)
        assert not subgraph.ended
    assert subgraph.ended


async def test_each_subgraph_is_asked_by_its_own_way() -> None:
    here, there = Scripted({"data": {"from": "here"}}), Scripted({"data": {"from": "there"}})
    remote = LocalTransport({"pharmacy": there}, seconds_of=lambda _: 1.0)
    transport = DispatchingTransport(local(here), {"clinic"}, remote)
    assert await transport.execute(REQUEST) == {"data": {"from": "here"}}
    pharmacy = SubgraphRequest("pharmacy", "{ a }", {})
    assert await transport.execute(pharmacy) == {"data": {"from": "there"}}
    assert [event async for event in transport.subscribe(pharmacy)] == [{"data": {"from": "there"}}]
