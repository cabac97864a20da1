"""What goes out, to whom and by which channel; and what does not."""

import pytest
from sqlmodel import select

from subgraphs.accounts.events import PasswordResetRequested
from subgraphs.appointments.events import EVENTS as APPOINTMENTS_EVENTS
from subgraphs.appointments.events import AppointmentAccepted, AppointmentBooked, AppointmentRescheduled
from subgraphs.billing.events import EVENTS as BILLING_EVENTS
from subgraphs.billing.events import (
    BillCreated,
    BillPaid,
    BillState,
    ClaimDecided,
    InsurancePolicyAdded,
    PaymentFailed,
    PaymentRefunded,
)
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.tables import InboxRow
from subgraphs.notifications.rules import KINDS, LINK_PLACEHOLDER
from tests.subgraphs.notifications.conftest import LANDLINE, MOBILE, SLOT, bill, visit


async def test_each_event_on_the_list_goes_out_by_email_and_sms_and_nothing_else_does(ward):
    patient_id = await ward.patient()
    for kind in APPOINTMENTS_EVENTS:
        more = {"previous_slot": SLOT} if kind is AppointmentRescheduled else {}
        await ward.hear(visit(kind, patient_id, **more))
    for fact in BILLING_EVENTS:
        if issubclass(fact, BillState):
            await ward.hear(bill(fact, patient_id))
    await ward.hear(InsurancePolicyAdded(policy_id=new_id(), patient_id=patient_id, insurer="Star Health"))
    await ward.links_asked("account.invited", "password.reset")
    wanted = [
        (event, channel.value)
        for event, kind in KINDS.items()
        if event != "appointment.reminder"
        for channel in kind.channels
    ]
    assert sorted((event, channel) for event, channel, _ in await ward.told()) == sorted(wanted)


@pytest.mark.parametrize(
    ("contact", "channels"),
    [
        ({"email": None}, ["SMS"]),
        ({"phone": None}, ["EMAIL"]),
        ({"phone": LANDLINE}, ["EMAIL"]),
        ({"phone": "12345"}, ["EMAIL"]),
        ({"email": None, "phone": None}, []),
        ({"phone": "+12125550123"}, ["EMAIL", "SMS"]),  # fixed line or mobile: nobody can tell in America
    ],
)
async def test_it_goes_where_there_is_an_address_or_a_mobile_number(ward, contact, channels):
    await ward.hear(visit(AppointmentBooked, await ward.patient(**contact)))
    assert [channel for _, channel, _ in await ward.told()] == channels


async def test_a_number_without_a_country_is_one_of_the_hospitals(ward):
    await ward.hear(visit(AppointmentBooked, await ward.patient(phone="098765 43210")))
    assert ("appointment.booked", "SMS", MOBILE) in await ward.told()


async def test_the_dead_get_nothing(ward):
    patient_id = await ward.patient()
    await ward.patient(patient_id, version=2, deceased_at=ward.clock.now())
    await ward.hear(visit(AppointmentBooked, patient_id), bill(BillPaid, patient_id))
    assert await ward.told() == []


async def test_of_imported_facts_nothing_goes_out(ward):
    patient_id = await ward.patient()
    await ward.hear(visit(AppointmentBooked, patient_id, imported=True))
    await ward.hear(bill(BillCreated, patient_id, imported=True), bill(BillPaid, patient_id, imported=True))
    assert await ward.told() == []


async def test_a_request_without_a_link_mails_nothing(ward):
    await ward.hear(PasswordResetRequested(account_id=None))
    await ward.hear(PasswordResetRequested(account_id=new_id()))
    assert await ward.told() == []


async def test_an_event_that_comes_twice_is_told_once_a_channel(ward):
    message = ward.message(visit(AppointmentBooked, await ward.patient()))
    await ward.hear(message)
    await ward.hear(message, message)
    assert len(await ward.told()) == 2


