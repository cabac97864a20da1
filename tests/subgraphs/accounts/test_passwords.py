import asyncio
from datetime import timedelta

import pytest

CHANGE = """
mutation ($old: String!, $new: String!) {
  changePassword(input: {currentPassword: $old, newPassword: $new}) {
    session { accessToken refreshToken } errors { code field }
  }
}
"""
ASK = "mutation ($email: String!) { requestPasswordReset(input: {email: $email}) { errors { code field } } }"
NEW = "another fine password"
ENDED = [{"code": "SESSION_EXPIRED", "field": ["token"]}]


@pytest.fixture
def desk(desk):
    """Answers to requests for a reset are not held back, but where a test is about that."""
    object.__setattr__(desk.service, "reset_answer_seconds", 0.0)
    return desk


async def change(desk, bearer, old="a fine password", new=NEW):
    answer = await desk.send(CHANGE, bearer, old=old, new=new)
    return answer["data"]["changePassword"] or answer["errors"][0]["extensions"]["code"]


async def ask_for_link(desk, email="asha@example.com"):
    return (await desk.send(ASK, email=email))["data"]["requestPasswordReset"]


async def test_a_changed_password_is_the_one_that_signs_in(desk):
    await desk.login()
    bearer = "Bearer " + (await desk.session())["accessToken"]
    assert (await change(desk, bearer))["errors"] == []
    assert (await desk.sign_in())["errors"][0]["code"] == "INVALID_CREDENTIALS"
    assert (await desk.sign_in(password=NEW))["errors"] == []
    assert "password.changed" in await desk.types()


async def test_changing_it_ends_the_sessions_before_and_gives_a_new_one(desk):
    await desk.login()
    here, there = await desk.session(), await desk.session()
    changed = await change(desk, "Bearer " + here["accessToken"])
    for session in (here, there):
        assert (await desk.refresh(session["refreshToken"]))["session"] is None
    assert (await desk.refresh(changed["session"]["refreshToken"]))["errors"] == []


async def test_it_wants_the_current_password(desk):
    await desk.login()
    session = await desk.session()
    changed = await change(desk, "Bearer " + session["accessToken"], old="guessed it")
    assert changed == {"session": None, "errors": [{"code": "INVALID_CREDENTIALS", "field": ["currentPassword"]}]}
    assert (await desk.refresh(session["refreshToken"]))["errors"] == []
    assert (await desk.sign_in())["errors"] == []


async def test_of_two_changes_at_once_from_one_password_the_second_finds_it_wrong(desk):
    await desk.login()
    bearer = "Bearer " + (await desk.session())["accessToken"]
    changes = await asyncio.gather(change(desk, bearer), change(desk, bearer, new="a third fine password"))
    assert sorted(len(changed["errors"]) for changed in changes) == [0, 1]


async def test_the_current_password_is_guessed_ten_times_at_the_most(desk):
    await desk.login()
    bearer = "Bearer " + (await desk.session())["accessToken"]
    for _ in range(10):
        assert (await change(desk, bearer, old="guessed it"))["session"] is None
    assert await change(desk, bearer) == "TOO_MANY_REQUESTS"
    desk.clock.move(timedelta(minutes=15))
    assert (await change(desk, bearer))["errors"] == []


async def test_nobody_changes_a_password_without_a_token(desk):
    assert await change(desk, None) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "weak", ["", "seven77", "x" * 201, "aaaaaaaaaaaa", "asha@example.com", "ASHA@example.com", "Password", "12345678"]
)
async def test_a_weak_password_is_refused_and_nothing_changes(desk, weak):
    await desk.login()
    session = await desk.session()
    changed = await change(desk, "Bearer " + session["accessToken"], new=weak)
    assert changed["errors"] == [{"code": "WEAK_PASSWORD", "field": ["newPassword"]}]
    assert (await desk.refresh(session["refreshToken"]))["errors"] == []


@pytest.mark.parametrize("odd", ["nul\0 in a password", "surrogate \ud800 in it", "line\nbreak in it"])
async def test_a_password_that_is_no_text_is_invalid(desk, odd):
    await desk.login()
    changed = await change(desk, "Bearer " + (await desk.session())["accessToken"], new=odd)
    assert changed["errors"] == [{"code": "INVALID_INPUT", "field": ["newPassword"]}]


