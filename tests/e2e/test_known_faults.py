"""What was seen in the system that this one takes the place of, and in another of its kind: impossible here."""

import asyncio
import base64
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlmodel import select
from yarl import URL

from router.settings import RouterSettings
from subgraphs.kernel.http import subgraph_app
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.tables import OutboxRow
from tests.e2e.hospital import PASSWORD, Answer, Gate, Hospital, OneProcess, listening, visited

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("known faults")]

BOOK = """
mutation ($doctor: ID!, $slot: DateTime!, $patient: ID) {
  bookAppointment(input: {doctorId: $doctor, slot: $slot, patientId: $patient}) {
    appointment { id status } errors { code field }
  }
}
"""
UNKNOWN = "01900000-0000-7000-8000-000000000000"


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["errors"]]


async def test_of_twenty_people_who_book_one_slot_at_once_one_gets_it(hospital: Hospital):
    doctor = await hospital.doctor()
    people = [await hospital.patient() for _ in range(20)]
    [slot, *_] = await hospital.slots(doctor, days=1)
    answers = await asyncio.gather(
        *(hospital.do("bookAppointment", person.bearer, doctorId=doctor.id, slot=slot) for person in people)
    )
    assert sorted(codes(answer) for answer in answers) == [[]] + [["SLOT_TAKEN"]] * 19
    seen = await hospital.data("{ appointments { totalCount } }", doctor.bearer)
    assert seen["appointments"]["totalCount"] == 1
    announced = [event["patientId"] for event in await hospital.trail(type="appointment.booked")]
    assert len({person.id for person in people} & set(announced)) == 1  # a refusal announces nothing


