"""Equal queries at the same time are one request."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from router.transports.base import SubgraphRequest, TransportError, Unreachable

ON = {"sharing": {"queries": True}}
BY_ADA = {"authorization": "Bearer ada", "x-request-id": "1", "traceparent": "a"}


def asking(**variables: Any) -> SubgraphRequest:
    return SubgraphRequest("clinic", "query ($id: ID) { hello(id: $id) }", variables, headers=BY_ADA)


async def together(transport: Any, *requests: SubgraphRequest) -> list[Any]:
    return await asyncio.gather(*(transport.execute(request) for request in requests), return_exceptions=True)


async def test_equal_queries_are_sent_once(ruled: Any, clinic: Any, counted: Any) -> None:
    shared = counted("hospital_fetches_shared_total", subgraph="clinic")
    transport, clinic.seconds = ruled(**ON), 0.05
    headers = {"authorization": "Bearer ada", "x-request-id": "2", "traceparent": "b"}
    answers = await together(transport, asking(id=1), asking(id=1), replace(asking(id=1), headers=headers))
    assert answers == [clinic.answer] * 3
    assert (len(clinic.asked), shared()) == (1, 2)
    await transport.execute(asking(id=1))
    assert len(clinic.asked) == 2


@pytest.mark.parametrize(
    "other",
    [
        asking(id=2),
        asking(id=True),
        asking(id=1.0),
        asking(id="1"),
        asking(),
        replace(asking(id=1), document="query ($id: ID) { hello(id: $id) again: hello }"),
        replace(asking(id=1), headers=BY_ADA | {"authorization": "Bearer bob"}),
        replace(asking(id=1), headers={}),
        replace(asking(id=1), subgraph="other"),
        replace(asking(id=1), operation_name="A"),
    ],
)
async def test_others_are_sent_for_themselves(ruled: Any, clinic: Any, other: SubgraphRequest) -> None:
    transport, clinic.seconds = ruled(**ON), 0.05
    await together(transport, asking(id=1), other)
    assert len(clinic.asked) == 2


async def test_mutations_are_each_sent(ruled: Any, clinic: Any, mutation: SubgraphRequest) -> None:
    transport, clinic.seconds = ruled(**ON), 0.05
    await together(transport, mutation, mutation)
    assert len(clinic.asked) == 2


async def test_who_changed_something_is_not_given_what_was_asked_for_before(
    ruled: Any, clinic: Any, mutation: SubgraphRequest
) -> None:
    transport, clinic.seconds = ruled(**ON), 0.2
    before = asyncio.ensure_future(transport.execute(asking(id=1)))
    await asyncio.sleep(0.05)
    clinic.seconds = 0.0
    await transport.execute(mutation)
    await transport.execute(asking(id=1))
    await before
    assert len(clinic.asked) == 3


async def test_no_taker_sees_what_another_does_to_the_answer(ruled: Any, clinic: Any) -> None:
    transport, clinic.seconds = ruled(**ON), 0.05
    first, *others = await together(transport, *[asking(id=1)] * 3)
    first["data"]["list"][0]["id"] = "changed"
    others[0]["data"]["list"].clear()
    assert others[1] == clinic.answer


async def test_one_that_gives_up_does_not_end_it_for_the_others(ruled: Any, clinic: Any) -> None:
    transport, clinic.seconds = ruled(**ON), 0.1
    waiting = [asyncio.ensure_future(transport.execute(asking(id=1))) for _ in range(4)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()
    waiting[2].cancel()
    async with asyncio.timeout(2):
        ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in ended] == [asyncio.CancelledError, dict, asyncio.CancelledError, dict]
    assert len(clinic.asked) == 2


async def test_a_failure_is_that_of_all_who_waited(ruled: Any, clinic: Any) -> None:
    transport, clinic.seconds, clinic.away = ruled(**ON), 0.05, 1
    failures = await together(transport, *[asking(id=1)] * 3)
    assert [type(failure) for failure in failures] == [Unreachable] * 3
    assert len({id(failure) for failure in failures}) == 3
    assert await transport.execute(asking(id=1)) == clinic.answer


async def test_values_that_json_cannot_carry_are_refused_for_themselves(ruled: Any, clinic: Any) -> None:
    transport, clinic.seconds = ruled(**ON), 0.05
    answer, failure = await together(transport, asking(id=1), asking(id=10**30))
    assert answer == clinic.answer
    assert isinstance(failure, TransportError)


async def test_nothing_is_kept_of_what_has_ended(ruled: Any, clinic: Any) -> None:
    transport, clinic.away = ruled(**ON), 2
    await together(transport, *(asking(id=number % 3) for number in range(9)))
    assert transport._flights == {}
