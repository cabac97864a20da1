"""The loop of the senders: in order, nothing lost, nobody held up by another."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from subgraphs.kernel.clock import SystemClock
from subgraphs.kernel.mail import Undeliverable, Unreachable
from subgraphs.notifications.rules import Channel
from subgraphs.notifications.service import Outgoing
from tests.workers.post import QueueInMemory, outgoing
from workers.sending import Sender


class Post:
    """Takes messages; `faults` by recipient, `closed` reaches nobody."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.faults: dict[str, Callable[[], Any]] = {}
        self.closed = False

    async def send(self, message: Outgoing) -> None:
        if self.closed:
            raise Unreachable("nobody there")
        if message.to in self.faults:
            await self.faults[message.to]()
        self.sent.append(message.id)


@pytest.fixture
def queue() -> QueueInMemory:
    return QueueInMemory()


@pytest.fixture
def post() -> Post:
    return Post()


@asynccontextmanager
async def sending(queue: QueueInMemory, post: Post, **given: Any) -> AsyncIterator[Sender]:
    known: dict[str, Any] = {"lanes": 1, "poll_seconds": 0.02, "first_wait_seconds": 0.01, "longest_wait_seconds": 0.02}
    sender = Sender(Channel.EMAIL, queue, post.send, SystemClock(), **known | given)
    task = asyncio.create_task(sender.run())
    try:
        async with asyncio.timeout(10):
            yield sender
    finally:
        sender.stop()
        await task


async def until(holds: Callable[[], bool]) -> None:
    while True:
        if holds():
            return
        await asyncio.sleep(0.01)


def raising(error: Exception, times: int = 10**6) -> Callable[[], Any]:
    left = [times]

    async def fail() -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise error

    return fail


async def test_it_sends_in_order_and_marks_many_at_once(queue, post):
    queue.add(*map(outgoing, range(500)))
    async with sending(queue, post):
        await queue.emptied()
    assert post.sent == [outgoing(number).id for number in range(500)]
    assert queue.settlements < 50
    assert all(outcome.error is None for outcome in queue.outcomes)


async def test_what_came_while_it_was_stopped_goes_out_in_order(queue, post):
    queue.add(outgoing(1))
    async with sending(queue, post):
        await queue.emptied()
    queue.add(*map(outgoing, range(2, 9)))
    async with sending(queue, post):
        await queue.emptied()
    assert post.sent == sorted(post.sent)
    assert len(post.sent) == 8


async def test_a_poison_message_stops_nobody(queue, post):
    post.faults["p0@example.com"] = raising(RuntimeError("poison"))
    queue.add(*map(outgoing, range(20)))
    async with sending(queue, post):
        await until(lambda: len(post.sent) == 19)
    assert set(queue.waiting) == {"id00000"}
    assert queue.waiting["id00000"].attempts > 0


async def test_one_that_hangs_holds_up_its_own_lane_alone(queue, post):
    stuck = asyncio.Event()
    post.faults["p0@example.com"] = stuck.wait
    queue.add(*map(outgoing, range(400)))
    async with sending(queue, post, lanes=2):
        await until(lambda: len(queue.waiting) == 1)
        assert len(post.sent) == 399
        stuck.set()
        await queue.emptied()


async def test_a_refusal_for_good_is_final_and_says_why(queue, post):
    post.faults["p0@example.com"] = raising(Undeliverable("550 nobody\r\nhere"))
    queue.add(outgoing(0))
    async with sending(queue, post):
        await queue.emptied()
    assert [(outcome.error, outcome.final) for outcome in queue.outcomes] == [("550 nobody here", True)]


async def test_while_nobody_is_there_what_waits_behind_is_not_blamed(queue, post):
    post.closed = True
    queue.add(*map(outgoing, range(100)))
    async with sending(queue, post, first_wait_seconds=0.2, longest_wait_seconds=0.2):
        await asyncio.sleep(0.3)
        post.closed = False
        await queue.emptied()
    failed = [outcome for outcome in queue.outcomes if outcome.error is not None]
    assert 1 <= len(failed) <= 4
    assert not any(outcome.reached for outcome in failed)
    assert len(set(post.sent)) == 100


