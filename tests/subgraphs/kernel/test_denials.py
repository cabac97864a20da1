import asyncio
import time
from datetime import timedelta

import pytest
from sqlmodel import select

from subgraphs.kernel.denials import EVEN_SECONDS
from subgraphs.kernel.errors import Hidden, NotFound, Target
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.kernel.tables import OutboxRow

SOMEBODY = Principal("account-1", RoleName.DOCTOR, "d@hospital.test", doctor_id="d")


@pytest.fixture
def announced(base):
    async def read() -> list[Envelope]:
        async with base.database.reading() as session:
            return [Envelope.from_json(row.body) for row in await session.exec(select(OutboxRow))]

    return read


async def test_a_refusal_says_who_was_refused_what_of_whom(base, announced):
    await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    [event] = await announced()
    assert (event.type, event.actor.account_id) == ("access.denied", "account-1")
    assert {name: event.audit[name] for name in ("outcome", "action", "resourcetype", "resourceid", "reason")} == {
        "outcome": "DENIED",
        "action": "EXECUTE",
        "resourcetype": "Patient",
        "resourceid": "p",
        "reason": "patient",
    }


async def test_equal_ones_of_one_actor_within_a_minute_are_one(base, clock, announced):
    for _ in range(3):
        await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    assert len(await announced()) == 1
    clock.move(timedelta(seconds=59))
    await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    assert len(await announced()) == 1
    clock.move(timedelta(seconds=1))
    await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    assert len(await announced()) == 2


async def test_another_actor_deed_or_thing_is_another_refusal(base, announced):
    other = Principal("account-2", RoleName.DOCTOR, "e@hospital.test")
    await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    await base.denials.note(other, "patient", Target("Patient", "p", "p"))
    await base.denials.note(SOMEBODY, "updatePatient", Target("Patient", "p", "p"))
    await base.denials.note(SOMEBODY, "patient", Target("Patient", "q", "q"))
    await base.denials.note(SOMEBODY, "patient", None)
    assert len(await announced()) == 5


HIDDEN, UNKNOWN = Hidden("patient", "id", Target("Patient", "p", "p")), NotFound("patient", "id")


@pytest.fixture
def told_after(base, monkeypatch):
    """How long a look-up takes that ends with the error: what has passed, and what is waited for in the end."""

    async def ask(error: NotFound) -> float:
        waits: list[float] = []

        async def note_down(seconds: float) -> None:
            waits.append(time.monotonic() - begun + seconds)

        async def look_up() -> None:
            async with base.denials.concealing(SOMEBODY, "patient"):
                raise error

        begun = time.monotonic()
        with monkeypatch.context() as patched:
            patched.setattr("subgraphs.kernel.denials.asyncio.sleep", note_down)
            with pytest.raises(NotFound):
                await look_up()
        return waits[-1]

    return ask


@pytest.mark.parametrize("error", [HIDDEN, UNKNOWN], ids=["hidden", "unknown"])
async def test_what_is_hidden_and_what_is_unknown_are_told_at_the_same_moments(told_after, error):
    moments = await told_after(error) / EVEN_SECONDS
    assert moments == pytest.approx(round(moments), abs=0.1)
    assert moments > 0.9


async def test_what_is_hidden_is_announced_and_what_is_unknown_is_not(told_after, announced):
    await told_after(UNKNOWN)
    assert await announced() == []
    await told_after(HIDDEN)
    assert [event.audit["resourceid"] for event in await announced()] == ["p"]


async def test_each_takes_one_turn_to_write(told_after, base, monkeypatch):
    turns, transaction = [], base.database.transaction

    async def counted(work):
        turns.append(1)
        return await transaction(work)

    monkeypatch.setattr(base.database, "transaction", counted)
    for error in (UNKNOWN, HIDDEN, HIDDEN):
        await told_after(error)
    assert len(turns) == 3


async def test_what_is_found_waits_for_nothing(base, monkeypatch):
    async def never(seconds: float) -> None:
        raise AssertionError("nothing is to be concealed")

    monkeypatch.setattr("subgraphs.kernel.denials.asyncio.sleep", never)
    async with base.denials.concealing(SOMEBODY, "patient"):
        pass


async def test_who_goes_away_does_not_keep_the_next_refusal_out_of_the_trail(base, announced, monkeypatch):
    transaction = base.database.transaction

    async def cut_off(work):
        raise asyncio.CancelledError

    monkeypatch.setattr(base.database, "transaction", cut_off)
    with pytest.raises(asyncio.CancelledError):
        await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    monkeypatch.setattr(base.database, "transaction", transaction)
    await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    assert len(await announced()) == 1
