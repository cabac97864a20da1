import asyncio

import pytest

from subgraphs.kernel.ids import new_id
from subgraphs.patients import access
from subgraphs.patients.tables import TreatingRow
from tests.subgraphs.patients.conftest import FIELDS

ENTITIES = f"query ($of: [_Any!]!) {{ _entities(representations: $of) {{ ... on Patient {{ {FIELDS} }} }} }}"
SEES = ("own", "treating", "RECEPTIONIST", "BILLING_CLERK", "ADMIN")
SEES_NOT = ("another's", "not treating", "AUDITOR", "anonymous")


@pytest.fixture
async def patient(register, patients) -> dict:
    patient = (await register(email="h@example.com"))["patient"]

    async def treat(session) -> None:
        session.add(TreatingRow(appointment_id="1", patient_id=patient["id"], doctor_id="hers", version=1, treats=True))

    await patients.base.database.transaction(treat)
    return patient


@pytest.fixture
def bearer_of(signer, patient):
    seats = {
        "own": lambda: signer.bearer("PATIENT", patient_id=patient["id"]),
        "another's": lambda: signer.bearer("PATIENT", patient_id=new_id()),
        "treating": lambda: signer.bearer("DOCTOR", doctor_id="hers"),
        "not treating": lambda: signer.bearer("DOCTOR", doctor_id="another"),
        "anonymous": lambda: None,
    }
    return lambda seat: seats[seat]() if seat in seats else signer.bearer(seat)


async def entities(ask, patients, bearer, *ids) -> list:
    of = [{"__typename": "Patient", "id": id} for id in ids]
    answer = await ask(patients.subgraph, ENTITIES, bearer, of=of)
    assert "errors" not in answer
    return answer["data"]["_entities"]


@pytest.mark.parametrize("seat", SEES)
async def test_who_may_see_a_patient_sees_every_field_on_every_way(
    patients, ask, look, find, patient, bearer_of, seat, announced
):
    bearer = bearer_of(seat)
    assert await look(patient["id"], bearer) == patient
    assert await entities(ask, patients, bearer, patient["id"]) == [patient]
    assert await find(None, bearer) == await find(patient["mrn"], bearer) == ["Huzaifa"]
    assert [event.type for event in await announced()] == ["patient.registered"]


@pytest.mark.parametrize("seat", SEES_NOT)
async def test_who_may_not_gets_null_as_an_entity_without_an_error(patients, ask, patient, bearer_of, seat, announced):
    assert await entities(ask, patients, bearer_of(seat), patient["id"]) == [None]
    assert [event.type for event in await announced()] == ["patient.registered"]


@pytest.mark.parametrize("seat", ["another's", "not treating"])
async def test_a_patient_of_somebody_else_is_null_and_announced_once_a_minute(
    look, find, patient, bearer_of, seat, announced
):
    bearer = bearer_of(seat)
    assert await look(patient["id"], bearer) is None
    assert await look(patient["id"], bearer) is None
    assert await look(new_id(), bearer) is None
    assert await find(None, bearer) == await find(patient["mrn"], bearer) == []
    denied = (await announced())[1:]
    assert [(event.type, event.data["deed"], event.audit["patientid"]) for event in denied] == [
        ("access.denied", "patient", patient["id"])
    ]


@pytest.mark.parametrize(("seat", "code"), [("AUDITOR", "FORBIDDEN"), ("anonymous", "UNAUTHENTICATED")])
@pytest.mark.parametrize("field", ["patient(id: $id) { id }", "patients(first: 1000) { totalCount }"])
async def test_who_never_sees_patients_is_told_so_before_any_id_is_looked_at(
    patients, ask, patient, bearer_of, seat, code, field
):
    document = f"query ($id: ID!) {{ {field} other: patient(id: $id) {{ id }} }}"
    for id in (patient["id"], "nobody"):
        answer = await ask(patients.subgraph, document, bearer_of(seat), id=id)
        assert {error["extensions"]["code"] for error in answer["errors"]} == {code}


@pytest.mark.parametrize(("role", "claims"), [("PATIENT", {}), ("DOCTOR", {})])
async def test_a_token_that_names_nobody_sees_nobody(look, find, patient, signer, role, claims):
    bearer = signer.bearer(role, **claims)
    assert await look(patient["id"], bearer) is None
    assert await find(None, bearer) == []


@pytest.mark.parametrize("role", ["PATIENT", "AUDITOR", "RECEPTIONIST"])
async def test_a_doctors_id_in_a_token_of_another_role_gives_nothing(patients, ask, patient, signer, role):
    [seen] = await entities(ask, patients, signer.bearer(role, doctor_id="hers"), patient["id"])
    assert (seen is not None) == (role == "RECEPTIONIST")


async def test_entities_come_in_the_order_asked_and_unknown_ones_are_null(patients, ask, desk, register, patient):
    other = (await register(name="Other"))["patient"]
    ids = (other["id"], new_id(), "nobody", patient["id"], other["id"], "half \ud800", "", 7, None)
    seen = await entities(ask, patients, desk, *ids)
    assert [node and node["name"] for node in seen] == ["Other", None, None, "Huzaifa", "Other", None, None, None, None]


@pytest.mark.parametrize(("seat", "expected"), [("ADMIN", 1), ("treating", 3), ("own", 1), ("anonymous", 0)])
async def test_the_number_of_statements_does_not_grow_with_the_entities(
    patients, ask, register, patient, bearer_of, statements, seat, expected
):
    others = await asyncio.gather(*(register(name=f"Patient {place}") for place in range(30)))
    ids = [patient["id"], *(other["patient"]["id"] for other in others)]
    statements.clear()
    await entities(ask, patients, bearer_of(seat), *ids)
    assert len(statements) == expected


async def test_two_patients_by_id_in_one_request_are_one_statement(patients, ask, desk, patient, statements):
    await ask(
        patients.subgraph,
        "query ($id: ID!) { a: patient(id: $id) { id } b: patient(id: $id) { id } }",
        desk,
        id=patient["id"],
    )
    assert len(statements) == 1


def test_every_own_field_stands_in_the_row():
    assert {f"Patient.{name}" for name in FIELDS.split()} | {"Query.patient", "Query.patients"} == set(
        access.PATIENT.fields
    )
