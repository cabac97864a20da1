"""Templates as an administrator reads, tries and changes them."""

import asyncio

import pytest
from sqlmodel import select

from subgraphs.appointments.events import AppointmentBooked
from subgraphs.notifications.app import build
from subgraphs.notifications.tables import TemplateVersionRow
from tests.subgraphs.notifications.conftest import visit

TEMPLATES = "{ notificationTemplates { id event channel locale subject body version updatedAt } }"
UPDATE = """
mutation ($input: UpdateNotificationTemplateInput!) {
  updateNotificationTemplate(input: $input) {
    template { id event channel locale subject body version } errors { code message field }
  }
}
"""
PREVIEW = """
mutation ($input: PreviewNotificationTemplateInput!) {
  previewNotificationTemplate(input: $input) { subject body errors { code message field } }
}
"""
UNKNOWN = "01a20621-7b52-7be0-803d-c7638392bf28"


async def template(ward, event="appointment.booked", channel="EMAIL"):
    rows = (await ward.send(TEMPLATES))["data"]["notificationTemplates"]
    return next(row for row in rows if (row["event"], row["channel"]) == (event, channel))


async def update(ward, id, **given):
    return (await ward.send(UPDATE, input={"id": id, **given}))["data"]["updateNotificationTemplate"]


async def preview(ward, body, event="appointment.booked", channel="EMAIL", **given):
    wanted = {"event": event, "channel": channel, "body": body, **given}
    return (await ward.send(PREVIEW, input=wanted))["data"]["previewNotificationTemplate"]


def codes(payload):
    return [(error["code"], error["field"]) for error in payload["errors"]]


async def test_there_is_one_for_each_event_and_channel_that_goes_out(ward):
    rows = (await ward.send(TEMPLATES))["data"]["notificationTemplates"]
    assert len(rows) == 24
    assert {(row["locale"], row["version"]) for row in rows} == {("en", 1)}


async def test_new_words_are_what_goes_out_next_and_the_old_are_kept(ward, announced_by):
    row = await template(ward)
    changed = await update(ward, row["id"], subject="To {{ patient_name }}", body="See you at {{ time }}.")
    assert changed["errors"] == []
    assert (changed["template"]["version"], changed["template"]["body"]) == (2, "See you at {{ time }}.")
    await ward.hear(visit(AppointmentBooked, await ward.patient(phone=None)))
    [mail] = await ward.all()
    assert (mail["subject"], mail["body"].strip()) == ("To Huzaifa", "See you at 11:30.")
    async with ward.domain.base.database.reading() as session:
        kept = (await session.exec(select(TemplateVersionRow).where(TemplateVersionRow.template_id == row["id"]))).all()
    assert sorted((each.version, each.body, each.written_by) for each in kept) == [
        (1, row["body"], None),
        (2, "See you at {{ time }}.", "account-of-admin"),
    ]
    [event] = await announced_by(ward.domain.base)
    assert (event.type, event.audit["resourceid"], event.actor.role) == ("template.updated", row["id"], "ADMIN")


async def test_a_subject_that_is_left_out_stays(ward):
    row = await template(ward)
    assert (await update(ward, row["id"], body="Body"))["template"]["subject"] == row["subject"]
    assert codes(await update(ward, row["id"], subject=None, body="Body")) == [("INVALID_INPUT", ["subject"])]


async def test_a_stale_version_changes_nothing(ward):
    row = await template(ward)
    assert codes(await update(ward, row["id"], body="A", expectedVersion=2)) == [
        ("VERSION_CONFLICT", ["expectedVersion"])
    ]
    assert (await update(ward, row["id"], body="B", expectedVersion=1))["template"]["version"] == 2
    assert (await template(ward))["body"] == "B"


async def test_of_many_who_expect_one_version_one_writes(ward):
    row = await template(ward)
    payloads = await asyncio.gather(*(update(ward, row["id"], body=f"{n}", expectedVersion=1) for n in range(8)))
    assert sorted(codes(payload) for payload in payloads)[:2] == [[], [("VERSION_CONFLICT", ["expectedVersion"])]]
    assert (await template(ward))["version"] == 2


