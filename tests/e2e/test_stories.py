"""What the product must do at the least, told with the names and numbers of the hospital it takes the place of."""

from datetime import timedelta

import pytest

from tests.e2e.hospital import ISSUER, PASSWORD, Hospital, OneProcess, Person

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("stories")]

HUZAIFA = {"name": "Huzaifa", "address": "Delhi , Saket ", "dob": "1990-01-01", "weight": 70.5, "height": 175.0}
MONDAY = {"day": "MONDAY", "startTime": "09:00:00", "endTime": "17:00:00"}
PATIENT = "patient { id name address dob weight height version mrn email }"
DOCTOR = "doctor { id name email specialty department { name } availability { day startTime endTime } active }"


async def test_a_patient_signs_up_and_changes_what_is_known_of_them(hospital: Hospital):
    made = await hospital.done(
        "registerPatient", None, PATIENT, email="huzaifa@example.com", password=PASSWORD, **HUZAIFA
    )
    assert {name: made[name] for name in HUZAIFA} == HUZAIFA
    bearer = await hospital.sign_in("huzaifa@example.com")

    changed = {"name": "Huzaifa Ansari", "address": "South Delhi, India", "weight": 72.0}
    await hospital.done("updatePatient", bearer, PATIENT, id=made["id"], **changed)
    seen = await hospital.data(f"{{ viewer {{ account {{ role email }} {PATIENT} }} }}", bearer)
    assert seen["viewer"]["account"] == {"role": "PATIENT", "email": "huzaifa@example.com"}
    assert seen["viewer"]["patient"] == made | changed | {"version": 2}


async def test_a_doctor_is_registered_listed_and_renamed(hospital: Hospital):
    medicine = await hospital.department("Medicine")
    made = await hospital.done(
        "registerDoctor",
        hospital.admin,
        DOCTOR,
        name="Dr. Huzaifa",
        email="doctor@example.com",
        password=PASSWORD,
        specialty="Cardiology",
        departmentId=medicine,
        availability=[MONDAY],
    )
    assert made == {
        "id": made["id"],
        "name": "Dr. Huzaifa",
        "email": "doctor@example.com",
        "specialty": "Cardiology",
        "department": {"name": "Medicine"},
        "availability": [MONDAY],
        "active": True,
    }
    assert await hospital.sign_in("doctor@example.com")
    assert made["id"] in await listed(hospital, "Cardiology")
    assert made["id"] not in await listed(hospital, "Dermatology")

    renamed = await hospital.done("updateDoctor", hospital.admin, DOCTOR, id=made["id"], name="Dr. Huzaifa Khan")
    assert renamed == made | {"name": "Dr. Huzaifa Khan"}
    seen = await hospital.data(f"query ($id: ID!) {{ {DOCTOR.replace('doctor', 'doctor(id: $id)')} }}", id=made["id"])
    assert seen["doctor"] == renamed


async def listed(hospital: Hospital, specialty: str) -> list[str]:
    document = "query ($what: String!) { doctors(specialty: $what, first: 100) { nodes { id specialty } } }"
    nodes = (await hospital.data(document, what=specialty))["doctors"]["nodes"]
    assert {node["specialty"] for node in nodes} <= {specialty}
    return [node["id"] for node in nodes]


async def test_a_checkup_is_booked_and_accepted(hospital: Hospital):
    patient, doctor = await hospital.patient("Huzaifa"), await hospital.doctor("Dr. Huzaifa", availability=[MONDAY])
    [first, *_] = await hospital.slots(doctor)
    booked = await hospital.booked(patient, doctor, first, notes="Routine checkup for Huzaifa")
    assert (booked["status"], booked["slot"], booked["notes"]) == ("PENDING", first, "Routine checkup for Huzaifa")
    assert first not in await hospital.slots(doctor)

    accepted = await hospital.done("acceptAppointment", doctor.bearer, id=booked["id"])
    assert accepted["status"] == "ACCEPTED"
    assert accepted["updatedAt"] > booked["updatedAt"]
    assert accepted["createdAt"] == booked["createdAt"]

    document = """
    query ($id: ID!) {
      appointment(id: $id) {
        status patient { name } doctor { name }
        history { from to slot byAccountId }
      }
    }
    """
    for bearer in (patient.bearer, doctor.bearer, hospital.desk):
        seen = (await hospital.data(document, bearer, id=booked["id"]))["appointment"]
        assert (seen["patient"], seen["doctor"]) == ({"name": "Huzaifa"}, {"name": "Dr. Huzaifa"})
        assert [(line["from"], line["to"]) for line in seen["history"]] == [(None, "PENDING"), ("PENDING", "ACCEPTED")]


