"""What a doctor's account sees who has broken the glass of one patient: all of that patient, for an hour, no more."""

import asyncio
from datetime import timedelta

import pytest

from subgraphs.kernel.ids import new_id
from subgraphs.records.events import GlassBroken

READ = """
query ($id: ID!, $filter: AppointmentFilter) {
  appointment(id: $id) { notes reason patient { id } patientEmail history { to } }
  appointments(filter: $filter) { totalCount nodes { id } }
}
"""
ENTITIES = """
query ($of: [_Any!]!) {
  _entities(representations: $of) {
    ... on Appointment { notes patientEmail }
    ... on Patient { appointments { totalCount nodes { notes } } }
    ... on Doctor { appointments { totalCount } }
  }
}
"""
DENY = "mutation ($id: ID!) { cancelAppointment(input: {id: $id}) { errors { code } } }"
WATCH = "subscription ($after: String) { appointmentStatusChanged(after: $after) { appointment { patient { id } } } }"


@pytest.fixture
async def scene(house):
    """One appointment each of two patients, of one doctor; and another doctor."""
    doctor, other = await house.doctor(), await house.doctor()
    patients = [await house.patient() for _ in range(2)]
    made = [
        await house.booked(doctor, patient, f"2026-03-02T{hour}:00:00Z", notes="secret")
        for hour, patient in zip(("09", "10"), patients, strict=True)
    ]
    return {"doctor": doctor, "other": other, "patients": patients, "ids": [each["id"] for each in made]}


@pytest.fixture
def open_to(house, clock):
    async def send(breaker: str, patient: str, *, account: str | None = None) -> None:
        now = clock.now()
        fact = GlassBroken(
            account_id=account or f"account-{breaker[-12:]}",
            patient_id=patient,
            reason="Unconscious",
            broken_at=now,
            expires_at=now + timedelta(hours=1),
        )
        await house.hear("records", fact)

    return send


async def seen(house, scene, bearer: str) -> tuple[int, ...]:
    """How many of the two appointments are seen: by id, in the list, filtered, as entities, of patients, of the doctor.

    The list and its count agree.
    """
    by_id = [(await house.ask(READ, bearer, id=id))["appointment"] for id in scene["ids"]]
    listed = (await house.ask(READ, bearer, id=new_id()))["appointments"]
    narrowed = await house.ask(READ, bearer, id=new_id(), filter={"patientId": scene["patients"][0]})
    of = [
        *({"__typename": "Appointment", "id": id} for id in scene["ids"]),
        *({"__typename": "Patient", "id": id} for id in scene["patients"]),
        {"__typename": "Doctor", "id": scene["doctor"]},
    ]
    found = (await house.ask(ENTITIES, bearer, of=of))["_entities"]
    assert all(each["notes"] == "secret" and each["patientEmail"] for each in (*by_id, *found[:2]) if each)
    assert listed["totalCount"] == len(listed["nodes"])
    return (
        sum(each is not None for each in by_id),
        listed["totalCount"],
        narrowed["appointments"]["totalCount"],
        sum(each is not None for each in found[:2]),
        sum(each["appointments"]["totalCount"] for each in found[2:4] if each),
        found[4]["appointments"]["totalCount"],
    )


async def test_it_opens_one_patient_on_every_way_for_an_hour(house, scene, open_to, clock):
    breaker = house.as_doctor(scene["other"])
    assert await seen(house, scene, breaker) == (0,) * 6
    await open_to(scene["other"], scene["patients"][0])
    assert await seen(house, scene, breaker) == (1,) * 6
    assert await seen(house, scene, house.as_doctor(await house.doctor())) == (0,) * 6, "another account"
    clock.move(timedelta(minutes=59, seconds=59))
    assert await seen(house, scene, breaker) == (1,) * 6
    clock.move(timedelta(seconds=1))
    assert await seen(house, scene, breaker) == (0,) * 6


