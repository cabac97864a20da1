"""The ways that no client takes from the root: `_entities` asked of a subgraph itself, and the stream of changes."""

import asyncio
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest
from graphql import ObjectTypeDefinitionNode, get_named_type, is_leaf_type, parse

import schema
from router.context import RequestContext
from router.pipeline import GraphQLRequest
from tests.access.rows import PUBLIC, thing_of
from tests.access.ward import UNKNOWN, Viewer, Ward, leaves_of
from tests.access.ways import Oracle

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("access")]

SUBGRAPHS = ("accounts", "patients", "doctors", "appointments", "records", "billing", "notifications", "audit")
ENTITIES = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on %s { %s } } }"
CHANGES = """
subscription ($after: String) {
  appointmentStatusChanged(after: $after) {
    cursor previousStatus status changedAt
    appointment { %s patient { %s } doctor { id } history { %s } }
  }
}
"""


def entities() -> list[tuple[str, str, str]]:
    """Each entity that a subgraph resolves, and its own values there."""
    found = []
    for subgraph in SUBGRAPHS:
        sdl = (Path(schema.__file__ or "").parent / f"{subgraph}.graphql").read_text("utf-8")
        for node in parse(sdl).definitions:
            if isinstance(node, ObjectTypeDefinitionNode) and resolves(node):
                found.append((subgraph, node.name.value, " ".join(own_values(node))))
    return found


def resolves(node: ObjectTypeDefinitionNode) -> bool:
    keys = [directive for directive in node.directives or () if directive.name.value == "key"]
    return any("resolvable" not in {argument.name.value for argument in key.arguments or ()} for key in keys)


def own_values(node: ObjectTypeDefinitionNode) -> list[str]:
    public = PUBLIC.type_map[node.name.value].fields  # type: ignore[attr-defined]
    names = [own.name.value for own in node.fields or ()]
    return [name for name in names if is_leaf_type(get_named_type(public[name].type))]


async def test_the_entities_of_the_house_are_these():
    assert {(subgraph, kind) for subgraph, kind, _ in entities()} == {
        ("patients", "Patient"),
        ("doctors", "Doctor"),
        ("doctors", "Department"),
        ("appointments", "Appointment"),
        ("appointments", "Patient"),
        ("appointments", "Doctor"),
        ("records", "Patient"),
        ("records", "Appointment"),
        ("billing", "Patient"),
        ("billing", "Appointment"),
    }


@pytest.mark.parametrize(("subgraph", "kind", "values"), entities())
async def test_an_entity_is_given_to_whom_it_may_be_given(ward: Ward, subgraph: str, kind: str, values: str):
    rows = {
        "Patient": ward.truth.patients,
        "Doctor": ward.truth.doctors,
        "Department": ward.truth.departments,
        "Appointment": ward.truth.appointments,
    }[kind]
    asked = [*rows, UNKNOWN, next(iter(rows)), "nobody", ""]
    of = [{"__typename": kind, "id": id, "role": "ADMIN", "principal": {"role": "ADMIN"}} for id in asked]
    for viewer in ward.viewers.values():
        answer = await ward.ask_subgraph(subgraph, ENTITIES % (kind, values), viewer, {"of": of})
        assert "errors" not in answer, answer["errors"]
        oracle = Oracle(ward, viewer)
        for id, given in zip(asked, answer["data"]["_entities"], strict=True):
            assert given == expected(oracle, subgraph, kind, values.split(), id, rows.get(id)), (str(viewer), id)


def expected(oracle: Oracle, subgraph: str, kind: str, values: list[str], id: str, row: Any) -> Any:
    if subgraph == "appointments" and kind in {"Patient", "Doctor"}:
        # Whether there is such a one is not for appointments to say: the key comes back to who might see them.
        return {"id": id} if kind == "Doctor" or oracle.sees("Patient", {"id": id}) else None
    if subgraph == "records" and kind == "Appointment":
        return {"id": id}
    if subgraph == "billing":
        seen = kind == "Appointment" or thing_of("Patient.bills").may_see(oracle.seat("Patient", {"id": id}))
        return {"id": id} if seen else None
    if row is None or not oracle.sees(kind, row) or (subgraph == "records" and not oracle.sees_records_of(id)):
        return None
    return {name: oracle.leaf(kind, row, name) for name in values}


