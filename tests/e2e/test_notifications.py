"""What patients hear of, over the public port: stories, and faults of the system before this one."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subgraphs.kernel.denials import AccessDenied
from subgraphs.kernel.events import Actor, envelope
from subgraphs.kernel.ids import new_id
from subgraphs.notifications.app import CONSUMER
from tests.e2e.hospital import PASSWORD, Hospital, OneProcess, Person

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("notifications")]

MOBILE = "+919876543{:03}"
LIST = "query ($filter: NotificationFilter) { notifications(filter: $filter) { nodes { event channel status body } } }"


async def booked(hospital: Hospital, phone: str) -> tuple[Person, Person, Any]:
    """A patient, their doctor, and what was booked, more than a day from now."""
    patient, doctor = await hospital.patient("Huzaifa Ansari", phone=phone), await hospital.doctor("Dr. Huzaifa Khan")
    [slot, *_] = await hospital.slots(doctor, days=1)
    return patient, doctor, await hospital.booked(patient, doctor, slot, notes="Routine checkup for Huzaifa")


async def test_whoever_books_hears_of_it_and_of_the_acceptance_by_mail_and_sms_and_of_nothing_else(hospital: Hospital):
    phone = MOBILE.format(1)
    patient, doctor, visit = await booked(hospital, phone)
    await hospital.done("acceptAppointment", doctor.bearer, id=visit["id"])
    mails, texts = await hospital.mails(patient.email), await hospital.mails(phone)
    assert [mail["subject"].partition(" for ")[0] for mail in mails] == [
        "Appointment accepted",
        "Appointment requested",
    ]
    assert "Dr. Huzaifa Khan has accepted your appointment" in mails[0]["text"]
    assert [text["subject"] for text in texts] == ["", ""]
    assert "Dr. Huzaifa Khan has accepted your appointment" in texts[0]["text"]
    assert await hospital.mails(doctor.email) == []
    assert "Routine checkup" not in str(mails + texts)
    seen = (await hospital.data(LIST, patient.bearer))["notifications"]["nodes"]
    assert [(row["event"], row["channel"], row["status"]) for row in reversed(seen)] == [
        ("appointment.booked", "EMAIL", "SENT"),
        ("appointment.booked", "SMS", "SENT"),
        ("appointment.accepted", "EMAIL", "SENT"),
        ("appointment.accepted", "SMS", "SENT"),
    ]


@pytest.mark.one_process
async def test_templates_and_reminders_and_sms_are_there(hospital: OneProcess):
    """The system before this one had none of them."""
    phone = MOBILE.format(2)
    patient, doctor, visit = await booked(hospital, phone)
    await hospital.done("acceptAppointment", doctor.bearer, id=visit["id"])
    document = "{ notificationTemplates { id event channel body } }"
    templates = (await hospital.data(document, hospital.admin))["notificationTemplates"]
    [template] = [each for each in templates if (each["event"], each["channel"]) == ("appointment.reminder", "SMS")]
    update = "updateNotificationTemplate"
    await hospital.done(
        update, hospital.admin, "template { version }", id=template["id"], body="See you at {{ time }}!"
    )
    async with hospital.later(datetime.fromisoformat(visit["slot"]) - timedelta(hours=23) - datetime.now(UTC)):
        await hospital.settled()
        await asyncio.gather(*(hospital.domains.notifications.service.remind() for _ in range(3)))
        [mail, *_] = await hospital.mails(patient.email)
        [text, *_] = await hospital.mails(phone)
    await hospital.done(update, hospital.admin, "template { version }", id=template["id"], body=template["body"])
    assert mail["subject"].startswith("Reminder: appointment on ")
    assert text["text"].startswith("See you at ")
    changed = await hospital.trail(type="template.updated", resourceId=template["id"])
    assert [event["actorRole"] for event in changed] == ["ADMIN", "ADMIN"]


async def test_the_notification_listener_does_not_choke_on_other_topics_messages(hospital: Hospital):
    """Nor on what nobody can read or knows: that is buried, and the next is heard."""
    phone, unknown = MOBILE.format(3), _stranger(hospital, "ward.painted")
    bodies = ["no envelope", '{"specversion":"1.0"}', unknown, _stranger(hospital, "appointment.booked")]
    for body in bodies:
        await hospital.announce("appointments", body)
    patient, _, _ = await booked(hospital, phone)
    assert len(await hospital.mails(patient.email)) == 1
    assert sorted(body for body in await hospital.buried(CONSUMER) if body in bodies) == sorted(bodies)


def _stranger(hospital: Hospital, type: str) -> str:
    """A message of that type with data that fits none."""
    denied = AccessDenied(deed="nothing", denied_type="Operation")
    message = envelope(denied, id=new_id(), domain="appointments", actor=Actor(), occurred_at=hospital.clock.now())
    return replace(message, type=type).to_json().decode()


async def test_an_invited_login_and_a_forgotten_password_work_from_the_mailbox_and_the_api_shows_no_link(
    hospital: Hospital,
):
    email = f"linked{new_id()}@example.com"
    given = {"name": "Huzaifa", "dob": "1990-01-01", "email": email}
    made = await hospital.done("registerPatient", hospital.desk, "patient { id }", **given)
    await hospital.done("inviteAccount", hospital.desk, "account { id }", patientId=made["id"])
    [invitation] = await hospital.mails(email)
    token = token_in(invitation)
    session = "session { accessToken }"
    opened = await hospital.done("resetPassword", None, session, token=token, newPassword=PASSWORD)
    bearer = f"Bearer {opened['accessToken']}"
    await hospital.ask_to("requestPasswordReset", None, email=email)
    [reset, _] = await hospital.mails(email)
    new = "another long pass phrase"
    await hospital.done("resetPassword", None, session, token=token_in(reset), newPassword=new)
    for viewer in (bearer, hospital.admin):
        seen = (await hospital.data(LIST, viewer, filter={"recipient": email}))["notifications"]["nodes"]
        assert [row["event"] for row in seen] == ["password.reset", "account.invited"]
        assert not any(token_in(mail) in str(seen) or "#token" in str(seen) for mail in (invitation, reset))
    written = await hospital.written("notifications")
    assert email.encode() in written
    assert not any(token_in(mail).encode() in written for mail in (invitation, reset))


def token_in(mail: dict[str, str]) -> str:
    return mail["text"].partition("#token=")[2].split()[0]


async def test_who_has_died_hears_nothing_more(hospital: Hospital):
    phone = MOBILE.format(4)
    patient, doctor, visit = await booked(hospital, phone)
    before = await hospital.mails(patient.email, phone)
    died = hospital.clock.now().isoformat()
    await hospital.done("updatePatient", hospital.desk, "patient { id }", id=patient.id, deceasedAt=died)
    await hospital.settled()
    await hospital.done("cancelAppointment", doctor.bearer, id=visit["id"])
    assert await hospital.mails(patient.email, phone) == before
