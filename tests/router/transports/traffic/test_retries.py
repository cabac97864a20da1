"""Queries that are sent again."""

import asyncio
import time
from typing import Any

import pytest

from router.settings import Retries
from router.transports.base import SubgraphRequest, TransportError, Unreachable
from router.transports.traffic.retries import Budget

GENEROUS = {"most": 1, "share": 1.0, "a_second": 10.0, "pause_seconds": 0.01}


async def test_a_query_that_is_not_answered_is_sent_once_more(
    ruled: Any, clinic: Any, hello: SubgraphRequest, counted: Any
) -> None:
    retries = counted("hospital_fetch_retries_total", subgraph="clinic")
    clinic.away = 1
    assert await ruled(retries=GENEROUS).execute(hello) == clinic.answer
    assert (len(clinic.asked), retries()) == (2, 1)


async def test_it_is_sent_no_more_often_than_that(ruled: Any, clinic: Any, hello: SubgraphRequest) -> None:
    clinic.away = 9
    with pytest.raises(Unreachable):
        await ruled(retries=GENEROUS | {"most": 3}).execute(hello)
    assert len(clinic.asked) == 4


async def test_a_mutation_is_never_sent_again(ruled: Any, clinic: Any, mutation: SubgraphRequest) -> None:
    clinic.away = 1
    with pytest.raises(Unreachable):
        await ruled(retries=GENEROUS).execute(mutation)
    assert len(clinic.asked) == 1


async def test_an_answer_that_is_no_graphql_is_not_asked_for_again(
    ruled: Any, clinic: Any, hello: SubgraphRequest
) -> None:
    clinic.answer = {"neither": "nor"}
    with pytest.raises(TransportError):
        await ruled(retries=GENEROUS).execute(hello)
    assert len(clinic.asked) == 1


async def test_all_attempts_together_take_no_longer_than_one_may(
    ruled: Any, clinic: Any, hello: SubgraphRequest
) -> None:
    async def hang_up_then_dawdle() -> None:
        clinic.away, clinic.seconds = 1, 0.2
        await asyncio.sleep(0.1)
        clinic.seconds = 5.0

    started = time.monotonic()
    dawdling = asyncio.ensure_future(hang_up_then_dawdle())
    await asyncio.sleep(0)
    with pytest.raises(Unreachable, match="in time"):
        await ruled(subgraph_seconds=0.5, retries=GENEROUS).execute(hello)
    await dawdling
    assert len(clinic.asked) == 2
    assert time.monotonic() - started < 0.65


async def test_a_query_that_timed_out_is_not_sent_again(
    ruled: Any, clinic: Any, hello: SubgraphRequest, counted: Any
) -> None:
    retries = counted("hospital_fetch_retries_total", subgraph="clinic")
    clinic.seconds = 5.0
    with pytest.raises(Unreachable, match="in time"):
        await ruled(subgraph_seconds=0.2, retries=GENEROUS).execute(hello)
    assert (len(clinic.asked), retries()) == (1, 0)


async def test_a_subgraph_that_is_down_is_not_asked_twice_as_often(
    ruled: Any, clinic: Any, hello: SubgraphRequest, counted: Any
) -> None:
    spared = counted("hospital_fetch_retries_spared_total", subgraph="clinic")
    clinic.away = 1_000
    transport = ruled(retries={"most": 1, "share": 0.1, "a_second": 0.0, "pause_seconds": 0.001})
    for _ in range(100):
        with pytest.raises(Unreachable):
            await transport.execute(hello)
    assert 105 <= len(clinic.asked) <= 110
    assert spared() == 200 - len(clinic.asked)


def test_a_budget_grows_with_time_as_well_and_not_without_end() -> None:
    now = 0.0
    budget = Budget("clinic", Retries(share=0.0, a_second=2.0), lambda: now)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    now = 1_000.0
    budget.earn()
    assert sum(budget.spend() for _ in range(100)) == 10