async def test_a_doctor_turns_the_pages_of_their_appointments(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    slots = (await hospital.slots(doctor, days=1))[:5]
    booked = [(await hospital.booked(patient, doctor, slot))["id"] for slot in slots]
    document = """
    query ($after: String) {
      appointments(first: 2, after: $after) {
        totalCount edges { cursor node { id slot } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
    """
    found, after, pages = [], None, 0
    while True:
        page = (await hospital.data(document, doctor.bearer, after=after))["appointments"]
        info, edges = page["pageInfo"], page["edges"]
        assert (info["startCursor"], info["endCursor"]) == (edges[0]["cursor"], edges[-1]["cursor"])
        assert (page["totalCount"], info["hasPreviousPage"]) == (5, pages > 0)
        found += [edge["node"]["id"] for edge in edges]
        pages, after = pages + 1, info["endCursor"]
        if not info["hasNextPage"]:
            break
    assert (found, pages) == (booked[::-1], 3)


async def test_every_step_of_an_appointment_is_found_in_the_audit_trail(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    slots = await hospital.slots(doctor, days=1)
    accepted = await hospital.booked(patient, doctor, slots[0])
    await hospital.done("acceptAppointment", doctor.bearer, id=accepted["id"])
    rejected = await hospital.booked(patient, doctor, slots[1])
    await hospital.done("rejectAppointment", doctor.bearer, id=rejected["id"], reason="I am not there.")

    trail = await hospital.trail(resourceId=accepted["id"])
    assert [(event["type"], event["actorName"], event["actorRole"]) for event in trail] == [
        ("appointment.accepted", doctor.email, "DOCTOR"),
        ("appointment.booked", patient.email, "PATIENT"),
    ]
    assert {(event["outcome"], event["resourceType"], event["patientId"]) for event in trail} == {
        ("SUCCESS", "Appointment", patient.id)
    }
    [last, _] = await hospital.trail(resourceId=rejected["id"])
    assert (last["type"], last["action"]) == ("appointment.rejected", "UPDATE")
    chain = (await hospital.data("{ auditChain { intact firstBrokenSequence } }", hospital.auditor))["auditChain"]
    assert chain == {"intact": True, "firstBrokenSequence": None}


async def test_a_visit_goes_from_the_desk_to_its_end(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [first, second, *_] = await hospital.slots(doctor, days=1)
    booked = await hospital.done("bookAppointment", hospital.desk, patientId=patient.id, doctorId=doctor.id, slot=first)
    moved = await hospital.done("rescheduleAppointment", patient.bearer, id=booked["id"], slot=second)
    assert (moved["status"], moved["slot"]) == ("PENDING", second)
    assert first in await hospital.slots(doctor)
    await hospital.done("acceptAppointment", doctor.bearer, id=booked["id"])
    await hospital.done("checkInAppointment", hospital.desk, id=booked["id"])
    done = await hospital.done("completeAppointment", doctor.bearer, id=booked["id"])
    assert (done["status"], done["version"]) == ("COMPLETED", 5)


@pytest.mark.one_process
async def test_who_did_not_come_is_marked_once_the_slot_has_begun(hospital: OneProcess):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [first, *_] = await hospital.slots(doctor, days=1)
    booked = await hospital.booked(patient, doctor, first)
    await hospital.done("acceptAppointment", doctor.bearer, id=booked["id"])
    early = await hospital.do("markNoShow", hospital.desk, id=booked["id"])
    assert [error["code"] for error in early["errors"]] == ["INVALID_TRANSITION"]
    async with hospital.later(timedelta(days=3)):
        missed = await hospital.done("markNoShow", hospital.desk, id=booked["id"])
    assert missed["status"] == "NO_SHOW"


async def test_an_invited_patient_sets_a_password_by_the_mailed_link(hospital: Hospital):
    email = "invited@example.com"
    made = await hospital.done(
        "registerPatient", hospital.desk, "patient { id }", name="Huzaifa", dob="1990-01-01", email=email
    )
    await hospital.done("inviteAccount", hospital.desk, "account { email }", patientId=made["id"])
    mails = await hospital.mails(email)
    assert len(mails) == 1
    assert f"{ISSUER}#token=" in mails[0]["text"]
    token = mails[0]["text"].partition("#token=")[2].split()[0]
    session = await hospital.done(
        "resetPassword", None, "session { account { role } }", token=token, newPassword=PASSWORD
    )
    assert session["account"] == {"role": "PATIENT"}
    again = await hospital.do("resetPassword", None, "session { account { role } }", token=token, newPassword=PASSWORD)
    assert [error["code"] for error in again["errors"]] == ["SESSION_EXPIRED"]
    assert await hospital.sign_in(email)


async def test_a_disabled_login_signs_in_no_more_and_its_sessions_end(hospital: Hospital):
    patient = await hospital.patient()
    tokens = "session { accessToken refreshToken }"
    session = await hospital.done("signIn", None, tokens, email=patient.email, password=PASSWORD)
    document = "query ($email: String!) { account(email: $email) { id disabled } }"
    account = (await hospital.data(document, hospital.admin, email=patient.email))["account"]
    gone = await hospital.done(
        "disableAccount", hospital.admin, "account { id disabled }", id=account["id"], reason="Left"
    )
    assert gone == {"id": account["id"], "disabled": True}
    again = await hospital.do("signIn", None, tokens, email=patient.email, password=PASSWORD)
    refreshed = await hospital.do("refreshSession", None, tokens, refreshToken=session["refreshToken"])
    assert [payload["errors"][0]["code"] for payload in (again, refreshed)] == [
        "INVALID_CREDENTIALS",
        "SESSION_EXPIRED",
    ]
    assert (await hospital.data("{ viewer { account { disabled } } }", patient.bearer))["viewer"]["account"]["disabled"]


async def test_a_changed_password_ends_every_other_session(hospital: Hospital):
    patient, tokens = await hospital.patient(), "session { refreshToken }"
    session = await hospital.done("signIn", None, tokens, email=patient.email, password=PASSWORD)
    new = "another long pass phrase"
    fresh = await hospital.done("changePassword", patient.bearer, tokens, currentPassword=PASSWORD, newPassword=new)
    old = await hospital.do("refreshSession", None, tokens, refreshToken=session["refreshToken"])
    assert [error["code"] for error in old["errors"]] == ["SESSION_EXPIRED"]
    assert await hospital.done("refreshSession", None, tokens, refreshToken=fresh["refreshToken"])
    assert await hospital.sign_in(patient.email, new)


async def test_a_forgotten_password_is_reset_by_mail_and_nobody_learns_who_has_a_login(hospital: Hospital):
    patient = await hospital.patient()
    answers = [
        await hospital.ask_to("requestPasswordReset", None, email=email) for email in (patient.email, "no@example.com")
    ]
    assert answers[0].body == answers[1].body == {"data": {"requestPasswordReset": {"errors": []}}}
    [mail] = await hospital.mails(patient.email, "no@example.com")
    token = mail["text"].partition("#token=")[2].split()[0]
    new = "another long pass phrase"
    assert await hospital.done("resetPassword", None, "session { accessToken }", token=token, newPassword=new)
    assert await hospital.sign_in(patient.email, new)


async def test_who_is_gone_is_booked_no_more(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [slot, other, *_] = await hospital.slots(doctor, days=1)
    booked = await hospital.booked(patient, doctor, slot)
    await hospital.done("deactivateDoctor", hospital.admin, "doctor { active }", id=doctor.id, reason="Retired")
    assert await hospital.slots(doctor, days=1) == []
    refused = await hospital.do("bookAppointment", patient.bearer, doctorId=doctor.id, slot=other)
    assert [(error["code"], error["field"]) for error in refused["errors"]] == [("INVALID_INPUT", ["doctorId"])]
    kept = await hospital.data("query ($id: ID!) { appointment(id: $id) { status } }", hospital.desk, id=booked["id"])
    assert kept == {"appointment": {"status": "PENDING"}}

    living = await hospital.doctor()
    died = "2026-01-31T09:30:00+05:30"
    await hospital.done("updatePatient", hospital.desk, "patient { id }", id=patient.id, deceasedAt=died)
    refused = await hospital.do("bookAppointment", hospital.desk, patientId=patient.id, doctorId=living.id, slot=other)
    assert [(error["code"], error["field"]) for error in refused["errors"]] == [("INVALID_INPUT", ["patientId"])]


async def test_mutations_of_one_request_follow_one_another(hospital: Hospital):
    """Of two subgraphs in turn; each sees what the one before it has done."""
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [slot, *_] = await hospital.slots(doctor, days=1)
    document = """
    mutation ($patient: ID!, $doctor: ID!, $slot: DateTime!) {
      first: updatePatient(input: {id: $patient, expectedVersion: 1, email: "first@example.com"}) {
        patient { version }
      }
      booked: bookAppointment(input: {patientId: $patient, doctorId: $doctor, slot: $slot}) {
        appointment { patientEmail }
      }
      second: updatePatient(input: {id: $patient, expectedVersion: 2, email: "second@example.com"}) {
        patient { version }
      }
    }
    """
    done = await hospital.data(document, hospital.desk, patient=patient.id, doctor=doctor.id, slot=slot)
    assert done == {
        "first": {"patient": {"version": 2}},
        "booked": {"appointment": {"patientEmail": "first@example.com"}},
        "second": {"patient": {"version": 3}},
    }
    assert list(done) == ["first", "booked", "second"]


RECORD = """
medicalRecord {
  id description treatedAt revisitingDate medicines { name dosage duration } diagnoses { code display }
  patient { id name } doctor { name } appointment { id status }
}
"""


async def test_a_checkup_is_put_on_record(hospital: Hospital):
    patient, doctor = await hospital.patient("Huzaifa"), await hospital.doctor("Dr. Huzaifa")
    [slot, *_] = await hospital.slots(doctor, days=1)
    visit = (await hospital.booked(patient, doctor, slot, notes="Routine checkup for Huzaifa"))["id"]
    await hospital.done("acceptAppointment", doctor.bearer, id=visit)
    ids = "query ($id: ID!) { patient(id: $id) { medicalRecordIds } }"
    assert await hospital.data(ids, patient.bearer, id=patient.id) == {"patient": {"medicalRecordIds": []}}

    medicine = {"name": "Paracetamol", "dosage": "500mg", "duration": "5 days"}
    given = {
        "patientId": patient.id,
        "appointmentId": visit,
        "description": "Routine checkup for Huzaifa in Saket, Delhi",
        "treatedAt": "2025-09-06T10:00:00+05:30",
        "medicines": [medicine],
        "diagnoses": [{"code": "Z00.00"}],
    }
    made = await hospital.done("createMedicalRecord", doctor.bearer, RECORD, **given)
    assert made == {
        "id": made["id"],
        "description": "Routine checkup for Huzaifa in Saket, Delhi",
        "treatedAt": "2025-09-06T04:30:00Z",
        "revisitingDate": "2025-09-13",
        "medicines": [medicine],
        "diagnoses": [
            {
                "code": "Z00.00",
                "display": "Encounter for general adult medical examination without abnormal findings",
            }
        ],
        "patient": {"id": patient.id, "name": "Huzaifa"},
        "doctor": {"name": "Dr. Huzaifa"},
        "appointment": {"id": visit, "status": "ACCEPTED"},
    }
    assert await hospital.data(ids, patient.bearer, id=patient.id) == {"patient": {"medicalRecordIds": [made["id"]]}}
    document = "query ($id: ID!) { appointment(id: $id) { medicalRecord { id description } } }"
    seen = await hospital.data(document, patient.bearer, id=visit)
    assert seen["appointment"]["medicalRecord"] == {"id": made["id"], "description": given["description"]}

    trail = await hospital.trail(resourceId=made["id"])
    assert [(event["type"], event["action"], event["actorRole"]) for event in trail] == [
        ("medical_record.read", "READ", "PATIENT"),
        ("medical_record.created", "CREATE", "DOCTOR"),
    ]
    assert {event["patientId"] for event in trail} == {patient.id}


OF_ONE_PATIENT = """
query ($patient: ID!, $visit: ID!, $record: ID!) {
  patient(id: $patient) {
    name allergies { id } medicalRecordIds medicalRecords { nodes { description } } appointments { totalCount }
  }
  patients { totalCount }
  appointment(id: $visit) { notes patient { name } }
  medicalRecord(id: $record) { description }
}
"""
NOTHING = {"patient": None, "patients": {"totalCount": 0}, "appointment": None, "medicalRecord": None}


async def treated(hospital: Hospital) -> tuple[Person, dict[str, str]]:
    """A patient; and the ids of them, a visit and a record, which their doctor reads and no other does."""
    patient, doctor = await hospital.patient("Huzaifa"), await hospital.doctor()
    [slot, *_] = await hospital.slots(doctor, days=1)
    visit = (await hospital.booked(patient, doctor, slot, notes="secret"))["id"]
    await hospital.done("acceptAppointment", doctor.bearer, id=visit)
    made = await hospital.done(
        "createMedicalRecord", doctor.bearer, "medicalRecord { id }", patientId=patient.id, description="secret"
    )
    return patient, {"patient": patient.id, "visit": visit, "record": made["id"]}


async def test_a_broken_glass_opens_everything_of_one_patient_at_once_and_the_patient_reads_why(hospital: Hospital):
    patient, asked = await treated(hospital)
    other = await hospital.doctor()
    assert await hospital.data(OF_ONE_PATIENT, other.bearer, **asked) == NOTHING

    broken = await hospital.do(
        "breakGlass",
        other.bearer,
        "patient { name medicalRecords { nodes { description } } appointments { totalCount } } expiresAt",
        patientId=patient.id,
        reason="Unconscious in the emergency room",
    )
    assert broken["errors"] == []
    assert broken["patient"] == {
        "name": "Huzaifa",
        "medicalRecords": {"nodes": [{"description": "secret"}]},
        "appointments": {"totalCount": 1},
    }
    assert await hospital.data(OF_ONE_PATIENT, other.bearer, **asked) == {
        "patient": {
            "name": "Huzaifa",
            "allergies": [],
            "medicalRecordIds": [asked["record"]],
            "medicalRecords": {"nodes": [{"description": "secret"}]},
            "appointments": {"totalCount": 1},
        },
        "patients": {"totalCount": 1},
        "appointment": {"notes": "secret", "patient": {"name": "Huzaifa"}},
        "medicalRecord": {"description": "secret"},
    }
    await hospital.settled()
    own = '{ auditEvents(filter: {type: "glass.broken"}) { nodes { reason actorName patientId } } }'
    assert (await hospital.data(own, patient.bearer))["auditEvents"]["nodes"] == [
        {"reason": "Unconscious in the emergency room", "actorName": other.email, "patientId": patient.id}
    ]


@pytest.mark.one_process
async def test_a_broken_glass_is_whole_again_after_an_hour(hospital: OneProcess):
    patient, asked = await treated(hospital)
    other = await hospital.doctor()
    given = {"patientId": patient.id, "reason": "Unconscious in the emergency room"}
    await hospital.done("breakGlass", other.bearer, "patient { name }", **given)
    assert (await hospital.data(OF_ONE_PATIENT, other.bearer, **asked))["medicalRecord"] == {"description": "secret"}
    async with hospital.later(timedelta(hours=1, seconds=1)):
        assert await hospital.data(OF_ONE_PATIENT, other.bearer, **asked) == NOTHING
