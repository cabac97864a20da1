"""Connections over keyset cursors: whole under writing, within their limits, in their order."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_object_type
from sqlalchemy import Engine, event

from tests.e2e.hospital import Hospital

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("lists")]

BAD_SIZES = (0, -1, 101, 1_000, -2_147_483_648)
BAD_CURSORS = ("", "nonsense", "\0", "%", "'; DROP TABLE patients; --", "a" * 5_000, "{{7*7}}", "🏥")


async def paged(hospital: Hospital, document: str, bearer: str | None, **variables: Any) -> list[str]:
    """The ids on all pages of `list`, one page after another."""
    found, after = [], None
    while True:
        page = (await hospital.data(document, bearer, after=after, **variables))["list"]
        found += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def while_writing(reading: Awaitable[list[str]], write: Callable[[int], Awaitable[Any]]) -> list[str]:
    """What was read while `write(0)`, `write(1)`, … went on."""

    async def keep_writing() -> None:
        number = 0
        while True:
            await write(number)
            number += 1

    writing = asyncio.create_task(keep_writing())
    try:
        return await reading
    finally:
        writing.cancel()
        await asyncio.wait([writing])


def check_whole(found: list[str], before: list[str]) -> None:
    assert len(found) == len(set(found))
    assert [id for id in found if id in set(before)] == before


async def test_patients_are_each_listed_once_while_others_register(hospital: Hospital):
    async def register(name: str) -> str:
        made = await hospital.done("registerPatient", hospital.desk, "patient { id }", name=name, dob="1990-01-01")
        return str(made["id"])

    before = [await register(f"Listed {letter}{number}") for letter in "bdf" for number in range(6)]
    document = """
    query ($after: String) {
      list: patients(search: "listed", first: 2, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } }
    }
    """
    found = await while_writing(
        paged(hospital, document, hospital.desk), lambda number: register(f"Listed {'aceg'[number % 4]}{number}")
    )
    check_whole(found, before)


async def test_appointments_are_each_listed_once_while_others_are_booked(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    slots = await hospital.slots(doctor, days=3)
    before = [(await hospital.booked(patient, doctor, slot))["id"] for slot in slots[:36:2]]
    document = """
    query ($after: String, $id: ID!) {
      list: appointments(filter: {doctorId: $id}, first: 2, after: $after) {
        nodes { id } pageInfo { endCursor hasNextPage }
      }
    }
    """
    found = await while_writing(
        paged(hospital, document, hospital.desk, id=doctor.id),
        lambda number: hospital.booked(patient, doctor, slots[1 + 2 * number]),
    )
    check_whole(found, before[::-1])


async def test_doctors_and_audit_events_are_each_listed_once_while_more_come(hospital: Hospital):
    department, patient = await hospital.department(), await hospital.patient()
    before = [(await hospital.doctor(f"Dr. B{number}", departmentId=department)).id for number in range(6)]
    doctors = """
    query ($after: String, $id: ID!) {
      list: doctors(departmentId: $id, first: 1, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } }
    }
    """
    found = await while_writing(
        paged(hospital, doctors, None, id=department),
        lambda number: hospital.doctor(f"Dr. {'AC'[number % 2]}{number}", departmentId=department),
    )
    check_whole(found, before)

    events = """
    query ($after: String, $id: ID!) {
      list: auditEvents(filter: {patientId: $id}, first: 1, after: $after) {
        nodes { id } pageInfo { endCursor hasNextPage }
      }
    }
    """
    for number in range(6):
        await hospital.done("updatePatient", hospital.desk, "patient { id }", id=patient.id, height=170.0 + number)
    await hospital.settled()
    known = await paged(hospital, events, hospital.auditor, id=patient.id)
    assert len(known) >= 7
    found = await while_writing(
        paged(hospital, events, hospital.auditor, id=patient.id),
        lambda number: hospital.done(
            "updatePatient", hospital.desk, "patient { id }", id=patient.id, weight=70.0 + number
        ),
    )
    check_whole(found, known)


def connections(schema: Any) -> Iterator[tuple[str, str]]:
    """Each field that takes `first`, as the document that asks for it and the variable its parent is named by."""
    query: GraphQLObjectType = schema.query_type
    for name, field in query.fields.items():
        kind = get_named_type(field.type)
        if "first" in field.args:
            yield "", f"{name}(first: $first, after: $after) {{ nodes {{ __typename }} }}"
        elif is_object_type(kind) and set(field.args) == {"id"}:
            for nested, inner in kind.fields.items():  # type: ignore[union-attr]
                if "first" in inner.args:
                    yield (
                        name,
                        f"{name}(id: $id) {{ {nested}(first: $first, after: $after) {{ nodes {{ __typename }} }} }}",
                    )
    yield "", "departments { doctors(first: $first, after: $after) { nodes { __typename } } }"


async def test_first_is_from_1_to_100_and_after_is_a_cursor_of_that_list_everywhere(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [slot, *_] = await hospital.slots(doctor, days=1)
    await hospital.booked(patient, doctor, slot)
    ids = {"patient": patient.id, "doctor": doctor.id}
    cursors = await cursors_of_each(hospital)
    asked = 0
    for parent, selection in connections(hospital.schema):
        declared = "$first: Int = 20, $after: String" + (", $id: ID!" if parent else "")
        document = f"query ({declared}) {{ {selection} }}"
        bearer = patient.bearer if "medicalRecords" in selection else bearer_for(hospital, selection)
        variables = {"id": ids[parent]} if parent else {}
        for first in BAD_SIZES:
            answer = await hospital.ask(document, bearer, first=first, **variables)
            assert set(answer.codes) == {"BAD_USER_INPUT"}, (selection, first)
        for after in (*BAD_CURSORS, *(c for name, c in cursors.items() if not selection.startswith(name))):
            answer = await hospital.ask(document, bearer, after=after, **variables)
            assert set(answer.codes) == {"BAD_USER_INPUT"}, (selection, after)
        assert (await hospital.ask(document, bearer, first=100, **variables)).codes == []
        asked += 1
    assert asked == 11


def bearer_for(hospital: Hospital, selection: str) -> str:
    """Of who may read that list."""
    if "bills" in selection:
        return hospital.staff["BILLING_CLERK"].bearer
    readers = {"auditEvents": hospital.auditor, "notifications": hospital.admin}
    return next((bearer for name, bearer in readers.items() if selection.startswith(name)), hospital.desk)


async def cursors_of_each(hospital: Hospital) -> dict[str, str]:
    """A good cursor of each list, where it is good for no other."""
    document = "{ %s(first: 1) { edges { cursor } } }"
    lists = {"auditEvents": hospital.auditor, "patients": hospital.desk, "appointments": hospital.desk}
    found = {
        name: (await hospital.data(document % name, bearer))[name]["edges"][0]["cursor"]
        for name, bearer in lists.items()
    }
    return found | {"changes": (await hospital.data("{ c: appointmentChangesCursor }", hospital.desk))["c"]}


async def test_a_size_of_one_hundred_and_one_is_refused_and_not_cut(hospital: Hospital):
    answer = await hospital.ask("{ doctors(first: 101) { nodes { id } } }")
    assert (answer.codes, answer.body["data"]) == (["BAD_USER_INPUT"], {"doctors": None})
    assert "100" in answer.body["errors"][0]["message"]


async def test_a_size_beyond_all_measure_is_a_bad_first_as_well(hospital: Hospital):
    document = "query ($first: Int!) { doctors(first: $first) { nodes { id } } }"
    for first in (20_000, 2_147_483_647):
        assert (await hospital.ask(document, first=first)).codes == ["BAD_USER_INPUT"]
        assert (await hospital.ask(f"{{ doctors(first: {first}) {{ nodes {{ id }} }} }}")).codes == ["BAD_USER_INPUT"]


async def test_patients_and_doctors_are_listed_by_name(hospital: Hospital):
    for name in ("Ordered Zed", "ordered ábel", "Ordered Bo", "ORDERED Ab"):
        await hospital.done("registerPatient", hospital.desk, "patient { id }", name=name, dob="1990-01-01")
    document = '{ patients(search: "ordered") { nodes { name } totalCount } }'
    listed = (await hospital.data(document, hospital.desk))["patients"]
    assert [node["name"] for node in listed["nodes"]] == ["ORDERED Ab", "ordered ábel", "Ordered Bo", "Ordered Zed"]
    assert listed["totalCount"] == 4


async def test_everything_else_is_listed_newest_first(hospital: Hospital):
    await hospital.patient()
    await hospital.settled()
    document = "{ auditEvents(first: 100) { nodes { sequence } } appointments(first: 100) { nodes { slot } } }"
    seen = (await hospital.ask(document, hospital.auditor)).body["data"]
    sequences = [node["sequence"] for node in seen["auditEvents"]["nodes"]]
    assert all(newer > older for newer, older in pairwise(sequences))
    assert seen["appointments"] is None


async def test_wildcards_of_sql_are_letters_like_any_other_in_a_search(hospital: Hospital):
    for name in ("Wild 100% Sure", "Wild under_score", "Wild Plain"):
        await hospital.done("registerPatient", hospital.desk, "patient { id }", name=name, dob="1990-01-01")
    document = "query ($text: String) { patients(search: $text) { nodes { name } totalCount } }"
    for text, expected in (
        ("wild 100%", ["Wild 100% Sure"]),
        ("wild 1_0", []),
        ("wild %", []),
        ("wild _", []),
        ("%", []),
        ("_", []),
        ("wild under_", ["Wild under_score"]),
        ("wild u%", []),
        ("wild underxscore", []),
    ):
        found = (await hospital.data(document, hospital.desk, text=text))["patients"]
        assert [node["name"] for node in found["nodes"]] == expected, text
        assert found["totalCount"] == len(expected)
    doctors = (await hospital.data('{ doctors(search: "%", specialty: "%") { totalCount } }'))["doctors"]
    assert doctors["totalCount"] == 0


FULL_SCREEN = """
query ($id: ID!) {
  patient(id: $id) {
    id mrn name email phone dob
    appointments(first: 10) { nodes { id slot end status notes doctor { id name department { name } } } }
    bills(first: 10) { nodes { id number total amountPaid balance currency status createdAt } }
  }
}
"""
_BEHIND = ("outbox", "positions", "inbox", "notifications", "dead_letters")
"""Tables of the consumers, senders and timers that look for work meanwhile."""


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement as it is run, but for those of who works behind."""
    run: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not any(f" {table}" in statement for table in _BEHIND):
            run.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield run
    event.remove(Engine, "before_cursor_execute", note)


async def test_a_full_screen_of_a_patient_costs_four_statements(hospital: Hospital, statements: list[str]):
    patient = await hospital.patient()
    clerk = hospital.staff["BILLING_CLERK"].bearer
    for number, name in enumerate(("Dr. One", "Dr. Two")):
        doctor = await hospital.doctor(name)
        booked = await hospital.booked(patient, doctor, (await hospital.slots(doctor))[number])
        await hospital.done("acceptAppointment", doctor.bearer, id=booked["id"])
        await hospital.done("createBill", clerk, "bill { id }", appointmentId=booked["id"], drugsAmount="900")
    await hospital.settled()
    statements.clear()
    found = (await hospital.data(FULL_SCREEN, patient.bearer, id=patient.id))["patient"]
    assert len(found["appointments"]["nodes"]) == len(found["bills"]["nodes"]) == 2
    assert len(statements) == 4, statements  # the patient, the appointments, the bills, the doctors
