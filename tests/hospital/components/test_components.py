"""What a visit begins with, over components that know of each other by their settings alone."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hospital.components.building import House
from hospital.components.settings import ComponentSettings
from hospital.deciding import DECIDERS, hearers
from hospital.names import NAMES
from hospital.problems import CannotDo
from hospital.runtime import Runtime
from subgraphs.kernel.events import topic_of
from subgraphs.kernel.signatures import HEADER, Asked, Keyring, Signer
from tests.e2e.hospital import DAILY, PASSWORD, Gate

SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) { session { accessToken } errors { code } }
}
"""
DOCTOR = """
mutation ($input: RegisterDoctorInput!) { registerDoctor(input: $input) { doctor { id } errors { code message } } }
"""
PATIENT = """
mutation ($input: RegisterPatientInput!) { registerPatient(input: $input) { patient { id } errors { code message } } }
"""
BOOK = """
mutation ($doctor: ID!, $slot: DateTime!) {
  bookAppointment(input: {doctorId: $doctor, slot: $slot}) { appointment { id status } errors { code message } }
}
"""


async def sign_in(gate: Gate, email: str) -> str:
    answer = await gate.ask(SIGN_IN, email=email, password=PASSWORD)
    return f"Bearer {answer.data['signIn']['session']['accessToken']}"


async def hired(gate: Gate, house: House) -> tuple[str, str]:
    """The id of a doctor who works each day, and the bearer of the administrator who made them."""
    accounts = house.domain("accounts")
    await accounts.service.create_admin("admin@example.com", PASSWORD)
    await accounts.base.database.close()
    admin = await sign_in(gate, "admin@example.com")
    made = await gate.ask('mutation { createDepartment(input: {name: "Medicine"}) { department { id } } }', admin)
    given = {
        "name": "Dr. Huzaifa",
        "email": "doctor@example.com",
        "password": PASSWORD,
        "specialty": "Cardiology",
        "departmentId": made.data["createDepartment"]["department"]["id"],
        "availability": DAILY,
    }
    doctor = (await gate.ask(DOCTOR, admin, input=given)).data["registerDoctor"]["doctor"]["id"]
    return doctor, admin


async def slots_of(gate: Gate, doctor: str) -> list[str]:
    """The starts that are free the day after tomorrow."""
    day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    document = "query ($id: ID!, $day: Date!) { doctor(id: $id) { openSlots(from: $day, to: $day) { start } } }"
    found = (await gate.ask(document, id=doctor, day=day)).data["doctor"]["openSlots"]
    return [slot["start"] for slot in found]


async def test_people_sign_up_sign_in_and_book_over_components(gate: Gate, house: House):
    doctor, _ = await hired(gate, house)
    given = {"name": "Huzaifa", "dob": "1990-01-01", "email": "huzaifa@example.com", "password": PASSWORD}
    assert (await gate.ask(PATIENT, input=given)).data["registerPatient"]["errors"] == []
    assert (await gate.ask(PATIENT, input=given)).data["registerPatient"]["errors"][0]["code"] == "EMAIL_TAKEN"
    patient, treating = await sign_in(gate, "huzaifa@example.com"), await sign_in(gate, "doctor@example.com")
    slot, *_ = await slots_of(gate, doctor)
    booked = (await gate.ask(BOOK, patient, doctor=doctor, slot=slot)).data["bookAppointment"]
    assert booked["errors"] == []
    document = "{ patients { nodes { name medicalRecordIds appointments { nodes { status } } } } }"
    seen = (await gate.ask(document, treating)).data["patients"]["nodes"]
    assert seen == [{"name": "Huzaifa", "medicalRecordIds": [], "appointments": {"nodes": [{"status": "PENDING"}]}}]


async def test_a_component_answers_nothing_that_is_not_signed_but_probes(gate: Gate, house: House):
    for name in NAMES:
        url = house.components.url(name)
        for path in ("/graphql", "/calls/receive", "/oauth/token", "/.well-known/jwks.json", "/"):
            async with gate.session.post(url + path, json={"query": "{ __typename }"}) as answer:
                assert answer.status == 401, (name, path)
        for path in ("/healthz", "/readyz"):
            async with gate.session.get(url + path) as answer:
                assert answer.status == 200