async def test_of_two_changes_at_once_one_is_made(desk):
    await desk.login()
    bearer = "Bearer " + (await desk.session())["accessToken"]
    both = await asyncio.gather(change(desk, bearer, new="the first of two"), change(desk, bearer, new="second of two"))
    assert sorted(payload["errors"] == [] for payload in both) == [False, True]


async def test_a_mailed_link_sets_a_new_password_and_lets_its_owner_in(desk):
    await desk.login()
    old = await desk.session()
    assert await ask_for_link(desk) == {"errors": []}
    (mail,) = await desk.letters()
    assert mail.to == "asha@example.com"
    payload = await desk.reset(await desk.last_token(), NEW)
    assert payload["session"]["account"]["email"] == "asha@example.com"
    assert (await desk.refresh(payload["session"]["refreshToken"]))["errors"] == []
    assert (await desk.refresh(old["refreshToken"]))["session"] is None
    assert (await desk.sign_in(password=NEW))["errors"] == []
    assert (await desk.types())[-3:-1] == ["password.reset_requested", "password.reset"]


async def test_a_link_is_given_for_its_mail_as_long_as_it_opens_something(desk):
    await desk.login()
    await ask_for_link(desk)
    [older] = [event["data"]["link_id"] for event in await desk.events("password.reset_requested")]
    assert await desk.service.link(older) == f"http://hospital.test#token={await desk.last_token()}"
    assert await desk.service.link(older.replace("-", "")) is None
    await ask_for_link(desk)
    _, newer = [event["data"]["link_id"] for event in await desk.events("password.reset_requested")]
    assert (await desk.service.link(older), bool(await desk.service.link(newer))) == (None, True)
    desk.clock.move(timedelta(hours=1))
    assert await desk.service.link(newer) is None


async def test_a_link_works_once(desk):
    await desk.login()
    await ask_for_link(desk)
    token = await desk.last_token()
    assert (await desk.reset(token))["errors"] == []
    assert (await desk.reset(token, "a third password"))["errors"] == ENDED
    assert (await desk.sign_in(password="a third password"))["session"] is None


async def test_of_many_at_once_with_one_link_one_is_let_in(desk):
    await desk.login()
    await ask_for_link(desk)
    token = await desk.last_token()
    payloads = await asyncio.gather(*(desk.reset(token, f"password number {n}") for n in range(10)))
    assert sum(payload["session"] is not None for payload in payloads) == 1


async def test_a_link_ends_after_an_hour(desk):
    await desk.login()
    await ask_for_link(desk)
    desk.clock.move(timedelta(hours=1))
    assert (await desk.reset(await desk.last_token()))["errors"] == ENDED
    assert (await desk.sign_in())["errors"] == []


async def test_a_newer_link_voids_the_older(desk):
    await desk.login()
    await ask_for_link(desk)
    older = await desk.last_token()
    await ask_for_link(desk)
    assert (await desk.reset(older))["errors"] == ENDED
    assert (await desk.reset(await desk.last_token()))["errors"] == []


async def test_a_changed_password_voids_the_link(desk):
    await desk.login()
    await ask_for_link(desk)
    await change(desk, "Bearer " + (await desk.session())["accessToken"])
    assert (await desk.reset(await desk.last_token()))["errors"] == ENDED


@pytest.mark.parametrize("token", ["", "made up", "\0", "\ud800", "x" * 100_000])
async def test_an_unknown_link_has_ended(desk, token):
    assert (await desk.reset(token))["errors"] == ENDED


async def test_a_weak_password_does_not_use_the_link_up(desk):
    await desk.login()
    await ask_for_link(desk)
    token = await desk.last_token()
    assert (await desk.reset(token, "short"))["errors"] == [{"code": "WEAK_PASSWORD", "field": ["newPassword"]}]
    assert (await desk.reset(token))["errors"] == []


async def test_a_disabled_login_is_not_opened_by_a_link(desk, signer):
    id = await desk.login()
    await ask_for_link(desk)
    mutation = 'mutation ($id: ID!) { disableAccount(input: {id: $id, reason: "left"}) { errors { code } } }'
    await desk.send(mutation, signer.bearer("ADMIN"), id=id)
    assert (await desk.reset(await desk.last_token()))["errors"] == ENDED


