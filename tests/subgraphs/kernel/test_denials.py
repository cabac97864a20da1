from dataclasses import dataclass
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


@dataclass
class Watch:
    """The time that passes in a test: looking up takes some, writing some, and what is waited for."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def told_after(base, monkeypatch):
    """How long a look-up of `seconds` takes that ends with the error, where a transaction takes 11 ms."""
    watch, transaction = Watch(), base.database.transaction

    async def slow(work):
        watch.now += 0.011
        return await transaction(work)

    async def ask(error: NotFound, seconds: float = 0.0) -> float:
        async def look_up() -> None:
            async with base.denials.concealing(SOMEBODY, "patient"):
                watch.now += seconds
                raise error

        begun = watch.now
        with monkeypatch.context() as patched:
            patched.setattr("subgraphs.kernel.denials.time", watch)
            patched.setattr("subgraphs.kernel.denials.asyncio", watch)
            patched.setattr(base.database, "transaction", slow)
            with pytest.raises(NotFound):
                await look_up()
        return watch.now - begun

    return ask


@pytest.mark.parametrize("error", [HIDDEN, UNKNOWN], ids=["hidden", "unknown"])
@pytest.mark.parametrize(("seconds", "moments"), [(0.0, 1), (0.018, 1), (0.020, 2), (0.2, 8)])
async def test_what_is_hidden_and_what_is_unknown_are_told_at_the_same_moments(told_after, error, seconds, moments):
    assert await told_after(error, seconds) == pytest.approx(moments * EVEN_SECONDS)


async def test_what_is_hidden_is_announced_and_what_is_unknown_is_not(told_after, announced):
    await told_after(UNKNOWN)
    assert await announced() == []
    await told_after(HIDDEN)
    assert [event.audit["resourceid"] for event in await announced()] == ["p"]
