from datetime import timedelta

import pytest

UNKNOWN = "01a20621-7b52-7be0-803d-c7638392bf28"

INVITE = """
mutation ($patient: ID, $doctor: ID) {
  inviteAccount(input: {patientId: $patient, doctorId: $doctor}) {
    account { id email role disabled } errors { code field }
  }
}
"""


async def invite(desk, bearer, **subject):
    answer = await desk.send(INVITE, bearer, **subject)
    return answer["data"]["inviteAccount"] or answer["errors"][0]["extensions"]["code"]


@pytest.fixture
def front_desk(signer):
    return signer.bearer("RECEPTIONIST")


@pytest.mark.parametrize("role", ["PATIENT", "DOCTOR"])
async def test_whoever_is_invited_sets_a_password_and_is_in(desk, front_desk, role):
    id = await (desk.patient() if role == "PATIENT" else desk.doctor(email="Asha@example.com"))
    invited = await invite(desk, front_desk, **{role.lower(): id})
    assert invited["errors"] == []
    assert (invited["account"]["email"], invited["account"]["role"]) == ("asha@example.com", role)
    (mail,) = await desk.letters()
    assert mail.to == "asha@example.com"
    payload = await desk.reset(await desk.last_token(), "a fine password")
    assert payload["session"]["account"]["id"] == invited["account"]["id"]
    session = await desk.session()
    answer = await desk.send("{ viewer { patient { id } doctor { id } } }", "Bearer " + session["accessToken"])
    assert answer["data"]["viewer"][role.lower()] == {"id": id}
    assert await desk.types() == ["account.invited", "account.created", "password.reset", "session.signed_in"]


async def test_an_invited_login_does_not_sign_in_and_gets_no_reset_link(desk, front_desk):
    object.__setattr__(desk.service, "reset_answer_seconds", 0.0)
    await invite(desk, front_desk, patient=await desk.patient())
    assert (await desk.sign_in())["errors"][0]["code"] == "INVALID_CREDENTIALS"
    await desk.service.request_reset("asha@example.com")
    assert len(await desk.letters()) == 1


async def test_an_invitation_lasts_a_day_and_can_be_repeated(desk, front_desk):
    patient_id = await desk.patient()
    first = await invite(desk, front_desk, patient=patient_id)
    older = await desk.last_token()
    again = await invite(desk, front_desk, patient=patient_id)
    assert again == first
    assert (await desk.reset(older))["errors"][0]["code"] == "SESSION_EXPIRED"
    token = await desk.last_token()
    desk.clock.move(timedelta(hours=24) - timedelta(seconds=1))
    assert (await desk.reset(token))["errors"] == []
    assert (await desk.reset(token))["errors"][0]["code"] == "SESSION_EXPIRED"


async def test_an_invitation_ends_after_a_day(desk, front_desk):
    await invite(desk, front_desk, patient=await desk.patient())
    desk.clock.move(timedelta(hours=24))
    assert (await desk.reset(await desk.last_token()))["errors"][0]["code"] == "SESSION_EXPIRED"


async def test_it_goes_to_the_email_that_the_patient_has_now(desk, front_desk):
    patient_id = await desk.patient()
    await invite(desk, front_desk, patient=patient_id)
    await desk.patient(patient_id, version=2, email="new@example.com")
    invited = await invite(desk, front_desk, patient=patient_id)
    assert invited["account"]["email"] == (await desk.letters())[-1].to == "new@example.com"


async def test_who_has_a_login_is_not_invited(desk, front_desk):
    patient_id = await desk.patient()
    await desk.login("login@example.com", "PATIENT", patient_id)
    assert (await invite(desk, front_desk, patient=patient_id))["errors"] == [{"code": "EMAIL_TAKEN", "field": None}]
    assert await desk.letters() == []


async def test_who_shares_the_email_of_a_login_is_not_invited(desk, front_desk):
    await desk.login("asha@example.com")
    assert (await invite(desk, front_desk, patient=await desk.patient()))["errors"][0]["code"] == "EMAIL_TAKEN"


async def test_the_dead_the_inactive_and_those_without_an_email_are_not_invited(desk, front_desk):
    nobodys = await desk.patient(email=None)
    dead = await desk.patient(email="dead@example.com", deceased_at=desk.clock.now())
    odd = await desk.patient(email="odd @ e-mail")
    inactive = await desk.doctor()
    await desk.doctor(inactive, version=2, active=False)
    for subject in ({"patient": nobodys}, {"patient": dead}, {"patient": odd}, {"doctor": inactive}):
        assert (await invite(desk, front_desk, **subject))["errors"][0]["code"] == "INVALID_INPUT"
    assert (await desk.letters(), await desk.types()) == ([], [])


@pytest.mark.parametrize("id", [UNKNOWN, "nothing", "", "\0", "\ud800"])
async def test_an_unknown_patient_or_doctor_is_not_found(desk, front_desk, id):
    not_found = {"account": None, "errors": [{"code": "NOT_FOUND", "field": ["patientId"]}]}
    assert await invite(desk, front_desk, patient=id) == not_found
    assert (await invite(desk, front_desk, doctor=id))["errors"][0]["field"] == ["doctorId"]


async def test_a_patient_is_no_doctor(desk, front_desk):
    assert (await invite(desk, front_desk, doctor=await desk.patient()))["errors"][0]["code"] == "NOT_FOUND"


async def test_exactly_one_is_invited(desk, front_desk):
    patient_id, doctor_id = await desk.patient(), await desk.doctor()
    for subject in ({}, {"patient": None}, {"patient": patient_id, "doctor": doctor_id}):
        assert (await invite(desk, front_desk, **subject))["errors"][0]["code"] == "INVALID_INPUT"


@pytest.mark.parametrize("role", ["PATIENT", "DOCTOR", "BILLING_CLERK", "AUDITOR", None])
async def test_other_roles_invite_nobody(desk, signer, role):
    bearer = signer.bearer(role) if role else None
    code = "FORBIDDEN" if role else "UNAUTHENTICATED"
    assert await invite(desk, bearer, patient=await desk.patient()) == code
    assert await desk.letters() == []


async def test_an_older_event_changes_nothing(desk, front_desk):
    patient_id = await desk.patient(version=1)
    await desk.patient(patient_id, version=3, email="third@example.com")
    await desk.patient(patient_id, version=2, email="second@example.com")
    assert (await invite(desk, front_desk, patient=patient_id))["account"]["email"] == "third@example.com"
