from datetime import timedelta

from tests.subgraphs.appointments.conftest import codes

NINE, TEN = "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"


async def test_claims_on_time_that_is_past_go_and_those_to_come_stay(house, clock):
    doctor, patient = await house.doctor(), await house.patient()
    for slot in (NINE, TEN):
        await house.booked(doctor, patient, slot)
    clock.move(timedelta(hours=3, minutes=31))
    service = house.domain.service
    assert await service.prune_claims(clock.now()) == 12
    assert await service.prune_claims(clock.now() + timedelta(days=1)) == 0
    assert codes(await house.book(doctor, await house.patient(), TEN)) == ["SLOT_TAKEN"]