async def test_while_the_database_is_down_it_waits(queue, post):
    queue.add(outgoing(1))
    queue.down = True
    async with sending(queue, post):
        await asyncio.sleep(0.1)
        assert post.sent == []
        queue.down = False
        await queue.emptied()


async def test_while_what_was_sent_cannot_be_marked_nothing_more_is_sent(queue, post):
    waiting = [outgoing(number) for number in range(200)]
    post.faults = {message.to: lambda: asyncio.sleep(0.002) for message in waiting}
    queue.add(*waiting)
    async with sending(queue, post):
        await until(lambda: len(post.sent) > 5)
        queue.down = True
        await asyncio.sleep(0.2)
        sent = len(post.sent)
        await asyncio.sleep(0.3)
        assert len(post.sent) == sent < 200
        queue.down = False
        await queue.emptied()
    assert post.sent == [message.id for message in waiting]


async def test_what_is_on_its_way_at_the_stop_is_finished_and_marked(queue, post):
    leaving, go = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        leaving.set()
        await go.wait()

    post.faults["p0@example.com"] = slow
    queue.add(*map(outgoing, range(10)))
    async with sending(queue, post) as sender:
        await leaving.wait()
        sender.stop()
        go.set()
    assert post.sent == ["id00000"]
    assert len(queue.waiting) == 9


async def test_what_is_not_wanted_any_more_after_a_long_wait_for_its_turn_is_not_sent(queue, post):
    """It was taken while nobody could be reached; by then the appointment was cancelled."""
    post.closed = True
    queue.add(*map(outgoing, range(10)))
    async with sending(queue, post, first_wait_seconds=0.2, longest_wait_seconds=0.2, fresh_seconds=0.05):
        await until(lambda: bool(queue.outcomes))
        for number in range(5, 10):
            del queue.waiting[outgoing(number).id]
        post.closed = False
        await queue.emptied()
    assert sorted(post.sent) == [outgoing(number).id for number in range(5)]


async def test_a_stop_does_not_wait_for_one_that_hangs(queue, post):
    leaving = asyncio.Event()

    async def hang() -> None:
        leaving.set()
        await asyncio.sleep(60)

    post.faults["p0@example.com"] = hang
    queue.add(outgoing(0))
    async with sending(queue, post, last_seconds=0.05):
        await leaving.wait()
    assert (post.sent, set(queue.waiting)) == ([], {"id00000"})


async def test_it_looks_no_oftener_while_one_hangs(queue, post):
    looks, take, stuck = [], queue.take, asyncio.Event()

    async def counted(*given: Any) -> list[Outgoing]:
        looks.append(1)
        return await take(*given)

    queue.take = counted  # type: ignore[method-assign]
    post.faults["p0@example.com"] = stuck.wait
    queue.add(outgoing(0))
    async with sending(queue, post, poll_seconds=60):
        await asyncio.sleep(0.4)
        assert len(looks) <= 2
        stuck.set()
        await queue.emptied()


async def test_one_that_was_sent_and_not_marked_before_a_crash_is_sent_again_as_the_same(queue, post):
    queue.add(outgoing(0))
    sender = Sender(Channel.EMAIL, queue, post.send, SystemClock(), lanes=1)
    task = asyncio.create_task(sender.run())
    await until(lambda: post.sent == ["id00000"])
    task.cancel()
    await asyncio.wait([task])
    assert set(queue.waiting) == {"id00000"}
    queue.held.clear()
    async with sending(queue, post):
        await queue.emptied()
    assert post.sent == ["id00000"] * 2


async def test_it_rests_when_there_is_nothing_more(queue, post):
    rests: list[int] = []

    async def rest() -> None:
        rests.append(len(post.sent))

    queue.add(*map(outgoing, range(5)))
    async with sending(queue, post, rest=rest):
        await queue.emptied()
        await until(lambda: bool(rests))
    assert set(rests) == {5}


async def test_the_bell_wakes_it(queue, post):
    bell = asyncio.Event()
    async with sending(queue, post, bell=bell, poll_seconds=60):
        await asyncio.sleep(0.1)
        queue.add(outgoing(1))
        bell.set()
        await queue.emptied()