async def test_a_reset_ends_the_pause_after_failed_sign_ins(desk):
    await desk.login()
    for _ in range(10):
        await desk.sign_in(password="guessed it")
    await ask_for_link(desk)
    await desk.reset(await desk.last_token(), NEW)
    assert (await desk.sign_in(password=NEW))["errors"] == []


async def test_the_answer_is_the_same_for_an_unknown_email_and_no_mail_goes_out(desk):
    await desk.login()
    assert await ask_for_link(desk, "nobody@example.com") == await ask_for_link(desk)
    assert [mail.to for mail in await desk.letters()] == ["asha@example.com"]
    unknown, known = await desk.events("password.reset_requested")
    assert "auditresourceid" not in unknown
    assert "nobody" not in str(unknown)
    assert known["auditresourceid"]


async def test_the_answer_takes_its_time_whether_the_email_is_known_or_not(desk):
    await desk.login()
    object.__setattr__(desk.service, "reset_answer_seconds", 0.15)
    loop = asyncio.get_running_loop()
    for email in ("nobody@example.com", "asha@example.com"):
        before = loop.time()
        await ask_for_link(desk, email)
        assert loop.time() - before >= 0.15


async def test_what_is_no_email_is_said_to_be_none(desk):
    answer = await ask_for_link(desk, "no e-mail")
    assert answer == {"errors": [{"code": "INVALID_INPUT", "field": ["email"]}]}


async def test_nobody_fills_the_mailbox_of_another(desk):
    await desk.login()
    for _ in range(12):
        assert await ask_for_link(desk) == {"errors": []}
    assert len(await desk.letters()) == 10
    desk.clock.move(timedelta(hours=1))
    await ask_for_link(desk)
    assert len(await desk.letters()) == 11


async def test_the_dead_get_no_mail(desk):
    patient_id = await desk.patient()
    await desk.login(role="PATIENT", subject_id=patient_id)
    await desk.patient(patient_id, version=2, deceased_at=desk.clock.now())
    assert await ask_for_link(desk) == {"errors": []}
    assert await desk.letters() == []


async def test_requests_that_make_no_link_are_announced_once_a_minute(desk):
    await desk.login()
    disabled = await desk.login("gone@example.com")
    row = await desk.account("gone@example.com")
    row.disabled_at = desk.clock.now()
    await desk.database.transaction(lambda session: session.merge(row))
    for number in range(5):
        for email in ("asha@example.com", "gone@example.com", f"nobody{number}@example.com"):
            assert (await ask_for_link(desk, email))["errors"] == []
    asked = [event["data"]["account_id"] for event in await desk.events("password.reset_requested")]
    assert [asked.count(disabled), asked.count(None), len(asked), len(await desk.letters())] == [1, 1, 7, 5]
    desk.clock.move(timedelta(minutes=1))
    await ask_for_link(desk, "nobody@example.com")
    assert len(await desk.events("password.reset_requested")) == 8


async def test_who_asks_more_often_than_once_a_minute_is_announced_every_other_time(desk):
    disabled = await desk.login("gone@example.com")
    row = await desk.account("gone@example.com")
    row.disabled_at = desk.clock.now()
    await desk.database.transaction(lambda session: session.merge(row))
    for number in range(6):
        await ask_for_link(desk, "gone@example.com")
        await ask_for_link(desk, f"nobody{number}@example.com")
        desk.clock.move(timedelta(seconds=59))
    asked = [event["data"]["account_id"] for event in await desk.events("password.reset_requested")]
    assert asked == [disabled, None] * 3


async def test_a_request_that_could_not_be_announced_does_not_keep_the_next_one_out(desk, monkeypatch):
    async def down(work):
        raise ConnectionError("the database is away")

    monkeypatch.setattr(desk.database, "transaction", down)
    await desk.send(ASK, email="nobody@example.com")
    monkeypatch.undo()
    await ask_for_link(desk, "nobody@example.com")
    assert len(await desk.events("password.reset_requested")) == 1
