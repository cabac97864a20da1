"""What cannot be handled goes to a topic of its own, and the partition goes on."""

import orjson
import pytest
from sqlalchemy.exc import OperationalError

from subgraphs.kernel.events import MAXIMUM_BYTES, Actor, envelope
from tests.workers.conftest import BedMade
from tests.workers.kafka.conftest import has, relay_of, until
from workers.contract import Contract
from workers.dead_letters import NoSuchDeadLetter
from workers.kafka.dead_letters import DEAD_LETTERS


@pytest.fixture
def mine(house, dead_letters):
    """The letters of this test's consumer."""

    async def find():
        return [each for each in await dead_letters.waiting() if each.consumer == house[2].consumer]

    return find


def message(house, **changed) -> bytes:
    name, wards, _ = house
    made = envelope(BedMade(bed="a"), id="1", domain=name, actor=Actor(), occurred_at=wards.outbox.clock.now())
    return orjson.dumps(orjson.loads(made.to_json()) | changed)


async def test_what_nobody_can_read_is_buried_at_once_and_stops_nothing(
    house, publisher, consumer_of, kitchen, running, mine
):
    name, wards, _ = house
    consumer, _ = consumer_of()
    bodies = [
        *(b"no json", b"\xff\xfe", b"{}", b"[]", b'{"specversion": "1.0"}', b""),
        message(house, schemaversion=2),
        message(house, type="bed.unmade"),
        message(house, source="/elsewhere"),
        message(house, data={"bed": "x" * MAXIMUM_BYTES}),
    ]
    for body in bodies:
        assert await publisher.publish(f"hospital.{name}", [(b"a", body)]) == [None]
    await wards.announce("a", 1)
    async with running(relay_of(house, publisher), consumer):
        await until(lambda: has(kitchen, 1))
    letters = await mine()
    assert await kitchen.heard() == ["a1"]
    assert {letter.body.encode() for letter in letters} >= {
        body[:MAXIMUM_BYTES] for body in bodies if body != b"\xff\xfe"
    }
    assert sorted(letter.offset for letter in letters) == list(range(len(bodies)))
    assert {letter.topic for letter in letters} == {f"hospital.{name}"}
    reasons = {letter.offset: letter.error for letter in letters}
    assert reasons[6] == "UnknownVersion: bed.made of schema version 2, where 1 is known"
    assert reasons[7] == f"BadMessage: bed.unmade of hospital.{name} is not announced on hospital.{name}"
    assert reasons[9].startswith("BadMessage: a message of ")


async def test_a_letter_is_the_message_as_it_came(house, publisher, consumer_of, running, mine, dead_letters):
    consumer, _ = consumer_of()
    await publisher.publish(f"hospital.{house[0]}", [(b"a", b"\xff\x00{")])
    async with running(consumer):
        await until(mine)
    assert b"\xff\x00{" in [record.value for record in await dead_letters._records()]


async def test_a_handler_that_fails_for_ever_is_given_up_after_its_tries(
    house, publisher, consumer_of, kitchen, running, mine
):
    async def fail(what: str) -> None:
        if what == "a0":
            raise OperationalError("INSERT", {}, Exception("never"))

    kitchen.after = fail
    consumer, _ = consumer_of(tries=3, together=1)
    _, wards, _ = house
    for turn in range(3):
        await wards.announce("a", turn)
    async with running(relay_of(house, publisher), consumer):
        await until(lambda: has(kitchen, 2))
    assert await kitchen.heard() == ["a1", "a2"]
    assert kitchen.attempts == ["a0", "a0", "a0", "a1", "a2"]
    [letter] = await mine()
    assert letter.error.startswith("OperationalError: (builtins.Exception) never")


async def test_a_retried_letter_has_its_effect_once_and_waits_no_more(
    house, publisher, consumer_of, kitchen, running, mine, dead_letters
):
    async def fail(what: str) -> None:
        raise KeyError("dose")

    name, wards, subscriber = house
    whole, kitchen.before = kitchen.before, fail
    consumer, _ = consumer_of()
    await wards.announce("a", 1)
    async with running(relay_of(house, publisher), consumer):
        await until(mine)
    [letter] = await mine()
    contract = Contract({name: (BedMade,)})
    with pytest.raises(KeyError):
        await dead_letters.retry(letter, [subscriber], contract)
    assert (await kitchen.heard(), await mine()) == ([], [letter])
    kitchen.before = whole
    await dead_letters.retry(letter, [subscriber], contract)
    await dead_letters.retry(letter, [subscriber], contract)
    assert (await kitchen.heard(), await mine()) == (["a1"], [])
    with pytest.raises(NoSuchDeadLetter):
        await dead_letters.find(letter.id)
    with pytest.raises(NoSuchDeadLetter):
        await dead_letters.retry(letter, [], contract)


async def test_a_message_that_fails_anew_is_the_same_letter(house, publisher, consumer_of, running, mine, clock):
    consumer, _ = consumer_of()
    body = message(house, type="bed.unmade")
    for _ in range(2):
        await publisher.publish(f"hospital.{house[0]}", [(b"a", body)])
    async with running(consumer):
        await until(lambda: _offset_is(mine, 1))
    assert len(await mine()) == 1


async def _offset_is(mine, offset: int) -> bool:
    return [letter.offset for letter in await mine()] == [offset]


async def test_what_an_operator_writes_there_by_hand_is_listed(publisher, topic, dead_letters):
    await topic("hospital.anything")
    await publisher.publish(DEAD_LETTERS, [(b"by hand", b"words")])
    [letter] = [each for each in await dead_letters.waiting() if each.id == "by hand"]
    assert (letter.consumer, letter.body, letter.offset) == ("?", "words", None)