async def test_a_slot_in_the_past_is_not_booked(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    now = datetime.now(UTC)
    for slot in (now - timedelta(seconds=1), now - timedelta(days=1), datetime(1970, 1, 1, tzinfo=UTC)):
        payload = await hospital.do("bookAppointment", patient.bearer, doctorId=doctor.id, slot=slot.isoformat())
        assert (payload["appointment"], codes(payload)) == (None, ["SLOT_IN_PAST"])


async def test_nobody_books_for_another_patient(hospital: Hospital):
    patient, other, doctor = await hospital.patient(), await hospital.patient(), await hospital.doctor()
    [slot, *_] = await hospital.slots(doctor, days=1)
    answers = [
        await hospital.ask(BOOK, patient.bearer, doctor=doctor.id, slot=slot, patient=id) for id in (other.id, UNKNOWN)
    ]
    assert answers[0].body == answers[1].body
    assert codes(answers[0].data["bookAppointment"]) == ["NOT_FOUND"]
    assert slot in await hospital.slots(doctor, days=1)


async def test_a_booking_tells_nothing_of_another_patient_by_what_else_is_wrong_with_it(hospital: Hospital):
    """A patient's id that exists and one that never was: the same answer, whatever doctor and slot are named."""
    patient, other, doctor = await hospital.patient(), await hospital.patient(), await hospital.doctor()
    [slot, *_] = await hospital.slots(doctor, days=1)
    for named, start in ((UNKNOWN, slot), ("nobody", slot), (doctor.id, "1999-01-01T00:00:00Z")):
        answers = [
            (await hospital.ask(BOOK, patient.bearer, doctor=named, slot=start, patient=id)).body
            for id in (other.id, UNKNOWN)
        ]
        assert answers[0] == answers[1]


async def test_an_appointment_is_accepted_from_pending_alone(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    slots = iter(await hospital.slots(doctor, days=1))
    ways = {
        "ACCEPTED": ("acceptAppointment",),
        "REJECTED": ("rejectAppointment",),
        "CANCELLED": ("cancelAppointment",),
        "COMPLETED": ("acceptAppointment", "completeAppointment"),
        "CHECKED_IN": ("acceptAppointment", "checkInAppointment"),
    }
    for status, way in ways.items():
        booked = await hospital.booked(patient, doctor, next(slots))
        for deed in way:
            by = hospital.desk if deed == "checkInAppointment" else doctor.bearer
            booked = await hospital.done(deed, by, id=booked["id"])
        payload = await hospital.do("acceptAppointment", doctor.bearer, id=booked["id"])
        assert (status, codes(payload)) == (booked["status"], ["INVALID_TRANSITION"])
        seen = await hospital.data(
            "query ($id: ID!) { appointment(id: $id) { status version } }", doctor.bearer, **_id(booked)
        )
        assert seen["appointment"] == {"status": status, "version": booked["version"]}


def _id(thing: dict[str, Any]) -> dict[str, Any]:
    return {"id": thing["id"]}


async def test_nobody_makes_themself_a_doctor(hospital: Hospital):
    department, patient = await hospital.department(), await hospital.patient()
    wanted = {"name": "Dr. X", "email": "x@example.com", "password": PASSWORD, "specialty": "All"}
    for bearer, code in ((None, "UNAUTHENTICATED"), (patient.bearer, "FORBIDDEN"), (hospital.desk, "FORBIDDEN")):
        answer = await hospital.ask_to("registerDoctor", bearer, "", departmentId=department, **wanted)
        assert (answer.body["data"], answer.codes) == ({"registerDoctor": None}, [code])

    known = {"name": "X", "dob": "1990-01-01", "email": "x@example.com", "password": PASSWORD}
    as_doctor = await hospital.ask_to("registerPatient", None, "", role="DOCTOR", **known)
    as_staff = await hospital.ask_to(
        "createStaffAccount", hospital.admin, "", email="x@example.com", password=PASSWORD, role="DOCTOR"
    )
    assert (as_doctor.codes, as_staff.codes) == (["BAD_USER_INPUT"], ["BAD_USER_INPUT"])
    tried = await hospital.do("signIn", None, "", email="x@example.com", password=PASSWORD)
    assert codes(tried) == ["INVALID_CREDENTIALS"]


@pytest.mark.one_process
async def test_a_token_lives_fifteen_minutes(hospital: OneProcess):
    patient = await hospital.patient()
    session = await hospital.done(
        "signIn", None, "session { accessToken expiresIn }", email=patient.email, password=PASSWORD
    )
    claims = orjson.loads(base64.urlsafe_b64decode(session["accessToken"].split(".")[1] + "=="))
    assert (session["expiresIn"], claims["exp"] - claims["iat"]) == (900, 900)

    hospital.clock.ahead = timedelta(minutes=-15, seconds=-1)
    try:
        ended = await hospital.sign_in(patient.email)
    finally:
        hospital.clock.ahead = timedelta()
    answer = await hospital.ask("{ departments { id } viewer { account { id } } }", ended)
    assert (answer.status, answer.codes, "data" in answer.body) == (401, ["UNAUTHENTICATED"], False)


async def test_a_role_that_the_client_names_means_nothing(hospital: Hospital):
    patient, other = await hospital.patient(), await hospital.patient()
    claimed = {
        "x_role": "ADMIN",
        "role": "ADMIN",
        "x_user_role": "ADMIN",
        "x_user_id": other.id,
        "x_patient_id": other.id,
        "x_forwarded_user": "admin@hospital.test",
        "x_account_id": hospital.staff["ADMIN"].id,
        "cookie": "role=ADMIN",
    }
    body = {
        "query": "query ($id: ID!) { patients { totalCount } patient(id: $id) { id } }",
        "variables": {"id": other.id},
        "extensions": {"role": "ADMIN", "principal": {"role": "ADMIN"}},
    }
    anonymous = await hospital.post(body, None, **claimed)
    assert (anonymous.codes, anonymous.body["data"]) == (["UNAUTHENTICATED"] * 2, {"patients": None, "patient": None})
    signed_in = await hospital.post(body, patient.bearer, **claimed)
    assert signed_in.data == {"patients": {"totalCount": 1}, "patient": None}


@dataclass(frozen=True)
class Down:
    """A subgraph that is not there."""

    async def execute(self, *request: Any) -> Any:
        raise ConnectionError("the database of doctors is at 10.0.0.7")

    subscribe = execute


@pytest.mark.one_process
async def test_booking_goes_on_while_the_doctors_are_down(hospital: OneProcess):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [slot, other, *_] = await hospital.slots(doctor, days=1)
    earlier = await hospital.booked(patient, doctor, other)
    domains = hospital.domains
    without = replace(domains, doctors=replace(domains.doctors, subgraph=Down()))
    async with visited(replace(hospital.runtime, domains=without)) as gate:
        booked = (await gate.data(BOOK, patient.bearer, doctor=doctor.id, slot=slot))["bookAppointment"]
        assert (codes(booked), booked["appointment"]["status"]) == ([], "PENDING")

        document = "{ appointments { nodes { id doctor { id name } patient { name } } } doctors { totalCount } }"
        answer = await gate.ask(document, patient.bearer)
    nodes = answer.body["data"]["appointments"]["nodes"]
    assert {node["id"] for node in nodes} == {booked["appointment"]["id"], earlier["id"]}
    assert [(node["doctor"], node["patient"]) for node in nodes] == [(None, {"name": "Huzaifa"})] * 2
    assert answer.body["data"]["doctors"] is None
    assert "10.0.0.7" not in answer.text
    paths = [error["path"] for error in answer.body["errors"]]
    assert ["doctors"] in paths
    assert {tuple(path[:4]) for path in paths if path != ["doctors"]} == {
        ("appointments", "nodes", place, "doctor") for place in range(2)
    }


@pytest.mark.one_process
async def test_a_subgraph_asked_past_the_router_wants_the_token_too(hospital: OneProcess):
    patient, other = await hospital.patient(), await hospital.patient()
    document = "query ($id: ID!) { patient(id: $id) { name } patients { totalCount } }"
    async with listening(with_drain(subgraph_app(hospital.domains.patients.subgraph)), RouterSettings()) as url:
        subgraph = Gate(url, hospital.session)
        nobody = await subgraph.post({"query": document, "variables": {"id": patient.id}}, None, x_role="ADMIN")
        forged = await subgraph.ask(document, "Bearer e30.e30.e30", id=patient.id)
        another = await subgraph.ask(document, other.bearer, id=patient.id)
    assert (nobody.codes, nobody.body["data"]) == (["UNAUTHENTICATED"] * 2, {"patient": None, "patients": None})
    assert (forged.codes, forged.body["data"]) == (["UNAUTHENTICATED"], None)
    assert another.data == {"patient": None, "patients": {"totalCount": 1}}


def with_drain(app: Any) -> Any:
    async def drain() -> None:
        return None

    app.state.drain = drain
    return app


@pytest.mark.parametrize(
    "path",
    [
        "/graphql;/auth/login",
        "/graphql;x=1",
        "/;/graphql",
        "//graphql",
        "/graphql/",
        "/graphql/;/auth/login",
        "/auth/login/../graphql",
        "/auth/login/..;/graphql",
        "/%2e%2e/graphql",
        "/oauth/token;/auth/login",
        "/oauth/..;/dev/mailbox",
        "/oauth/../dev/mailbox",
        "/oauth%2ftoken",
        "/.well-known/../dev/mailbox",
        "/dev/mailbox;/auth/login",
        "/dev//mailbox",
        "/patients/graphql",
        "/subgraphs/patients",
    ],
)
async def test_no_odd_path_leads_around_a_check(hospital: Hospital, path: str):
    url = URL(hospital.url + path, encoded=True)
    async with hospital.session.post(url, json={"query": "{ departments { id } }"}) as posted:
        assert (posted.status, await posted.json()) == (404, {"message": "There is nothing at this path."})
    async with hospital.session.get(url) as got:
        assert got.status == 404


@pytest.mark.parametrize(
    "path",
    [
        *("/actuator", "/actuator/heapdump", "/actuator/env", "/env", "/heapdump", "/threaddump", "/trace", "/beans"),
        *("/debug", "/debug/pprof/heap", "/console", "/h2-console", "/server-status", "/.env", "/.git/config"),
        *("/accounts.db", "/data/accounts.db", "/data/secret-key", "/secret-key", "/docs", "/openapi.json", "/admin"),
        *("/graphql/assets/", "/graphql/assets/..%2fpage.py", "/graphql/assets/%2e%2e/page.py", "/favicon.ico"),
    ],
)
async def test_no_inside_of_the_process_is_open_to_anybody(hospital: Hospital, path: str):
    async with hospital.session.get(URL(hospital.url + path, encoded=True)) as answer:
        text = await answer.text()
    assert answer.status == 404
    assert len(text) < 100
    assert answer.headers.get("server") is None


async def test_what_is_not_there_is_never_a_failure_of_the_server(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [slot, *_] = await hospital.slots(doctor, days=1)
    for id in (UNKNOWN, "", "nobody", "0", " "):
        unknown_doctor = await hospital.do("bookAppointment", patient.bearer, doctorId=id, slot=slot)
        unknown_patient = await hospital.do(
            "bookAppointment", hospital.desk, patientId=id, doctorId=doctor.id, slot=slot
        )
        unknown_appointment = await hospital.do("acceptAppointment", doctor.bearer, id=id)
        for payload, field in (
            (unknown_doctor, "doctorId"),
            (unknown_patient, "patientId"),
            (unknown_appointment, "id"),
        ):
            assert [(error["code"], error["field"]) for error in payload["errors"]] == [("NOT_FOUND", [field])]
        document = "query ($id: ID!) { patient(id: $id) { id } doctor(id: $id) { id } appointment(id: $id) { id } }"
        nothing = {"patient": None, "doctor": None, "appointment": None}
        assert await hospital.data(document, hospital.desk, id=id) == nothing

    for empty in ("", " ", "null", "2026-11-31T09:00:00Z"):
        answer = await hospital.ask(BOOK, patient.bearer, doctor=doctor.id, slot=empty)
        assert (answer.status, answer.codes) == (200, ["BAD_USER_INPUT"])
    missing = await hospital.ask_to("bookAppointment", patient.bearer, "", doctorId=doctor.id)
    assert missing.codes == ["BAD_USER_INPUT"]


async def test_what_was_said_wrongly_is_told_and_is_no_empty_401(hospital: Hospital):
    invalid = await hospital.ask("{ patientz { id } }")
    assert (invalid.codes, "patientz" in invalid.body["errors"][0]["message"]) == (["GRAPHQL_VALIDATION_FAILED"], True)
    strict = await hospital.post({"query": "{ patientz }"}, None, accept="application/graphql-response+json")
    assert (strict.status, strict.codes) == (400, ["GRAPHQL_VALIDATION_FAILED"])

    absent = await hospital.ask_to("registerPatient", None, "", name="Huzaifa")
    assert absent.codes == ["BAD_USER_INPUT"]
    assert "dob" in absent.body["errors"][0]["message"]
    wrong = await hospital.do(
        "registerPatient", None, "", name=" ", dob="2999-01-01", weight=-1, email="nobody", password=PASSWORD
    )
    assert {(error["code"], *error["field"]) for error in wrong["errors"]} == {
        ("INVALID_INPUT", name) for name in ("name", "dob", "weight", "email")
    }
    assert all(error["message"] for error in wrong["errors"])


async def test_a_message_that_nobody_can_read_stops_no_listener(hospital: Hospital):
    bodies = ["no JSON at all \0 {{7*7}}", "{}", orjson.dumps({"id": 1, "data": []}).decode(), "null", "[" * 100]
    for body in bodies:
        await hospital.announce("doctors", body)
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [slot, *_] = await hospital.slots(doctor, days=1)
    booked = await hospital.booked(patient, doctor, slot)
    assert [event["type"] for event in await hospital.trail(resourceId=booked["id"])] == ["appointment.booked"]
    assert [event["type"] for event in await hospital.trail(resourceId=doctor.id)] == ["doctor.registered"]

    subscribers = [s for s in hospital.domains.subscribers if "hospital.doctors" in s.topics]
    assert len(subscribers) == 3
    for subscriber in subscribers:
        buried = await hospital.buried(subscriber.consumer)
        assert sorted(body for body in buried if body in bodies) == sorted(bodies)


async def test_a_message_of_a_kind_nobody_knows_is_buried_and_stops_nothing(hospital: Hospital):
    doctor = await hospital.doctor()
    doctors = hospital.domains.doctors.base
    async with doctors.database.reading() as session:
        known = (await session.exec(select(OutboxRow).order_by(OutboxRow.sequence.desc()))).first()
    message = orjson.loads(known.body) | {"id": new_id(), "type": "doctor.cloned", "audittype": "doctor.cloned"}
    body = orjson.dumps(message).decode()
    await hospital.announce("doctors", body)
    patient = await hospital.patient()
    [slot, *_] = await hospital.slots(doctor, days=1)
    assert (await hospital.booked(patient, doctor, slot))["status"] == "PENDING"
    assert [event["type"] for event in await hospital.trail(resourceId=doctor.id)] == ["doctor.registered"]
    for subscriber in (s for s in hospital.domains.subscribers if "hospital.doctors" in s.topics):
        assert (await hospital.buried(subscriber.consumer)).count(body) == 1


@pytest.mark.one_process
async def test_the_mailbox_is_read_on_this_machine_alone(hospital: OneProcess):
    answer: Answer = await hospital.get("/dev/mailbox", host="evil.example", accept="application/json")
    assert (answer.status, "token" in answer.text) == (403, False)