async def test_the_appointments_of_an_entity_are_counted_as_they_are_seen(ward: Ward):
    patients, doctors = list(ward.truth.patients), list(ward.truth.doctors)
    document = """
    query ($of: [_Any!]!) {
      _entities(representations: $of) {
        ... on Patient { appointments { totalCount nodes { id } } }
        ... on Doctor { appointments { totalCount nodes { id } } }
      }
    }
    """
    of = [{"__typename": "Patient", "id": id} for id in patients] + [
        {"__typename": "Doctor", "id": id} for id in doctors
    ]
    for viewer in ward.viewers.values():
        answer = await ward.ask_subgraph("appointments", document, viewer, {"of": of})
        oracle, given = Oracle(ward, viewer), answer["data"]["_entities"]
        for id, entity in zip(patients, given, strict=False):
            check_list(
                oracle, entity and entity["appointments"], "patient", id, hidden=not oracle.sees("Patient", {"id": id})
            )
        never = oracle.refusal("Doctor.appointments") is not None
        for id, entity in zip(doctors, given[len(patients) :], strict=True):
            check_list(oracle, entity["appointments"], "doctor", id, hidden=never)


def check_list(oracle: Oracle, given: Any, parent: str, id: str, *, hidden: bool) -> None:
    if hidden:
        assert given is None
        return
    rows = [
        row for row in oracle.ward.truth.appointments.values() if row[parent] == id and oracle.sees("Appointment", row)
    ]
    assert {node["id"] for node in given["nodes"]} == {row["id"] for row in rows}
    assert given["totalCount"] == len(rows)


async def test_the_stream_tells_each_what_they_see_and_nothing_of_the_rest(ward: Ward):
    document = CHANGES % tuple(
        " ".join(leaves_of(kind)) for kind in ("Appointment", "Patient", "AppointmentTransition")
    )
    for viewer in ward.viewers.values():
        oracle = Oracle(ward, viewer)
        code = oracle.refusal("Subscription.appointmentStatusChanged")
        seen = [row for row in ward.truth.appointments.values() if oracle.sees("Appointment", row)]
        expected = 1 if code is not None else sum(len(row["history"]) for row in seen)
        heard = await heard_by(ward, viewer, document, expected)
        assert len(heard) == expected, str(viewer)
        if code is not None:
            assert [error["extensions"]["code"] for error in heard[0]["errors"]] == [code]
            continue
        assert all("errors" not in answer for answer in heard), (str(viewer), heard)
        changes = [answer["data"]["appointmentStatusChanged"] for answer in heard]
        for change in changes:
            row = ward.truth.appointments[change["appointment"]["id"]]
            assert change["appointment"] == told(oracle, row), str(viewer)


def told(oracle: Oracle, row: dict[str, Any]) -> dict[str, Any]:
    patient = oracle.ward.truth.patients[row["patient"]]
    lines = [{**line, "doctor": row["doctor"], "patient": row["patient"]} for line in row["history"]]
    return {
        **{name: oracle.leaf("Appointment", row, name) for name in leaves_of("Appointment")},
        "patient": {name: oracle.leaf("Patient", patient, name) for name in leaves_of("Patient")}
        if oracle.sees("Patient", patient)
        else None,
        "doctor": {"id": row["doctor"]},
        "history": [
            {name: oracle.leaf("AppointmentTransition", line, name) for name in leaves_of("AppointmentTransition")}
            for line in lines
        ],
    }


