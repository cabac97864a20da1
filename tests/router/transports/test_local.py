"""Subgraphs in the same process, good ones and broken ones."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import pytest
from structlog.testing import capture_logs

from router.transports.base import SubgraphRequest, TransportError
from router.transports.dispatch import DispatchingTransport
from router.transports.local import LocalTransport

REQUEST = SubgraphRequest("clinic", "{ hello }", {"n": 1}, "Q", {"authorization": "Bearer x"})
MUTATION = SubgraphRequest("clinic", "mutation { book }", {}, is_mutation=True)
BOOKED = {"data": {"book": "1"}}


class Scripted:
    """Answers what it was given to answer; an exception is raised, a number is slept."""

    def __init__(self, *answers: Any) -> None:
        self.answers = answers
        self.asked: list[Any] = []
        self.ended = self.went_through = False

    async def execute(self, *arguments: Any) -> Mapping[str, Any]:
        return await anext(self.subscribe(*arguments))

    async def subscribe(self, *arguments: Any) -> AsyncIterator[Mapping[str, Any]]:
        self.asked.append(arguments)
        try:
            for answer in self.answers:
                if isinstance(answer, BaseException):
                    raise answer
                if isinstance(answer, float):
                    await asyncio.sleep(answer)
                else:
                    self.went_through = True
                    yield answer
        finally:
            self.ended = True


def local(subgraph: Scripted, seconds: float = 1.0, mutation_seconds: float = 1.0) -> LocalTransport:
    return LocalTransport({"clinic": subgraph}, seconds_of=lambda _: seconds, mutation_seconds=mutation_seconds)


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


async def test_a_mutation_is_waited_for_longer() -> None:
    assert await local(Scripted(0.2, BOOKED), seconds=0.05).execute(MUTATION) is BOOKED


async def test_a_mutation_that_nobody_waits_for_any_more_is_brought_to_its_end() -> None:
    subgraph = Scripted(0.2, BOOKED)
    transport = local(subgraph, mutation_seconds=0.05)
    with pytest.raises(TransportError, match="in time"):
        await transport.execute(MUTATION)
    assert not subgraph.ended
    with capture_logs() as logs:
        await asyncio.sleep(0.3)
    assert subgraph.went_through
    assert [entry["event"] for entry in logs] == ["a mutation ended after its caller had gone"]


async def test_a_mutation_outlives_the_cancellation_of_its_caller_and_the_end_waits_for_it() -> None:
    subgraph = Scripted(0.2, BOOKED)
    transport = local(subgraph)
    caller = asyncio.create_task(transport.execute(MUTATION))
    await asyncio.sleep(0.05)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not subgraph.ended
    await transport.aclose()
    assert subgraph.went_through


async def test_a_query_ends_with_its_caller() -> None:
    subgraph = Scripted(5.0)
    caller = asyncio.create_task(local(subgraph).execute(REQUEST))
    await asyncio.sleep(0.05)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert subgraph.ended


@pytest.mark.parametrize("request_", [REQUEST, MUTATION], ids=["query", "mutation"])
async def test_a_cancellation_from_within_is_the_subgraphs_failure(request_: SubgraphRequest) -> None:
    with pytest.raises(TransportError, match="clinic failed"):
        await local(Scripted(asyncio.CancelledError())).execute(request_)


async def test_a_subscription_that_is_cancelled_from_within_breaks_as_a_transport_error() -> None:
    events = local(Scripted({"data": {"a": 1}}, asyncio.CancelledError())).subscribe(REQUEST)
    await anext(events)
    with pytest.raises(TransportError):
        await anext(events)


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
