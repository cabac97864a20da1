"""What a consumer gives up, when, and what it says of it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from structlog.testing import capture_logs

from subgraphs.kernel.events import Actor
from subgraphs.kernel.tables import DeadLetterRow
from tests.workers.conftest import BedMade
from tests.workers.heard import hears, rows, tried_times
from workers.outbox_source import OutboxSource

pytestmark = pytest.mark.sqlite  # its source is that of one process

POISON = ["", "null", "[]", "{}", "17", '{"id": 1}', '"\\ud800"', '{"data": "\\u0000"}', "\x00", "{" * 5000]


async def test_what_never_passes_is_given_up_after_its_tries(wards, kitchen, consumer, running, eventually):
    async def fail(what: str) -> None:
        if what == "a0":
            raise OperationalError("INSERT", {}, Exception("odd"))

    kitchen.after = fail
    for turn in range(2):
        await wards.announce("a", turn)
    async with running(consumer(tries=4)):
        await eventually(hears(kitchen, 1))
    assert await kitchen.heard() == ["a1"]
    assert kitchen.attempts.count("a0") == 1 + 4
    [letter] = await rows(kitchen.database, DeadLetterRow)
    assert letter.error.startswith("OperationalError: ")


async def test_nothing_is_given_up_while_its_tables_are_those_of_another_release(
    wards, kitchen, consumer, running, eventually
):
    await _rename(kitchen, "heard", "heard_of_old")
    for turn in range(2):
        await wards.announce("a", turn)
    async with running(consumer(tries=2)):
        await eventually(tried_times(kitchen, 10))
        assert not await rows(kitchen.database, DeadLetterRow)
        await _rename(kitchen, "heard_of_old", "heard")
        await eventually(hears(kitchen, 2))
    assert await kitchen.heard() == ["a0", "a1"]
    assert not await rows(kitchen.database, DeadLetterRow)


async def test_nothing_is_given_up_while_time_runs_out_alone(wards, kitchen, consumer, running, eventually):
    slow = [True]

    async def late(what: str) -> None:
        if slow:
            raise TimeoutError

    kitchen.after = late
    await wards.announce("a")
    async with running(consumer(tries=2)):
        await eventually(tried_times(kitchen, 10))
        slow.clear()
        await eventually(hears(kitchen, 1))
    assert not await rows(kitchen.database, DeadLetterRow)


async def _rename(kitchen, table: str, name: str) -> None:
    await kitchen.database.transaction(lambda session: session.exec(text(f"ALTER TABLE {table} RENAME TO {name}")))


async def test_nothing_is_given_up_while_the_database_takes_no_writes(
    wards, kitchen, consumer, running, eventually, monkeypatch
):
    works = kitchen.database.transaction
    tried_so_far = []

    async def transaction(work):
        tried_so_far.append(work)
        raise ConnectionError("gone")

    await wards.announce("a")
    monkeypatch.setattr(kitchen.database, "transaction", transaction)
    async with running(consumer(tries=2)):

        async def tried_often() -> bool:
            return len(tried_so_far) > 20

        await eventually(tried_often)
        assert not await rows(kitchen.database, DeadLetterRow)
        monkeypatch.setattr(kitchen.database, "transaction", works)
        await eventually(hears(kitchen, 1))
    assert not await rows(kitchen.database, DeadLetterRow)


async def test_what_the_contract_does_not_know_is_buried_at_once(wards, kitchen, consumer, running, eventually):
    class BedUnmade(BedMade):
        type = "bed.unmade"

    class BedMadeAnew(BedMade):
        schema_version = 2

    async def announce(session) -> None:
        for event in (BedUnmade(bed="a"), BedMadeAnew(bed="a")):
            wards.outbox.record(session, event, Actor())

    await wards.database.transaction(announce)
    await wards.announce("a", 1)
    async with running(consumer()):
        await eventually(hears(kitchen, 1))
    assert await kitchen.heard() == ["a1"]
    assert sorted(letter.error for letter in await rows(kitchen.database, DeadLetterRow)) == [
        "BadMessage: bed.unmade of hospital.wards is not announced on hospital.wards",
        "UnknownVersion: bed.made of schema version 2, where 1 is known",
    ]


async def test_it_tries_what_cannot_pass_only_once(wards, kitchen, consumer, running, eventually):
    async def fail(what: str) -> None:
        if what == "a1":
            raise KeyError("dose")

    kitchen.after = fail
    for turn in range(3):
        await wards.announce("a", turn)
    async with running(consumer(together=1)):
        await eventually(hears(kitchen, 2))
    assert await kitchen.heard() == ["a0", "a2"]
    assert kitchen.attempts == ["a0", "a1", "a2"]
    letters = await rows(kitchen.database, DeadLetterRow)
    assert [(letter.consumer, letter.topic, letter.error) for letter in letters] == [
        ("kitchen.list", "hospital.wards", "KeyError: 'dose'")
    ]


async def test_messages_that_no_one_can_read_stop_nothing_and_write_a_line_each(
    wards, kitchen, consumer, running, eventually
):
    with capture_logs() as logs:
        async with running(consumer()):
            for turn, body in enumerate(POISON):
                await wards.put(body)
                await wards.announce("a", turn)
            await eventually(hears(kitchen, len(POISON)))
    assert await kitchen.heard() == [f"a{turn}" for turn in range(len(POISON))]
    assert len(await rows(kitchen.database, DeadLetterRow)) == len(POISON)
    assert [line["event"] for line in logs] == ["consumer.buried"] * len(POISON)


async def test_its_log_names_the_error_but_not_what_was_in_the_message(wards, kitchen, consumer, running, eventually):
    async def fail(what: str) -> None:
        raise ValueError(f"the patient {what} is allergic to nuts")

    kitchen.before = fail
    await wards.announce("Huzaifa")
    with capture_logs() as logs:
        async with running(consumer()):

            async def buried() -> bool:
                return bool(await rows(kitchen.database, DeadLetterRow))

            await eventually(buried)
    assert len(logs) == 1
    assert "ValueError at" in logs[0]["error"]
    assert "Huzaifa" not in str(logs)


async def test_an_error_text_that_no_database_takes_is_buried_all_the_same(
    wards, kitchen, consumer, running, eventually
):
    async def fail(what: str) -> None:
        if what == "a0":
            raise ValueError("\ud800" * 10_000)

    kitchen.before = fail
    await wards.announce("a", 0)
    await wards.announce("a", 1)
    async with running(consumer()):
        await eventually(hears(kitchen, 1))
    assert len((await rows(kitchen.database, DeadLetterRow))[0].error) == 4000


async def test_a_letter_that_cannot_be_buried_now_is_buried_later(
    wards, kitchen, consumer, running, eventually, monkeypatch
):
    async def fail(what: str) -> None:
        if what == "a0":
            raise ValueError

    failures = iter([ConnectionError(), RuntimeError("no bug may lose a message")])
    keep = OutboxSource.keep

    async def unlucky(self, session, handled):
        for failure in failures:
            raise failure
        await keep(self, session, handled)

    kitchen.before = fail
    await wards.announce("a", 0)
    monkeypatch.setattr(OutboxSource, "keep", unlucky)
    async with running(consumer()):
        await wards.announce("a", 1)
        await eventually(hears(kitchen, 1))
    assert await kitchen.heard() == ["a1"]
    assert [letter.error for letter in await rows(kitchen.database, DeadLetterRow)] == ["ValueError: "]


async def test_a_message_whose_row_stands_in_its_own_way_is_buried(wards, kitchen, consumer, running, eventually):
    async def fail(what: str) -> None:
        if what == "a0":
            raise IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed"))

    kitchen.after = fail
    await wards.announce("a", 0)
    await wards.announce("a", 1)
    async with running(consumer()):
        await eventually(hears(kitchen, 1))
    assert await kitchen.heard() == ["a1"]
    assert len(await rows(kitchen.database, DeadLetterRow)) == 1