async def heard_by(ward: Ward, viewer: Viewer, document: str, expected: int) -> list[Any]:
    """All changes since the ward was furnished: as many as are expected, and whatever comes right behind them."""
    call = ward.pipeline.prepare(GraphQLRequest(document, None, {"after": ward.beginning}))
    heard: list[Any] = []
    with suppress(TimeoutError, StopAsyncIteration):
        async with aclosing(ward.pipeline.stream(call, RequestContext(viewer.headers))) as changes:
            while True:
                async with asyncio.timeout(10 if len(heard) < expected else 0.2):
                    heard.append(await anext(changes))
    return heard


async def test_the_doctor_of_an_appointment_sees_it_whatever_became_of_it_but_not_the_patient_any_more(ward: Ward):
    former, visit = ward.viewers["former doctor"], ward.appointments["former"]
    document = """
    query ($id: ID!, $patient: ID!) {
      appointment(id: $id) { status notes reason history { to reason } patient { id } patientEmail }
      appointments { nodes { id } totalCount }
      patient(id: $patient) { id }
      patients { totalCount }
    }
    """
    answer = await ward.ask(document, former, id=visit, patient=ward.people["own patient"].id)
    assert answer == {
        "data": {
            "appointment": {
                "status": "CANCELLED",
                "notes": "Notes of former",
                "reason": "Reason of former",
                "history": [{"to": "PENDING", "reason": None}, {"to": "CANCELLED", "reason": "Reason of former"}],
                "patient": None,
                "patientEmail": None,
            },
            "appointments": {"nodes": [{"id": visit}], "totalCount": 1},
            "patient": None,
            "patients": {"totalCount": 0},
        }
    }


async def test_filters_and_searches_find_nothing_more_than_lists(ward: Ward):
    """Each row of another is looked for by everything that is known of it."""
    other = ward.truth.patients[ward.people["another patient"].id]
    visit = ward.truth.appointments[ward.appointments["another"]]
    searches = [other["name"], other["mrn"], other["name"].split()[0]]
    for name in ("own patient", "treating doctor"):
        viewer = ward.viewers[name]
        for text in searches:
            found = await ward.ask(
                "query ($t: String) { patients(search: $t) { totalCount nodes { id } } }", viewer, t=text
            )
            assert found == {"data": {"patients": {"totalCount": 0, "nodes": []}}}
        for narrowed in (
            {"patientId": other["id"]},
            {"doctorId": visit["doctor"]},
            {"departmentId": ward.truth.doctors[visit["doctor"]]["department"]},
        ):
            document = "query ($f: AppointmentFilter) { appointments(filter: $f) { totalCount nodes { id } } }"
            found = await ward.ask(document, viewer, f=narrowed)
            assert found == {"data": {"appointments": {"totalCount": 0, "nodes": []}}}
    events = "query ($id: ID!) { auditEvents(filter: {patientId: $id}) { totalCount nodes { id } } }"
    found = await ward.ask(events, ward.viewers["own patient"], id=other["id"])
    assert found == {"data": {"auditEvents": {"totalCount": 0, "nodes": []}}}


async def test_what_may_not_be_seen_is_answered_as_what_never_was(ward: Ward):
    own, visit = ward.people["own patient"].id, ward.appointments["own"]
    document = "query ($p: ID!, $a: ID!) { patient(id: $p) { id name } appointment(id: $a) { id notes } }"
    for name in ("another patient", "another doctor"):
        hidden = await ward.ask(document, ward.viewers[name], p=own, a=visit)
        never = await ward.ask(document, ward.viewers[name], p=UNKNOWN, a=UNKNOWN)
        assert hidden == never == {"data": {"patient": None, "appointment": None}}


async def test_a_reference_that_may_not_be_seen_is_null_and_no_denial(ward: Ward):
    """Nobody asked for it by its id."""
    former = ward.viewers["former doctor"]
    assert former.principal is not None
    wanted = {"type": "access.denied", "actorId": former.principal.account_id}
    before = len(await ward.hospital.trail(**wanted))
    document = (
        "{ appointments { nodes { patient { id } patientEmail } } doctors { nodes { appointments { totalCount } } } }"
    )
    assert "errors" not in await ward.ask(document, former)
    assert len(await ward.hospital.trail(**wanted)) == before