async def test_a_subgraph_that_signs_as_itself_is_no_caller_of_its_own(gate: Gate, house: House):
    body = b'{"query": "{ __typename }"}'
    header = Signer("patients", house.keyring).header(Asked("POST", "/graphql", body, None))
    headers = {HEADER: header, "content-type": "application/json"}
    for name, status in (("patients", 401), ("doctors", 200)):
        async with gate.session.post(f"{house.components.url(name)}/graphql", data=body, headers=headers) as answer:
            assert answer.status == status


async def test_tokens_and_keys_are_asked_for_at_the_routers_port(gate: Gate):
    async with gate.session.get(f"{gate.url}/.well-known/jwks.json") as answer:
        assert len((await answer.json())["keys"]) >= 1
    asked = {"grant_type": "refresh_token", "client_id": "hospital", "refresh_token": "nothing"}
    async with gate.session.post(f"{gate.url}/oauth/token", data=asked) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_grant")


async def test_whoever_keeps_copies_of_what_a_domain_announces_decides_by_it(runtime: Runtime):
    deciding = [each for each in runtime.domains.subscribers if each.consumer.endswith(".copies")]
    for name in NAMES:
        keeping = {each.consumer.removesuffix(".copies") for each in deciding if topic_of(name) in each.topics}
        assert set(DECIDERS.get(name, ())) == keeping, name


def test_a_booking_is_not_handed_to_those_who_ask_for_it_when_they_need_it():
    assert hearers("appointments")["appointment.booked"] == ["patients"]
    assert hearers("appointments")["appointment.accepted"] == ["patients", "records", "billing"]


def test_new_keys_sign_and_the_last_ones_are_still_taken(tmp_path: Path, command):
    file = tmp_path / "callers.json"
    made = []
    for _ in range(3):
        assert command("keys", str(file))[0] == 0
        made.append(json.loads(file.read_text()))
    assert made[0].keys() == {"router", *NAMES}
    assert file.stat().st_mode & 0o777 == 0o600
    for caller in made[0]:
        [first], [second, *last], [third, *before] = (list(each[caller].items()) for each in made)
        assert (last, before) == ([first], [second])
        id, key = Keyring(file).signing(caller)
        assert (id, key.decode()) == third


@pytest.mark.parametrize("missing", ["HOSPITAL_CALLERS", "HOSPITAL_SECRET_KEY", "HOSPITAL_ACCOUNTS_DATABASE_URL"])
def test_a_setting_that_is_missing_is_named(listeners, command, monkeypatch, missing):
    monkeypatch.delenv(missing)
    status, _, error = command("subgraph", "accounts")
    assert (status, error.startswith(missing), len(error.splitlines())) == (78, True, 1)


def test_a_subgraph_or_worker_that_is_none_is_refused(listeners, command):
    for arguments in (("subgraph", "nothing"), ("worker", "nothing")):
        status, _, error = command(*arguments)
        assert (status, "nothing" in error) == (78, True)


@pytest.mark.parametrize(("options", "port"), [((), 8773), (("--port", "9000"), 9000)])
def test_a_subgraph_listens_where_others_look_for_it_unless_it_is_told(listeners, command, monkeypatch, options, port):
    asked = []
    monkeypatch.setattr("hospital.commands.subgraph.serve_at", lambda app, settings, *at, shared: asked.append(at))
    assert command("subgraph", "doctors", *options)[0] == 0
    assert asked == [("127.0.0.1", port)]


def test_addresses_are_those_of_the_supergraph_unless_others_are_given(monkeypatch):
    monkeypatch.setenv("HOSPITAL_PATIENTS_URL", "http://patients:8000/")
    settings = ComponentSettings()
    assert settings.url("patients") == "http://patients:8000"
    assert settings.url("accounts") == "http://127.0.0.1:8771"
    with pytest.raises(CannotDo, match="HOSPITAL_BILLING_DATABASE_URL"):
        settings.database_url("billing")
