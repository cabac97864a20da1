"""What is given to be sent, in which order, and what becomes of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from subgraphs.appointments.events import AppointmentAccepted, AppointmentBooked
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.mail import Unreachable
from subgraphs.notifications.rules import LINK_PLACEHOLDER, MOST_ATTEMPTS, UNREACHED_WAIT, Channel, wait_after
from tests.subgraphs.notifications.conftest import HOLD, visit


async def queued(ward, count=1):
    patient_id = await ward.patient()
    for _ in range(count):
        await ward.hear(visit(AppointmentBooked, patient_id))


async def test_it_comes_in_order_by_channel_and_what_somebody_holds_is_left_out(ward):
    await queued(ward, 5)
    some, more = await ward.take(most=2), await ward.take()
    assert [mail.id for mail in some + more] == sorted(mail.id for mail in some + more)
    assert (len(some), len(more), len(await ward.take(Channel.SMS))) == (2, 3, 5)
    assert await ward.take() == []


async def test_what_is_given_back_comes_again_in_its_place(ward):
    await queued(ward, 5)
    mails = await ward.take(most=3)
    await ward.service.give_back(mails[:2])
    again = await ward.take()
    assert [mail.id for mail in again[:2]] == [mail.id for mail in mails[:2]]
    assert mails[2].id not in {mail.id for mail in again}
    assert {row["attempts"] for row in await ward.all()} == {0}


async def test_what_was_sent_comes_no_more(ward):
    await queued(ward)
    await ward.settle(*await ward.take())
    assert await ward.take() == []
    row = next(row for row in await ward.all() if row["channel"] == "EMAIL")
    assert (row["status"], row["attempts"], row["lastError"]) == ("SENT", 1, None)
    assert row["sentAt"] == "2026-03-02T06:00:00Z"


async def test_what_failed_is_tried_again_later_and_in_the_end_no_more(ward):
    await queued(ward)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        [mail] = await ward.take()
        await ward.settle(mail, error=f"attempt {attempt}")
        assert await ward.take() == []
        ward.clock.move(wait_after(attempt) or timedelta(days=9))
    row = next(row for row in await ward.all() if row["channel"] == "EMAIL")
    assert (row["status"], row["attempts"], row["lastError"]) == ("FAILED", 16, "attempt 16")
    assert await ward.take() == []


async def test_a_refusal_for_good_is_not_repeated(ward):
    await queued(ward)
    await ward.settle(*await ward.take(), error="550 nobody", final=True)
    assert await ward.take() == []
    assert (await ward.all(status=["FAILED"]))[0]["lastError"] == "550 nobody"


async def test_a_message_that_was_sent_twice_after_a_crash_is_the_same_message(ward):
    await queued(ward)
    [first] = await ward.take()
    ward.clock.move(HOLD)
    [again] = await ward.take()
    assert replace(again, held_until=first.held_until) == first
    assert first.message_id == again.message_id


async def test_what_a_dead_worker_held_may_be_taken_when_its_time_is_over_and_no_sooner(ward):
    await queued(ward)
    await ward.take()
    ward.clock.move(HOLD - timedelta(microseconds=1))
    assert await ward.take() == []
    ward.clock.move(timedelta(microseconds=1))
    assert len(await ward.take()) == 1


async def test_who_held_it_too_long_counts_no_failure_and_gives_nothing_back(ward):
    await queued(ward)
    [late] = await ward.take()
    ward.clock.move(HOLD)
    [held] = await ward.take()
    await ward.settle(late, error="550 nobody", final=True)
    await ward.service.give_back([late])
    assert await ward.take() == []
    await ward.settle(held, error="later")
    row = next(row for row in await ward.all() if row["channel"] == "EMAIL")
    assert (row["status"], row["attempts"], row["lastError"]) == ("QUEUED", 1, "later")


async def test_what_went_out_is_sent_however_long_it_was_held(ward):
    await queued(ward)
    [late] = await ward.take()
    ward.clock.move(HOLD)
    [held] = await ward.take()
    await ward.settle(late)
    await ward.settle(held, error="later")
    ward.clock.move(timedelta(hours=1))
    assert await ward.take() == []
    assert next(row for row in await ward.all() if row["channel"] == "EMAIL")["status"] == "SENT"


async def test_what_was_settled_already_is_not_settled_anew(ward):
    await queued(ward)
    [mail] = await ward.take()
    await ward.settle(mail)
    await ward.settle(mail, error="late", final=True)
    assert next(row for row in await ward.all() if row["channel"] == "EMAIL")["status"] == "SENT"


async def test_who_died_since_gets_nothing(ward):
    patient_id = await ward.patient()
    await ward.hear(visit(AppointmentAccepted, patient_id))
    await ward.patient(patient_id, version=2, deceased_at=ward.clock.now())
    assert (await ward.take(), await ward.take(Channel.SMS)) == ([], [])
    assert {row["status"] for row in await ward.all()} == {"SKIPPED"}


async def test_what_reached_nobody_waits_for_as_long_as_that_lasts(ward):
    await queued(ward)
    for _ in range(MOST_ATTEMPTS * 2):
        [mail] = await ward.take()
        await ward.settle(mail, error="the mail server cannot be reached", reached=False)
        assert await ward.take() == []
        ward.clock.move(UNREACHED_WAIT)
    row = next(row for row in await ward.all() if row["channel"] == "EMAIL")
    assert (row["status"], row["attempts"]) == ("QUEUED", 0)
    assert row["lastError"] == "the mail server cannot be reached"
    await ward.settle(*await ward.take())
    row = next(row for row in await ward.all() if row["channel"] == "EMAIL")
    assert (row["status"], row["attempts"], row["lastError"]) == ("SENT", 1, None)


async def test_a_link_is_put_in_when_it_is_sent(ward):
    [link_id] = await ward.links_asked("password.reset")
    [taken] = await ward.take()
    mail, link = await ward.service.linked(taken), ward.links.known[link_id]
    assert link not in taken.text + taken.html
    assert link in mail.text
    assert f'<a href="{link}">{link}</a>' in mail.html
    assert LINK_PLACEHOLDER not in mail.text + mail.html
    assert link not in repr(mail)


async def test_a_link_that_has_ended_is_not_mailed(ward):
    older, newer = await ward.links_asked("password.reset", "password.reset")
    ward.links.known.pop(older)
    first, second = await ward.take()
    assert await ward.service.linked(first) is None
    assert newer in (await ward.service.linked(second)).text
    await ward.settle(first, error="The link is used or has ended.", wanted=False)
    told = [(row["status"], row["attempts"], row["lastError"]) for row in await ward.all()]
    assert told == [("QUEUED", 0, None), ("SKIPPED", 0, "The link is used or has ended.")]


async def test_nobody_is_asked_for_links_while_mail_is_taken(ward):
    await ward.links_asked("password.reset")
    await queued(ward)
    ward.links.down = True
    taken = await ward.take()
    assert [mail.to for mail in taken] == ["asha@example.com", "huzaifa@example.com"]
    with pytest.raises(Unreachable, match="accounts is down"):
        await ward.service.linked(taken[0])
    assert await ward.service.linked(taken[1]) == taken[1]


async def test_html_says_the_same_and_runs_nothing(ward):
    await ward.hear(visit(AppointmentBooked, await ward.patient(name="<script>alert(1)</script>\u2028& Co")))
    [mail] = await ward.take()
    assert "<script>" not in mail.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in mail.html
    assert "<script>alert(1)</script>" in mail.text


async def test_many_are_settled_in_one_transaction(ward, statements):
    await queued(ward, 50)
    mails = await ward.take()
    statements.clear()
    await ward.settle(*mails)
    assert len([each for each in statements if each.startswith("UPDATE")]) == 1


async def test_looking_for_mail_costs_the_same_however_much_there_is(ward, statements):
    await queued(ward, 1)
    await ward.links_asked("password.reset")
    statements.clear()
    await ward.take()
    few = len(statements)
    await queued(ward, 20)
    statements.clear()
    assert len(await ward.take()) == 20
    assert len(statements) == few == 4


async def test_an_unknown_id_is_no_trouble(ward):
    await queued(ward)
    [mail] = await ward.take()
    object.__setattr__(mail, "id", new_id())
    await ward.settle(mail)
    ward.clock.move(HOLD)
    assert len(await ward.take()) == 1
