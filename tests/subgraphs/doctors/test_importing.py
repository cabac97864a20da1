from dataclasses import replace
from datetime import time
from decimal import Decimal

import pytest

from subgraphs.doctors.rules import Window
from subgraphs.doctors.service import ImportedDepartment, ImportedDoctor

CLINIC = ImportedDepartment("fhir:Organization/1", "HILLTOP MANOR")
IRVIN = ImportedDoctor(
    import_key="fhir:Practitioner/1",
    name="Dr. Irvin970 Emard19",
    email="Irvin970.Emard19@example.com",
    specialty="General Practice Physician",
    department_key=CLINIC.import_key,
    consultation_fee=Decimal("80"),
    time_zone="America/Chicago",
    slot_minutes=15,
    hours=(Window(0, time(9), time(17)),),
)


@pytest.fixture
async def clinic(doctors) -> str:
    return (await doctors.service.import_departments([CLINIC])).ids[CLINIC.import_key]


async def test_departments_are_imported_once_also_under_one_name(doctors, query, announced):
    other = replace(CLINIC, import_key="fhir:Organization/2")
    first = await doctors.service.import_departments([CLINIC, other, CLINIC])
    again = await doctors.service.import_departments([other, CLINIC])
    assert (first.made, again.made, first.refused) == (2, 0, {})
    assert first.ids == again.ids
    assert len((await query("{ departments { id } }"))["departments"]) == 2
    assert [(event.type, event.actor.name) for event in await announced()] == [("department.created", "import")] * 2


async def test_a_doctor_is_imported_once_without_a_login(doctors, clinic, look, announced, logins):
    first = await doctors.service.import_doctors([IRVIN])
    again = await doctors.service.import_doctors([IRVIN, replace(IRVIN, name="Changed since")])
    assert (first.made, again.made, first.ids) == (1, 0, again.ids)
    doctor = await look(first.ids[IRVIN.import_key])
    assert doctor == doctor | {
        "name": "Dr. Irvin970 Emard19",
        "email": "irvin970.emard19@example.com",
        "department": {"id": clinic, "name": "HILLTOP MANOR"},
        "consultationFee": "80.00",
        "timeZone": "America/Chicago",
        "slotMinutes": 15,
        "availability": [{"day": "MONDAY", "startTime": "09:00:00", "endTime": "17:00:00"}],
        "version": 1,
    }
    event = (await announced())[-1]
    assert (event.type, event.actor.name, event.actor.account_id) == ("doctor.registered", "import", None)
    assert (event.data["imported"], event.data["opens_login"]) == (True, False)
    assert (len(await announced()), logins.asked) == (2, 0)


async def test_an_imported_doctor_is_found_like_any_other(doctors, clinic, find, change):
    imported = await doctors.service.import_doctors([IRVIN], actor_name="demo")
    assert await find(search="irvin", specialty="general practice physician") == [IRVIN.name]
    await change("updateDoctor", id=imported.ids[IRVIN.import_key], name="Dr. Irvin Emard")
    assert await find(search="emard19") == []


async def test_a_department_is_named_by_its_id_too_and_the_zone_is_the_hospitals(doctors, medicine, look):
    given = replace(IRVIN, department_key=None, department_id=medicine, time_zone=None, hours=())
    imported = await doctors.service.import_doctors([given])
    doctor = await look(imported.ids[IRVIN.import_key])
    assert (doctor["department"]["name"], doctor["timeZone"]) == ("Medicine", "Asia/Kolkata")


async def test_a_bad_one_is_refused_alone_and_says_why(doctors, clinic, find, announced):
    bad = {
        "no e-mail": replace(IRVIN, email=None),
        "odd e-mail": replace(IRVIN, email="nobody"),
        "no department": replace(IRVIN, department_key="fhir:Organization/9"),
        "no department at all": replace(IRVIN, department_key=None),
        "odd department": replace(IRVIN, department_key="\ud800"),
        "odd department id": replace(IRVIN, department_key=None, department_id="\ud800"),
        "no name": replace(IRVIN, name=" "),
        "odd name": replace(IRVIN, name="\0"),
        "no number": replace(IRVIN, consultation_fee=Decimal("NaN")),
        "endless": replace(IRVIN, consultation_fee=Decimal("Infinity")),
        "odd hours": replace(IRVIN, hours=(Window(0, time(9), time(8)),)),
        "k" * 201: IRVIN,
        "": IRVIN,
        "\ud800": IRVIN,
    }
    batch = [replace(doctor, import_key=key) for key, doctor in bad.items()]
    outcome = await doctors.service.import_doctors([*batch, IRVIN])
    assert set(outcome.refused) == set(bad)
    assert outcome.refused["no e-mail"] == "A doctor needs an e-mail."
    assert outcome.refused["no department"] == "The doctor's department is not here."
    assert (list(outcome.ids), outcome.made) == ([IRVIN.import_key], 1)
    assert await find() == [IRVIN.name]
    assert len(await announced()) == 2


async def test_a_bad_department_is_refused_alone(doctors, query):
    batch = [CLINIC, ImportedDepartment("2", ""), ImportedDepartment("", "Nameless")]
    outcome = await doctors.service.import_departments(batch)
    assert (set(outcome.refused), outcome.made) == ({"2", ""}, 1)
    assert (await query("{ departments { name } }"))["departments"] == [{"name": CLINIC.name}]


async def test_a_batch_costs_no_more_reading_for_more_doctors(doctors, clinic, statements):
    async def cost(batch) -> int:
        statements.clear()
        await doctors.service.import_doctors(batch)
        return len([statement for statement in statements if statement.startswith("SELECT")])

    one = await cost([IRVIN])
    assert await cost([replace(IRVIN, import_key=str(number)) for number in range(50)]) == one
