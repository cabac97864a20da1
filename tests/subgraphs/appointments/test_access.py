"""Who sees an appointment and who may do what with it, on every way to it."""

from itertools import product

import pytest

from subgraphs.appointments import access
from subgraphs.kernel.ids import new_id
from tests.subgraphs.appointments.conftest import codes

NINE = "2026-03-02T09:00:00Z"
ENTITIES = """
query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    ... on Appointment { id notes reason history { reason } patientEmail patient { id } }
    ... on Patient { id appointments { totalCount nodes { id notes } } }
    ... on Doctor {
      id appointments { totalCount nodes { id notes } } openSlots(from: "2026-03-03", to: "2026-03-03") { start }
    }
  }
}
"""
ROOTS = {
    "appointment": "query ($id: ID!) { appointment(id: $id) { id notes history { reason } } }",
    "appointments": "{ appointments { totalCount nodes { id notes } } }",
    "appointmentChangesCursor": "{ appointmentChangesCursor }",
}
ROLES = ("PATIENT", "DOCTOR", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR", "ADMIN")


@pytest.fixture
async def scene(house):
    """One appointment, cancelled by the desk for a reason, of a doctor who still treats the patient by another one."""
    doctor, patient = await house.doctor(), await house.patient()
    made = await house.booked(doctor, patient, NINE, notes="secret")
    await house.booked(doctor, patient, "2026-03-02T10:00:00Z", notes="secret")
    await house.do("cancelAppointment", house.as_desk, id=made["id"], reason="secret")
    return {"doctor": doctor, "patient": patient, "id": made["id"]}


def viewers(house, scene, colleague: str) -> dict[str, str | None]:
    return {
        "nobody": None,
        "the patient": house.as_patient(scene["patient"]),
        "another patient": house.as_patient(new_id()),
        "a patient without an id": house.as_role("PATIENT"),
        "the doctor": house.as_doctor(scene["doctor"]),
        "a treating doctor": house.as_doctor(colleague),
        "another doctor": house.as_doctor(new_id()),
        "a doctor without an id": house.as_role("DOCTOR"),
        "the desk": house.as_role("RECEPTIONIST"),
        "the clerk": house.as_role("BILLING_CLERK"),
        "the auditor": house.as_role("AUDITOR"),
        "the admin": house.as_role("ADMIN"),
    }


SEE_ALL = {"the patient", "the doctor", "a treating doctor", "the desk", "the admin"}
SEE = SEE_ALL | {"the clerk"}
REFUSED = {"nobody": "UNAUTHENTICATED", "the auditor": "FORBIDDEN"}


@pytest.fixture
async def seen_by(house, scene):
    colleague = await house.doctor()
    await house.booked(colleague, scene["patient"], "2026-03-02T11:00:00Z", notes="secret")
    return viewers(house, scene, colleague)


def secrets(found: object) -> int:
    return str(found).count("'secret'")


async def test_the_root_by_id(house, scene, seen_by):
    for viewer, bearer in seen_by.items():
        answer = await house.send(house.domain.subgraph, ROOTS["appointment"], bearer, id=scene["id"])
        assert [error["extensions"]["code"] for error in answer.get("errors", ())] == [
            code for name, code in REFUSED.items() if name == viewer
        ], viewer
        assert (answer["data"]["appointment"] is not None) == (viewer in SEE), viewer
        assert secrets(answer) == (2 if viewer in SEE_ALL else 0), viewer


@pytest.mark.parametrize("root", ["appointments", "appointmentChangesCursor"])
async def test_the_other_roots(house, scene, seen_by, root):
    for viewer, bearer in seen_by.items():
        answer = await house.send(house.domain.subgraph, ROOTS[root], bearer)
        if viewer in REFUSED:
            assert answer["errors"][0]["extensions"]["code"] == REFUSED[viewer]
            assert answer["data"] == {root: None}
        elif root == "appointments":
            count = 3 if viewer in SEE else 0
            assert (answer["data"][root]["totalCount"], len(answer["data"][root]["nodes"])) == (count, count), viewer
            assert secrets(answer) == (3 if viewer in SEE_ALL else 0), viewer


async def test_entities(house, scene, seen_by):
    representations = [
        {"__typename": "Appointment", "id": scene["id"]},
        {"__typename": "Patient", "id": scene["patient"]},
        {"__typename": "Doctor", "id": scene["doctor"]},
    ]
    for viewer, bearer in seen_by.items():
        data = await house.ask(ENTITIES, bearer, representations=representations)
        appointment, patient, doctor = data["_entities"]
        assert (appointment is not None, patient is not None) == (viewer in SEE, viewer in SEE), viewer
        assert (doctor["appointments"] is None) == (viewer in {*REFUSED, "a patient without an id"}), viewer
        assert len(doctor["openSlots"]) == 16, viewer
        assert secrets(data) == (2 + 1 + 3 + 2 if viewer in SEE_ALL else 0), viewer
        if viewer in SEE:
            assert (appointment["patientEmail"], appointment["patient"]["id"]) == ("h@example.com", scene["patient"])
            assert (patient["appointments"]["totalCount"], doctor["appointments"]["totalCount"]) == (3, 2)


async def test_a_doctor_of_a_rejected_appointment_sees_all_of_it_but_whose_it_is(house):
    doctor, patient = await house.doctor(), await house.patient()
    made = await house.booked(doctor, patient, NINE, notes="secret")
    await house.booked(await house.doctor(), patient, "2026-03-02T10:00:00Z")
    await house.do("rejectAppointment", house.as_doctor(doctor), id=made["id"], reason="secret")
    representations = [{"__typename": "Appointment", "id": made["id"]}, {"__typename": "Patient", "id": patient}]
    appointment, as_patient = (await house.ask(ENTITIES, house.as_doctor(doctor), representations=representations))[
        "_entities"
    ]
    assert appointment == {
        "id": made["id"],
        "notes": "secret",
        "reason": "secret",
        "history": [{"reason": None}, {"reason": "secret"}],
        "patientEmail": None,
        "patient": None,
    }
    assert as_patient is None
    found = await house.ask(ROOTS["appointment"], house.as_doctor(doctor), id=made["id"])
    assert found["appointment"]["notes"] == "secret"
    assert codes(await house.do("acceptAppointment", house.as_doctor(doctor), id=made["id"])) == ["INVALID_TRANSITION"]
    listed = await house.ask(ROOTS["appointments"], house.as_doctor(doctor))
    assert listed["appointments"]["totalCount"] == 1


async def test_a_no_show_still_makes_a_treating_doctor(house, clock):
    doctor, patient = await house.doctor(), await house.patient()
    made = await house.booked(doctor, patient, NINE)
    await house.do("acceptAppointment", house.as_doctor(doctor), id=made["id"])
    clock.at = clock.at.replace(hour=9)
    payload = await house.do("markNoShow", house.as_doctor(doctor), id=made["id"])
    assert payload["appointment"]["patient"] == {"id": patient}


async def test_a_filter_opens_nothing(house, scene):
    document = "query ($filter: AppointmentFilter) { appointments(filter: $filter) { totalCount nodes { id } } }"
    for bearer in (house.as_patient(new_id()), house.as_doctor(new_id())):
        for filter in ({"patientId": scene["patient"]}, {"doctorId": scene["doctor"]}, {"status": ["CANCELLED"]}):
            data = await house.ask(document, bearer, filter=filter)
            assert data["appointments"] == {"totalCount": 0, "nodes": []}


@pytest.mark.parametrize("deed", access.DEEDS, ids=lambda deed: deed.mutations[0])
async def test_a_role_that_never_may_is_refused_before_any_id_is_looked_at(house, scene, deed):
    for mutation, role in product(deed.mutations, [None, *ROLES]):
        slot = ', slot: "2026-03-02T12:00:00Z"' if mutation == "rescheduleAppointment" else ""
        wanted = f'id: "{scene["id"]}"{slot}'
        if mutation == "bookAppointment":
            wanted = f'doctorId: "{scene["doctor"]}", slot: "2026-03-02T12:00:00Z", patientId: "nobody"'
        before = await house.announced()
        answer = await house.send(
            house.domain.subgraph,
            f"mutation {{ {mutation}(input: {{{wanted}}}) {{ errors {{ code }} }} }}",
            None if role is None else house.as_role(role),
        )
        if role in deed.done_by:
            assert "errors" not in answer
            continue
        assert answer["errors"][0]["extensions"]["code"] == ("FORBIDDEN" if role else "UNAUTHENTICATED")
        assert (await house.announced())[len(before) :] == (["access.denied"] if role else [])
        state = await house.ask("query ($id: ID!) { appointment(id: $id) { version } }", house.as_desk, id=scene["id"])
        assert state["appointment"]["version"] == 2


async def test_every_mutation_has_its_row(house):
    fields = house.domain.subgraph.schema._schema.mutation_type.fields
    assert sorted(name for deed in access.DEEDS for name in deed.mutations) == sorted(fields)


async def test_every_field_has_its_row(house):
    types = house.domain.subgraph.schema._schema.type_map
    named = ("Appointment", "AppointmentTransition", "AppointmentStatusChange", "Slot", "Query", "Subscription")
    fields = {f"{name}.{field}" for name in named for field in types[name].fields if not field.startswith("_")}
    fields |= {"Patient.appointments", "Doctor.appointments", "Doctor.openSlots"}
    assert {field for thing in access.THINGS for field in thing.fields} == fields


@pytest.mark.parametrize(
    "mutation", ["acceptAppointment", "rejectAppointment", "completeAppointment", "cancelAppointment"]
)
async def test_a_doctor_who_sees_but_is_not_the_doctor_of_it_is_forbidden(house, scene, mutation):
    colleague = await house.doctor()
    await house.booked(colleague, scene["patient"], "2026-03-02T11:00:00Z")
    document = f'mutation {{ {mutation}(input: {{id: "{scene["id"]}"}}) {{ errors {{ code }} }} }}'
    assert await house.refused(document, house.as_doctor(colleague)) == "FORBIDDEN"
    type, denied = (await house.outbox())[-1]
    assert (type, denied["deed"], denied["denied_type"]) == ("access.denied", mutation, "Appointment")
    assert (denied["denied_id"], denied["patient_id"]) == (scene["id"], scene["patient"])


@pytest.mark.parametrize("mutation", ["acceptAppointment", "cancelAppointment", "markNoShow"])
async def test_a_doctor_who_does_not_see_it_finds_nothing_and_that_is_noted(house, scene, mutation):
    payload = await house.do(mutation, house.as_doctor(new_id()), id=scene["id"])
    assert codes(payload) == ["NOT_FOUND"]
    type, denied = (await house.outbox())[-1]
    assert (type, denied["deed"], denied["denied_id"]) == ("access.denied", mutation, scene["id"])


@pytest.mark.parametrize("mutation", ["cancelAppointment", "rescheduleAppointment"])
async def test_another_patient_finds_nothing_and_changes_nothing(house, scene, mutation):
    more = {"slot": "2026-03-02T12:00:00Z"} if mutation == "rescheduleAppointment" else {}
    made = await house.booked(scene["doctor"], scene["patient"], "2026-03-02T13:00:00Z")
    before = len(await house.outbox())
    assert codes(await house.do(mutation, house.as_patient(new_id()), id=made["id"], **more)) == ["NOT_FOUND"]
    assert (await house.announced())[before:] == ["access.denied"]


async def test_asking_for_what_is_hidden_is_noted_once_and_the_unknown_is_not(house, scene):
    before = len(await house.outbox())
    stranger = house.as_patient(new_id())
    for id in (scene["id"], scene["id"], new_id(), "' OR 1=1", "\ud800"):
        assert (await house.ask(ROOTS["appointment"], stranger, id=id))["appointment"] is None
    ((type, denied),) = (await house.outbox())[before:]
    assert (type, denied["deed"], denied["denied_id"]) == ("access.denied", "appointment", scene["id"])