async def test_who_reaches_nobody_leaves_what_waits_to_another_who_does(queue, post):
    cut_off, reaching = Post(), post
    cut_off.closed = True
    queue.add(*map(outgoing, range(50)))
    async with sending(queue, cut_off, lanes=2, first_wait_seconds=60, longest_wait_seconds=60):
        await until(lambda: len(queue.outcomes) == 2 and not queue.held)
        async with sending(queue, reaching):
            await queue.emptied()
    assert len(set(reaching.sent)) == len(reaching.sent) == 50


async def test_one_that_takes_too_long_has_failed_and_is_tried_again(queue, post):
    turns = []

    async def hang_once() -> None:
        turns.append(1)
        await asyncio.sleep(60 if len(turns) == 1 else 0)

    post.faults["p0@example.com"] = hang_once
    queue.add(outgoing(0))
    async with sending(queue, post, longest_send_seconds=0.05):
        await queue.emptied()
    assert [outcome.error for outcome in queue.outcomes] == ["It took too long.", None]


async def test_what_it_may_not_hold_until_it_is_sent_is_not_begun(queue, post):
    """It stood still between taking and sending, and another may have it by now."""
    take, stale = queue.take, []

    async def late(*given: Any) -> list[Outgoing]:
        taken = await take(*given)
        first = [] if stale else taken
        stale.extend(replace(message, held_until=message.held_until - timedelta(seconds=6)) for message in first)
        return stale if first else taken

    queue.take = late  # type: ignore[method-assign]
    queue.add(outgoing(0))
    async with sending(queue, post):
        await queue.emptied()
    assert (queue.given_back, post.sent) == (["id00000"], ["id00000"])


async def test_after_a_stop_nothing_is_held_that_was_not_tried(queue, post):
    leaving = asyncio.Event()

    async def hang() -> None:
        leaving.set()
        await asyncio.sleep(60)

    post.faults["p0@example.com"] = hang
    queue.add(*map(outgoing, range(10)))
    async with sending(queue, post, last_seconds=0.05):
        await leaving.wait()
    assert queue.held == {"id00000"}


def with_link(number: int, link: str = "a link") -> Outgoing:
    return replace(outgoing(number), link_id=link)


async def test_a_link_is_asked_for_when_its_message_is_sent(queue, post):
    texts: list[str] = []

    async def noted(message: Outgoing) -> None:
        texts.append(message.text)

    post.send = noted
    queue.links = {"a link": "http://hospital.test/#token=1"}
    queue.add(with_link(0), outgoing(1))
    async with sending(queue, post):
        await queue.emptied()
    assert sorted(texts) == ["Body 1\n", "http://hospital.test/#token=1"]


async def test_while_links_are_waited_for_all_else_goes_out(queue, post):
    """There are more of them than lanes, and than a lot."""
    asked = asyncio.Event()
    queue.ask, queue.links = asked.wait, {"a link": "http://hospital.test"}
    queue.add(*map(with_link, range(300)))
    queue.add(*map(outgoing, range(300, 400)))
    async with sending(queue, post, lanes=2):
        await until(lambda: len(queue.waiting) == 300)
        assert len(post.sent) == 100
        asked.set()
        await queue.emptied()


async def test_while_links_cannot_be_had_nothing_else_waits_and_nothing_is_blamed(queue, post):
    queue.ask = raising(Unreachable("accounts is down"), times=3)
    queue.links = {"a link": "http://hospital.test"}
    queue.add(*map(with_link, range(3)), *map(outgoing, range(3, 20)))
    async with sending(queue, post, first_wait_seconds=0.2, longest_wait_seconds=0.2):
        await until(lambda: len(post.sent) == 17)
        assert post.sent == [outgoing(number).id for number in range(3, 20)]
        await queue.emptied()
    assert [outcome.reached for outcome in queue.outcomes if outcome.error] == [False] * 3


async def test_a_message_whose_link_has_ended_is_not_sent(queue, post):
    queue.add(with_link(0, "an old one"))
    async with sending(queue, post):
        await queue.emptied()
    [outcome] = queue.outcomes
    assert (post.sent, outcome.wanted, outcome.error) == ([], False, "The link is used or has ended.")
