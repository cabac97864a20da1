import pytest
from sqlmodel import select

from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.tables import DeadLetterRow, InboxRow, PositionRow
from tests.workers.conftest import CONTRACT
from workers.dead_letters import DeadLetters, NoSuchDeadLetter

pytestmark = pytest.mark.sqlite  # its source is that of one process


@pytest.fixture
def letters(kitchen) -> DeadLetters:
    return DeadLetters((kitchen.subscriber,), CONTRACT)


@pytest.fixture
def bury(wards, kitchen, consumer, running, eventually, letters):
    """Announces these, of which the kitchen takes none."""

    async def send(*beds: str) -> None:
        async def refuse(what: str) -> None:
            kitchen.clock.move(seconds=1)
            raise ValueError(f"no {what} here")

        whole, kitchen.before = kitchen.before, refuse
        before = len(await letters.waiting())
        for bed in beds:
            await wards.announce(bed)
        async with running(consumer()):

            async def all_buried() -> bool:
                return len(await letters.waiting()) == before + len(beds)

            await eventually(all_buried)
        kitchen.before = whole

    return send


async def count(database, table) -> int:
    async with database.reading() as session:
        return len((await session.exec(select(table))).all())


async def test_they_are_listed_oldest_first_with_the_reason(bury, letters):
    await bury("a", "b")
    listed = await letters.waiting()
    assert [(letter.consumer, letter.topic, letter.error) for letter in listed] == [
        ("kitchen.list", "hospital.wards", "ValueError: no a0 here"),
        ("kitchen.list", "hospital.wards", "ValueError: no b0 here"),
    ]
    assert '"bed.made"' in listed[0].body


async def test_a_retried_letter_has_its_effect_and_waits_no_more(bury, letters, kitchen):
    await bury("a", "b")
    first, second = await letters.waiting()
    replayed = await letters.retry(first.id)
    assert replayed.replayed_at == kitchen.clock.now()
    assert await kitchen.heard() == ["a0"]
    assert [letter.id for letter in await letters.waiting()] == [second.id]


async def test_a_letter_has_one_effect_however_often_it_is_retried(bury, letters, kitchen):
    await bury("a")
    [letter] = await letters.waiting()
    once = await letters.retry(letter.id)
    kitchen.clock.move(hours=1)
    assert await letters.retry(letter.id) == once
    assert await kitchen.heard() == ["a0"]


async def test_a_letter_that_fails_again_stays(bury, letters, kitchen):
    await bury("a")
    [letter] = await letters.waiting()

    async def refuse(what: str) -> None:
        raise KeyError("still not")

    kitchen.after = refuse
    with pytest.raises(KeyError):
        await letters.retry(letter.id)
    assert await letters.waiting() == [letter]
    assert await kitchen.heard() == []
    assert await count(kitchen.database, InboxRow) == 0


async def test_a_letter_that_nobody_can_read_stays(wards, consumer, running, eventually, letters):
    await wards.put("[]")
    async with running(consumer()):

        async def buried() -> bool:
            return bool(await letters.waiting())

        await eventually(buried)
    [letter] = await letters.waiting()
    with pytest.raises(ValueError):
        await letters.retry(letter.id)
    assert await letters.waiting() == [letter]


async def test_a_discarded_letter_is_gone_without_an_effect(bury, letters, kitchen):
    await bury("a", "b")
    first, second = await letters.waiting()
    assert await letters.discard(first.id) == first
    assert await letters.waiting() == [second]
    assert await kitchen.heard() == []
    with pytest.raises(NoSuchDeadLetter):
        await letters.retry(first.id)


async def test_what_was_handled_is_not_discarded(bury, letters):
    await bury("a")
    [letter] = await letters.waiting()
    handled = await letters.retry(letter.id)
    with pytest.raises(NoSuchDeadLetter):
        await letters.discard(letter.id)
    assert await letters.retry(letter.id) == handled


async def test_no_letter_of_that_id(bury, letters):
    await bury("a")
    with pytest.raises(NoSuchDeadLetter):
        await letters.retry("nothing")


async def test_a_letter_of_another_consumer_is_not_handled_by_this_one(bury, letters, kitchen):
    await bury("a")
    [letter] = await letters.waiting()
    other = Subscriber.once("kitchen.other", ("hospital.wards",), kitchen.database, kitchen.clock, kitchen.handle)
    with pytest.raises(NoSuchDeadLetter):
        await DeadLetters((other,), CONTRACT).retry(letter.id)
    assert await kitchen.heard() == []
    assert await DeadLetters((other,), CONTRACT).waiting() == [letter]


async def test_two_consumers_of_one_database_list_each_letter_once(bury, kitchen):
    await bury("a")
    other = Subscriber.once("kitchen.other", ("hospital.wards",), kitchen.database, kitchen.clock, kitchen.handle)
    both = DeadLetters((other, kitchen.subscriber), CONTRACT)
    [letter] = await both.waiting()
    await both.retry(letter.id)
    assert await kitchen.heard() == ["a0"]


async def test_a_message_that_fails_anew_is_the_same_letter(bury, wards, kitchen, letters, consumer):
    await bury("a")
    [first] = await letters.waiting()

    async def forget_position(session) -> None:
        for row in await session.exec(select(PositionRow)):
            await session.delete(row)

    await kitchen.database.transaction(forget_position)

    async def refuse(what: str) -> None:
        raise TypeError("another reason")

    kitchen.before = refuse
    await consumer().turn()
    [again] = await letters.waiting()
    assert (again.id, again.error, again.failed_at) == (first.id, "TypeError: another reason", kitchen.clock.now())
    assert await count(kitchen.database, DeadLetterRow) == 1
