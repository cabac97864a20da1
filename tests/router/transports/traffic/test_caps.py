"""No more requests at a time than a subgraph bears."""

import asyncio
from typing import Any

from router.transports.base import NotAsked, SubgraphRequest


async def test_it_is_given_so_many_at_a_time_and_the_others_wait(
    ruled: Any, clinic: Any, hello: SubgraphRequest
) -> None:
    transport, clinic.seconds = ruled(caps={"running": 3}), 0.05
    answers = await asyncio.gather(*(transport.execute(hello) for _ in range(12)))
    assert answers == [clinic.answer] * 12
    assert clinic.most_running == 3


async def test_no_more_wait_than_may(ruled: Any, clinic: Any, hello: SubgraphRequest, counted: Any) -> None:
    refused = counted("hospital_fetches_not_asked_total", subgraph="clinic", reason="too many wait")
    transport, clinic.seconds = ruled(caps={"running": 1, "waiting": 2}), 0.1
    answers = await asyncio.gather(*(transport.execute(hello) for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [dict, dict, dict, NotAsked, NotAsked]
    assert (len(clinic.asked), refused()) == (3, 2)


async def test_none_waits_longer_than_it_may(ruled: Any, clinic: Any, hello: SubgraphRequest) -> None:
    transport, clinic.seconds = ruled(caps={"running": 1, "wait_seconds": 0.1}), 0.5
    answers = await asyncio.gather(*(transport.execute(hello) for _ in range(2)), return_exceptions=True)
    assert answers[0] == clinic.answer
    assert isinstance(answers[1], NotAsked)
    assert len(clinic.asked) == 1


async def test_who_is_gone_leaves_its_place_to_others(ruled: Any, clinic: Any, hello: SubgraphRequest) -> None:
    transport, clinic.seconds = ruled(caps={"running": 1}), 5.0
    gone = [asyncio.ensure_future(transport.execute(hello)) for _ in range(3)]
    await asyncio.sleep(0.05)
    for request in gone:
        request.cancel()
    await asyncio.wait(gone)
    clinic.seconds = 0.0
    assert await transport.execute(hello) == clinic.answer


async def test_a_slow_subgraph_does_not_hold_up_another(ruled: Any, clinic: Any, hello: SubgraphRequest) -> None:
    transport, clinic.seconds = ruled(caps={"running": 5, "running_by_name": {"clinic": 1}}), 0.2
    slow = [asyncio.ensure_future(transport.execute(hello)) for _ in range(3)]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(0.3):
        assert await transport.execute(SubgraphRequest("other", "{ hello }", {})) == clinic.answer
    await asyncio.gather(*slow)
