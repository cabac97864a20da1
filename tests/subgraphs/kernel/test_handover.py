import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from subgraphs.kernel.events import Actor, Envelope
from subgraphs.kernel.handover import Handover


def message(id: str, type: str = "thing.noted") -> Envelope:
    return Envelope(id, "hospital.things", type, 1, id, datetime(2026, 1, 1, tzinfo=UTC), Actor(), {}, {})


class Receiver:
    def __init__(self, delay_seconds: float = 0, error: Exception | None = None, fails_at: str | None = None) -> None:
        self.got: list[str] = []
        self.calls = 0
        self.delay_seconds, self.error, self.fails_at = delay_seconds, error, fails_at

    async def __call__(self, messages: Sequence[Envelope]) -> None:
        self.calls += 1
        await asyncio.sleep(self.delay_seconds)
        if self.error is not None and (self.fails_at is None or self.fails_at in [message.id for message in messages]):
            raise self.error
        self.got += [message.id for message in messages]


@pytest.fixture
def woken() -> list[int]:
    return []


def handover(woken, *receivers, limit_seconds=0.3) -> Handover:
    return Handover({"thing.noted": receivers}, lambda: woken.append(1), limit_seconds)


async def test_events_come_in_order_and_only_those_asked_for(woken):
    receiver = Receiver()
    await handover(woken, receiver)([message("1"), message("2", "thing.other"), message("3")])
    assert receiver.got == ["1", "3"]
    assert woken == [1]


async def test_nothing_to_hand_over_wakes_nobody(woken):
    await handover(woken, Receiver())([])
    assert woken == []


async def test_one_that_fails_is_nobody_elses_trouble(woken):
    good, bad = Receiver(), Receiver(error=ConnectionError("down"))
    await handover(woken, bad, good)([message("1"), message("2")])
    assert (good.got, bad.got, woken) == (["1", "2"], [], [1])


async def test_it_never_waits_longer_than_its_limit(woken):
    slow, quick = Receiver(delay_seconds=5), Receiver(delay_seconds=0.01)
    begun = time.perf_counter()
    await handover(woken, slow, Receiver(delay_seconds=5), quick, limit_seconds=0.3)([message("1"), message("2")])
    assert time.perf_counter() - begun < 2
    assert (slow.got, quick.got) == ([], ["1", "2"])


async def test_what_nobody_awaits_any_more_is_not_handed_to_a_receiver_that_hangs(woken):
    receiver = Receiver(delay_seconds=0.4, error=TimeoutError())
    hand = handover(woken, receiver, limit_seconds=0.1)
    await asyncio.gather(*(hand([message(str(number))]) for number in range(60)))
    [[line]] = hand._lines.values()
    assert len(line._waiting) == 0
    await asyncio.sleep(1)
    assert receiver.calls == 1
    receiver.error, receiver.delay_seconds = None, 0
    await hand([message("next")])
    assert receiver.got == ["next"]


async def test_receivers_work_side_by_side(woken):
    receivers = [Receiver(delay_seconds=0.2) for _ in range(10)]
    begun = time.perf_counter()
    await handover(woken, *receivers, limit_seconds=5)([message("1")])
    assert time.perf_counter() - begun < 1.5
    assert [receiver.got for receiver in receivers] == [["1"]] * 10


async def test_who_comes_while_the_receiver_works_is_taken_with_the_others(woken):
    receiver = Receiver(delay_seconds=0.02)
    hand = handover(woken, receiver, limit_seconds=5)
    await asyncio.gather(*(hand([message(str(number))]) for number in range(20)))
    assert receiver.got == [str(number) for number in range(20)]
    assert receiver.calls <= 3


async def test_one_that_the_receiver_refuses_does_not_cost_the_others_theirs(woken):
    receiver = Receiver(delay_seconds=0.02, error=ValueError("bad"), fails_at="7")
    hand = handover(woken, receiver, limit_seconds=5)
    await asyncio.gather(*(hand([message(str(number))]) for number in range(20)))
    assert sorted(receiver.got, key=int) == [str(number) for number in range(20) if number != 7]


async def test_while_somebody_writes_the_next_are_waited_for_and_share_a_transaction(woken):
    receiver, written = Receiver(), [True]
    busy = Handover(
        {"thing.noted": (receiver,)}, lambda: woken.append(1), more_comes=lambda: written[0], gather_seconds=0.3
    )

    async def later() -> None:
        await asyncio.sleep(0.001)
        await busy([message("2")])

    await asyncio.gather(busy([message("1")]), later())
    assert (receiver.got, receiver.calls) == (["1", "2"], 1)
    written[0] = False
    await asyncio.gather(busy([message("3")]), later())
    assert (receiver.got, receiver.calls) == (["1", "2", "3", "2"], 3)
