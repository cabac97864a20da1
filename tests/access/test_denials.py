"""What was refused stands in the audit trail, once a minute; what was only left out does not."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.access.ward import UNKNOWN
from tests.e2e.crowd import token
from tests.e2e.facts import Facts, changed
from tests.e2e.hospital import Hospital, Person, open_hospital

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("denials")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def quiet(new_folder: Callable[[], Path]) -> Any:
    """A hospital of its own: nobody else is refused here."""
    async with open_hospital(new_folder()) as hospital:
        yield hospital


async def denials(hospital: Hospital, person: Person) -> list[tuple[str, str, str | None, str | None]]:
    """Of that actor, oldest first: the deed, what it was about, and whose that is."""
    found = await hospital.trail(type="access.denied", outcome="DENIED")
    assert {event["action"] for event in found} <= {"EXECUTE"}
    return [
        (event["reason"], event["resourceType"], event["resourceId"], event["patientId"])
        for event in reversed(found)
        if event["actorName"] == person.email
    ]


async def test_a_deed_that_is_not_ones_role_is_noted_once_a_minute(quiet: Hospital):
    patient = await quiet.patient()
    for _ in range(3):
        answer = await quiet.ask_to("createDepartment", patient.bearer, name="Mine")
        assert answer.codes == ["FORBIDDEN"]
    await quiet.ask_to("createDepartment", patient.bearer, name="Another name, the same deed")
    document = 'mutation { x: createDepartment(input: {name: "By another name"}) { errors { code } } }'
    assert (await quiet.ask(document, patient.bearer)).codes == ["FORBIDDEN"]
    assert await denials(quiet, patient) == [("createDepartment", "Operation", None, None)]

    await quiet.ask_to("acceptAppointment", patient.bearer, id=UNKNOWN)
    async with quiet.later(timedelta(seconds=61)):
        await quiet.ask_to("createDepartment", patient.bearer, name="A minute later")
    assert sorted(await denials(quiet, patient)) == sorted(
        [("createDepartment", "Operation", None, None)] * 2 + [("acceptAppointment", "Operation", None, None)]
    )


async def test_an_area_that_is_not_ones_role_is_noted(quiet: Hospital):
    doctor = await quiet.doctor()
    answer = await quiet.ask("{ auditChain { length } auditEvents { totalCount } }", doctor.bearer)
    assert answer.codes == ["FORBIDDEN"] * 2
    assert sorted(deed for deed, *_ in await denials(quiet, doctor)) == ["auditChain", "auditEvents"]


async def test_what_is_hidden_and_asked_for_by_its_id_is_noted_with_whose_it_is(quiet: Hospital):
    patient, other, doctor = await quiet.patient(), await quiet.patient(), await quiet.doctor()
    stranger = await quiet.doctor()
    [slot, *_] = await quiet.slots(doctor, days=1)
    visit = (await quiet.booked(patient, doctor, slot))["id"]
    document = "query ($p: ID!, $a: ID!) { patient(id: $p) { id } appointment(id: $a) { id } }"
    for _ in range(3):
        await quiet.ask(document, other.bearer, p=patient.id, a=visit)
        await quiet.ask_to("updatePatient", other.bearer, "patient { id }", id=patient.id, name="Mine")
        await quiet.ask_to("cancelAppointment", other.bearer, id=visit)
        await quiet.ask_to("bookAppointment", other.bearer, patientId=patient.id, doctorId=doctor.id, slot=slot)
        await quiet.ask_to("acceptAppointment", stranger.bearer, id=visit)
    assert sorted(await denials(quiet, other)) == [
        ("appointment", "Appointment", visit, patient.id),
        ("bookAppointment", "Patient", patient.id, patient.id),
        ("cancelAppointment", "Appointment", visit, patient.id),
        ("patient", "Patient", patient.id, patient.id),
        ("updatePatient", "Patient", patient.id, patient.id),
    ]
    assert await denials(quiet, stranger) == [("acceptAppointment", "Appointment", visit, patient.id)]
    own = "{ auditEvents(filter: {outcome: DENIED}, first: 100) { totalCount nodes { reason } } }"
    seen = (await quiet.data(own, patient.bearer))["auditEvents"]
    assert seen["totalCount"] == 6


async def test_what_is_seen_and_not_ones_own_to_do_is_noted_with_whose_it_is(quiet: Hospital):
    patient, doctor, colleague = await quiet.patient(), await quiet.doctor(), await quiet.doctor()
    slots = await quiet.slots(doctor, days=1)
    await quiet.booked(patient, doctor, slots[0])
    visit = (await quiet.booked(patient, colleague, slots[1]))["id"]
    assert (await quiet.ask_to("acceptAppointment", doctor.bearer, id=visit)).codes == ["FORBIDDEN"]
    assert await denials(quiet, doctor) == [("acceptAppointment", "Appointment", visit, patient.id)]


async def test_what_is_left_out_unknown_or_nobodys_is_not_noted(quiet: Hospital):
    patient, other, doctor = await quiet.patient(), await quiet.patient(), await quiet.doctor()
    [slot, *_] = await quiet.slots(doctor, days=1)
    visit = (await quiet.booked(other, doctor, slot))["id"]
    await quiet.runtime.delivery.settled()
    facts = Facts(quiet.runtime.folder.path)
    before, known = facts.digests(), len(await quiet.trail(type="access.denied"))
    document = """
    query ($of: ID!, $unknown: ID!) {
      patients { totalCount nodes { id } }
      appointments(filter: {patientId: $of}) { totalCount }
      doctors { nodes { appointments { totalCount nodes { patient { name } } } } }
      patient(id: $unknown) { id }
      appointment(id: $unknown) { id }
    }
    """
    await quiet.data(document, patient.bearer, of=other.id, unknown=UNKNOWN)
    by_id = "query ($p: ID!, $a: ID!) { patient(id: $p) { id } appointment(id: $a) { id } patients { totalCount } }"
    assert set((await quiet.ask(by_id, None, p=other.id, a=visit)).codes) == {"UNAUTHENTICATED"}
    ended = await token(quiet, "ADMIN", seconds=-1)
    assert (await quiet.ask(by_id, ended, p=other.id, a=visit)).status == 401
    assert (await quiet.ask_to("createDepartment", None, name="Nobody's")).codes == ["UNAUTHENTICATED"]
    await quiet.do("cancelAppointment", patient.bearer, id=UNKNOWN)
    assert changed(before, facts.digests()) == set()
    facts.close()
    assert len(await quiet.trail(type="access.denied")) == known
