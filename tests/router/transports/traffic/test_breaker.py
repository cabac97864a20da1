"""A subgraph that is left alone while it is away."""

import asyncio
from typing import Any

import pytest
import structlog

from router.context import NOBODY
from router.pipeline import GraphQLRequest, Pipeline
from router.settings import Breaker, Limits
from router.supergraph import Supergraph
from router.transports.base import NotAsked, SubgraphRequest, TransportError, Unreachable
from router.transports.traffic.breaker import Circuit, State

RULES = {"share": 0.5, "requests": 10, "window_seconds": 10.0, "open_seconds": 0.2}


async def fail(transport: Any, request: SubgraphRequest, times: int) -> None:
    for _ in range(times):
        with pytest.raises(TransportError):
            await transport.execute(request)


async def test_it_asks_no_more_when_too_many_were_not_answered(
    ruled: Any, clinic: Any, hello: SubgraphRequest, counted: Any
) -> None:
    spared = counted("hospital_fetches_not_asked_total", subgraph="clinic", reason="left alone")
    state = counted("hospital_breaker_state", subgraph="clinic")
    transport, clinic.away = ruled(breaker=RULES), 1_000
    await fail(transport, hello, 30)
    assert (len(clinic.asked), spared(), state()) == (10, 20, State.OPEN)
    with pytest.raises(NotAsked, match="left alone"):
        await transport.execute(hello)


async def test_one_request_tries_it_and_an_answer_closes_the_circuit(
    ruled: Any, clinic: Any, hello: SubgraphRequest
) -> None:
    transport, clinic.away = ruled(breaker=RULES), 10
    await fail(transport, hello, 11)
    await asyncio.sleep(0.25)
    clinic.seconds = 0.1
    answers = await asyncio.gather(*(transport.execute(hello) for _ in range(5)), return_exceptions=True)
    assert answers[0] == clinic.answer
    assert [type(answer) for answer in answers[1:]] == [NotAsked] * 4
    assert await transport.execute(hello) == clinic.answer
    assert len(clinic.asked) == 12


async def test_it_is_left_alone_again_when_the_trial_fails(ruled: Any, clinic: Any, hello: SubgraphRequest) -> None:
    transport, clinic.away = ruled(breaker=RULES), 11
    await fail(transport, hello, 11)
    await asyncio.sleep(0.25)
    await fail(transport, hello, 5)
    assert len(clinic.asked) == 11


async def test_a_trial_that_nobody_waits_for_leaves_the_next_to_try(
    ruled: Any, clinic: Any, hello: SubgraphRequest
) -> None:
    transport, clinic.away = ruled(breaker=RULES), 10
    await fail(transport, hello, 10)
    await asyncio.sleep(0.25)
    clinic.seconds = 5.0
    trial = asyncio.ensure_future(transport.execute(hello))
    await asyncio.sleep(0.05)
    trial.cancel()
    await asyncio.wait([trial])
    clinic.seconds = 0.0
    assert await transport.execute(hello) == clinic.answer


async def test_subgraphs_are_told_apart(ruled: Any, clinic: Any, hello: SubgraphRequest) -> None:
    transport, clinic.away = ruled(breaker=RULES), 10
    await fail(transport, hello, 11)
    assert await transport.execute(SubgraphRequest("other", "{ hello }", {})) == clinic.answer


async def test_answers_that_are_no_graphql_leave_it_closed(ruled: Any, clinic: Any, hello: SubgraphRequest) -> None:
    transport, clinic.answer = ruled(breaker=RULES), {"neither": "nor"}
    await fail(transport, hello, 30)
    assert len(clinic.asked) == 30


async def test_a_subscription_is_refused_at_once_too(ruled: Any, clinic: Any, hello: SubgraphRequest) -> None:
    transport, clinic.away = ruled(breaker=RULES), 10
    await fail(transport, hello, 10)
    with pytest.raises(Unreachable, match="left alone"):
        async for _ in transport.subscribe(hello):
            pass


async def test_who_subscribes_meanwhile_is_told_which_subgraph_is_away(
    ruled: Any, supergraph: Supergraph, clinic: Any, hello: SubgraphRequest
) -> None:
    transport, clinic.away = ruled(breaker=RULES), 10
    await fail(transport, hello, 10)
    pipeline = Pipeline(supergraph, transport, Limits())
    call = await pipeline.prepare_aside(GraphQLRequest("subscription { ticks }"))
    (response,) = [response async for response in pipeline.stream(call, NOBODY)]
    (error,) = response["errors"]
    assert error["message"] == "Subgraph clinic: it gave no answer."
    assert error["extensions"]["reason"] == "TRY_AGAIN"


async def test_each_change_is_a_line_of_the_log(ruled: Any, clinic: Any, hello: SubgraphRequest) -> None:
    transport, clinic.away = ruled(breaker=RULES), 10
    with structlog.testing.capture_logs() as lines:
        await fail(transport, hello, 20)
        await asyncio.sleep(0.25)
        await transport.execute(hello)
    assert [(line["before"], line["now"]) for line in lines] == [
        ("CLOSED", "OPEN"),
        ("OPEN", "HALF_OPEN"),
        ("HALF_OPEN", "CLOSED"),
    ]


def test_what_failed_before_the_window_is_forgotten() -> None:
    now = 0.0
    circuit = Circuit("clinic", Breaker(requests=10, window_seconds=10.0), lambda: now)
    for _ in range(9):
        circuit.leave(circuit.enter(), False)
    now = 11.0
    for _ in range(9):
        circuit.leave(circuit.enter(), False)
    assert circuit.state is State.CLOSED
    circuit.leave(circuit.enter(), False)
    assert circuit.state is State.OPEN


def test_a_few_failures_among_many_requests_open_nothing() -> None:
    circuit = Circuit("clinic", Breaker(share=0.5, requests=10), lambda: 0.0)
    for number in range(100):
        circuit.leave(circuit.enter(), number % 5 != 0)
    assert circuit.state is State.CLOSED