async def test_many_appointments_of_a_patient_are_opened_as_few_are(house, scene, open_to, monkeypatch):
    monkeypatch.setattr("subgraphs.appointments.repository._FEW", 0)
    await open_to(scene["other"], scene["patients"][0])
    assert await seen(house, scene, house.as_doctor(scene["other"])) == (1,) * 6


@pytest.mark.parametrize("role", ["PATIENT", "BILLING_CLERK", "AUDITOR"])
async def test_it_opens_nothing_to_an_account_of_another_role(house, scene, open_to, role):
    await open_to(scene["other"], scene["patients"][0], account=f"account-of-{role.lower()}")
    answer = await house.send(house.domain.subgraph, READ, house.as_role(role), id=scene["ids"][0])
    assert "secret" not in str(answer)


async def test_what_is_opened_is_for_reading_alone(house, scene, open_to):
    await open_to(scene["other"], scene["patients"][0])
    assert await house.refused(DENY, house.as_doctor(scene["other"]), id=scene["ids"][0]) == "FORBIDDEN"


async def test_what_is_older_than_what_is_known_shortens_nothing(house, scene, open_to, clock):
    await open_to(scene["other"], scene["patients"][0])
    clock.move(timedelta(minutes=-30))
    await open_to(scene["other"], scene["patients"][0])
    clock.move(timedelta(minutes=80))
    assert await seen(house, scene, house.as_doctor(scene["other"])) == (1,) * 6


class Heard:
    """What the stream tells of that bearer, as far as it has come."""

    def __init__(self, house, bearer: str, **variables) -> None:
        self._events = house.domain.subgraph.subscribe(WATCH, variables, None, {"authorization": bearer})

    async def next(self, seconds: float = 3.0) -> str | None:
        """The patient of the next change; None where none comes."""
        try:
            async with asyncio.timeout(seconds):
                answer = await anext(self._events)
        except TimeoutError:
            return None
        return answer["data"]["appointmentStatusChanged"]["appointment"]["patient"]["id"]


@pytest.fixture
async def watched(house, scene):
    """Two more bookings of the patient behind a cursor, kept by a stream that somebody listens to."""
    start = (await house.ask("{ c: appointmentChangesCursor }", house.as_desk))["c"]
    desk = Heard(house, house.as_desk)
    waiting = asyncio.create_task(desk.next())
    await asyncio.sleep(0.05)
    for hour in ("12", "13"):
        await house.booked(scene["doctor"], scene["patients"][0], f"2026-03-02T{hour}:00:00Z")
    assert [await waiting, await desk.next()] == [scene["patients"][0]] * 2
    return start


async def test_the_stream_tells_what_is_open_when_it_happens_and_no_more_when_it_is_not(house, scene, open_to, clock):
    breaker, [patient, stranger] = house.as_doctor(scene["other"]), scene["patients"]
    live = Heard(house, breaker)
    waiting = asyncio.create_task(live.next())
    await asyncio.sleep(0.05)
    await open_to(scene["other"], patient)
    await house.booked(scene["doctor"], stranger, "2026-03-02T11:00:00Z")
    await house.booked(scene["doctor"], patient, "2026-03-02T12:00:00Z")
    assert await waiting == patient
    clock.move(timedelta(hours=1))
    ongoing = asyncio.create_task(live.next(0.5))
    await house.booked(scene["doctor"], patient, "2026-03-02T13:00:00Z")
    assert await ongoing is None


async def test_it_tells_what_happened_before_the_glass_was_broken(house, scene, open_to, watched):
    await open_to(scene["other"], scene["patients"][0])
    breaker = Heard(house, house.as_doctor(scene["other"]), after=watched)
    assert [await breaker.next(), await breaker.next()] == [scene["patients"][0]] * 2


async def test_it_stops_telling_what_it_has_kept_when_the_hour_is_over(house, scene, open_to, watched, clock):
    await open_to(scene["other"], scene["patients"][0])
    breaker = Heard(house, house.as_doctor(scene["other"]), after=watched)
    assert await breaker.next() == scene["patients"][0]
    clock.move(timedelta(hours=1))
    assert await breaker.next(0.4) is None