async def test_what_comes_before_its_patient_waits_for_them_in_order(ward):
    """One topic does not wait for another: after a pause, billing's may be ahead of patients'."""
    patient_id = new_id()
    await ward.hear(visit(AppointmentBooked, patient_id), visit(AppointmentAccepted, patient_id))
    await ward.hear(bill(BillCreated, patient_id))
    assert await ward.told() == []
    await ward.patient(patient_id, phone=None)
    assert [event for event, _, _ in await ward.told()] == [
        "appointment.booked",
        "appointment.accepted",
        "bill.created",
    ]
    await ward.patient(patient_id, version=2, phone=None)
    assert len(await ward.told()) == 3


async def test_the_newest_contact_is_the_one_that_counts(ward):
    patient_id = await ward.patient(phone=None)
    await ward.patient(patient_id, version=3, email="third@example.com", phone=None)
    await ward.patient(patient_id, version=2, email="second@example.com", phone=None)
    await ward.hear(visit(AppointmentBooked, patient_id, patient_email="first@example.com"))
    assert [recipient for _, _, recipient in await ward.told()] == ["third@example.com"]


async def test_a_payment_is_told_in_the_words_that_were_agreed(ward):
    await ward.hear(bill(BillPaid, await ward.patient()))
    sms, mail = await ward.all()
    assert mail["subject"] == "Payment Status - SUCCESS"
    assert "Your payment of 1000.0 is successful!" in mail["body"]
    assert "Amount: 1000.0" in mail["body"]
    assert (sms["channel"], sms["subject"]) == ("SMS", None)


async def test_a_new_bill_is_told_with_its_number_and_total(ward):
    await ward.hear(bill(BillCreated, await ward.patient()))
    for row in await ward.all():
        assert "2026-000001" in row["body"]
        assert "1200.0" in row["body"]


async def test_a_claim_is_told_with_what_the_insurance_pays_and_not_what_was_claimed(ward):
    await ward.hear(bill(ClaimDecided, await ward.patient()))
    for row in await ward.all():
        assert "400.0" in row["body"]
        assert "1000.0" not in row["body"]


async def test_times_are_the_hospitals_and_only_acceptance_says_accept(ward):
    patient_id = await ward.patient()
    await ward.hear(
        visit(AppointmentAccepted, patient_id), visit(AppointmentRescheduled, patient_id, previous_slot=SLOT)
    )
    for fact in (BillCreated, PaymentFailed, PaymentRefunded, ClaimDecided):
        await ward.hear(bill(fact, patient_id))
    for row in await ward.all():
        text = f"{row['subject']} {row['body']}".lower()
        assert ("accept" in text) == (row["event"] == "appointment.accepted")
        assert ("2026-03-05 at 11:30 (asia/kolkata)" in text) == row["event"].startswith("appointment")


async def test_no_link_is_kept_or_shown(ward):
    await ward.links_asked("account.invited")
    [row] = await ward.all()
    assert LINK_PLACEHOLDER in row["body"]
    stored = (await ward.send("{ notifications { nodes { body } } }"))["data"]
    assert "secret" not in str(stored)


async def test_a_message_of_another_topic_or_of_no_sense_changes_nothing(ward):
    """The listener of the system before this one choked on them."""
    strange = ward.message(visit(AppointmentBooked, await ward.patient()))
    object.__setattr__(strange, "type", "ward.painted")
    await ward.hear(strange)
    broken = ward.message(visit(AppointmentBooked, new_id()))
    object.__setattr__(broken, "data", {"slot": "soon"})
    with pytest.raises(ValueError):
        await ward.hear(broken)
    assert await ward.told() == []
    async with ward.domain.base.database.reading() as session:
        handled = (await session.exec(select(InboxRow.event_id))).all()
    assert broken.id not in handled


async def test_who_cannot_be_reached_costs_no_look_for_words(ward, statements):
    patient_id = await ward.patient(email=None, phone=None)
    statements.clear()
    await ward.hear(visit(AppointmentBooked, patient_id))
    assert not [statement for statement in statements if "FROM templates" in statement]
    assert await ward.told() == []