@pytest.mark.parametrize("id", [UNKNOWN, "nothing", "", "\0"])
async def test_an_unknown_one_is_not_found(ward, id):
    assert codes(await update(ward, id, body="A")) == [("NOT_FOUND", ["id"])]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"body": "{{ nothing }}"}, "body"),
        ({"body": ""}, "body"),
        ({"body": "x", "subject": "{% if %}"}, "subject"),
        ({"body": "x", "subject": " "}, "subject"),
        ({"body": "\ud800"}, "body"),
    ],
)
async def test_what_does_not_render_is_refused_and_changes_nothing(ward, given, field, announced_by):
    row = await template(ward)
    assert codes(await update(ward, row["id"], **given)) == [("TEMPLATE_INVALID", [field])]
    assert await template(ward) == row
    assert await announced_by(ward.domain.base) == []


async def test_a_body_that_would_fail_for_some_patients_alone_is_refused(ward):
    row = await template(ward, "bill.created")
    body = "{% if patient_name == 'Huzaifa' and amount < 5 %}x{% endif %}y"
    assert codes(await update(ward, row["id"], body=body)) == [("TEMPLATE_INVALID", ["body"])]


async def test_an_sms_has_no_subject(ward):
    row = await template(ward, channel="SMS")
    assert codes(await update(ward, row["id"], subject="S", body="B")) == [("TEMPLATE_INVALID", ["subject"])]
    assert codes(await preview(ward, "B", channel="SMS", subject="S")) == [("TEMPLATE_INVALID", ["subject"])]
    assert (await update(ward, row["id"], subject=None, body="B"))["errors"] == []


async def test_a_preview_renders_with_sample_data_and_writes_nothing(ward, statements):
    statements.clear()
    shown = await preview(ward, "Amount: {{ amount }}", "payment.succeeded", subject="For {{ patient_name }}")
    assert shown == {"subject": "For Huzaifa Ansari", "body": "Amount: 1000.0\n", "errors": []}
    assert statements == []


async def test_a_preview_without_a_subject_tries_the_body_alone_and_null_is_none(ward):
    assert await preview(ward, "{{ time }}") == {"subject": None, "body": "11:30\n", "errors": []}
    assert codes(await preview(ward, "{{ time }}", subject=None)) == [("INVALID_INPUT", ["subject"])]
    assert (await preview(ward, "{{ time }}", channel="SMS", subject=None))["errors"] == []


async def test_a_preview_says_what_is_wrong(ward):
    assert codes(await preview(ward, "x", "ward.painted")) == [("INVALID_INPUT", ["event"])]
    assert codes(await preview(ward, "{{ link }}", "password.reset", "SMS")) == [("INVALID_INPUT", ["channel"])]
    [error] = (await preview(ward, "{% for i in range(10**9) %}x{% endfor %}"))["errors"]
    assert (error["code"], error["message"]) == ("TEMPLATE_INVALID", "Line 1: `for` has no place in a template.")


async def test_a_start_writes_what_is_missing_and_touches_nothing(ward, links):
    row = await template(ward)
    await update(ward, row["id"], body="Mine")
    await asyncio.gather(*(ward.service.write_defaults() for _ in range(3)))
    assert ((await template(ward))["body"], (await template(ward))["version"]) == ("Mine", 2)


async def test_another_language_begins_with_the_english_words_and_has_its_own_then(
    make_base, links, ask, signer, clock
):
    domain = build(await make_base("notifications", locale="de"), links)
    await domain.service.write_defaults()
    rows = (await ask(domain.subgraph, TEMPLATES, signer.bearer("ADMIN")))["data"]["notificationTemplates"]
    bodies = {(row["event"], row["channel"], row["locale"]): row["body"] for row in rows}
    assert len(bodies) == 48
    assert bodies["bill.created", "SMS", "de"] == bodies["bill.created", "SMS", "en"]
