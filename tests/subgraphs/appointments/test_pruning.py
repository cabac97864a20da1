from datetime import timedelta

import pytest

from subgraphs.appointments import changes
from tests.subgraphs.appointments.conftest import codes

NINE, TEN = "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"


async def test_claims_go_a_week_behind_their_time_and_those_of_later_stay(house, clock):
    doctor, patient = await house.doctor(), await house.patient()
    for slot in (NINE, TEN):
        await house.booked(doctor, patient, slot)
    service = house.domain.service
    clock.move(timedelta(hours=3, minutes=31))
    assert await service.prune_claims(clock.now() + timedelta(days=7)) == 0
    clock.move(timedelta(days=7))
    assert await service.prune_claims(clock.now()) == 12
    assert await service.prune_claims(clock.now() + timedelta(days=1)) == 0
    clock.move(-timedelta(days=7))
    assert codes(await house.book(doctor, await house.patient(), TEN)) == ["SLOT_TAKEN"]


async def test_claims_go_in_lots_so_that_others_write_in_between(house, clock, monkeypatch):
    doctor, patient = await house.doctor(), await house.patient()
    await house.booked(doctor, patient, NINE)
    clock.move(timedelta(days=7, hours=5))
    monkeypatch.setattr("subgraphs.appointments.service.pruning._BATCH", 4)
    turns, transaction = [], house.domain.base.database.transaction

    async def counted(work):
        turns.append(await transaction(work))
        return turns[-1]

    monkeypatch.setattr(house.domain.base.database, "transaction", counted)
    assert await house.domain.service.prune_claims(clock.now()) == 12
    assert turns == [4, 4, 4, 0]


async def test_who_was_late_does_not_move_the_horizon_back(house, another_process, clock, monkeypatch):
    """Between its look and its move another prunes further, whose clock is ahead."""
    base = house.domain.base
    if base.database.is_sqlite:
        pytest.skip("there the two cannot come between each other")
    doctor, patient, other = await house.doctor(), await house.patient(), another_process(base)
    for day in (1, 2):
        await house.booked(doctor, patient, f"2026-06-0{day}T09:00:00Z")
        clock.move(timedelta(days=1))
    reach, between = changes.reach, clock.now() - timedelta(hours=30)

    async def slow(session):
        found = await reach(session)
        monkeypatch.setattr(changes, "reach", reach)
        assert await other.database.transaction(lambda another: changes.move_horizon(another, clock.now())) == 2
        return found

    monkeypatch.setattr(changes, "reach", slow)
    await base.database.transaction(lambda session: changes.move_horizon(session, between))
    async with base.database.reading() as session:
        assert (await reach(session)).pruned == 2
