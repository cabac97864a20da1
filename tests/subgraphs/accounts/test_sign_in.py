import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from subgraphs.accounts.hashing import PasswordHashing

WRONG = "not the password"
VIEWER = "{ viewer { account { email role } patient { id } doctor { id } } }"


async def try_to_sign_in(desk, email="asha@example.com", password=WRONG):
    """What it comes to: a session, or the code of the refusal."""
    answer = await desk.send(
        "mutation ($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) "
        "{ session { accessToken } errors { code } } }",
        e=email,
        p=password,
    )
    if "errors" in answer:
        assert answer["data"] == {"signIn": None}
        return answer["errors"][0]["extensions"]["code"]
    payload = answer["data"]["signIn"]
    return payload["session"] or payload["errors"][0]["code"]


async def test_it_gives_tokens_that_are_good_for_the_viewer(desk):
    id = await desk.login("asha@example.com", "RECEPTIONIST")
    session = await desk.session()
    assert session["account"] == {"id": id, "email": "asha@example.com", "role": "RECEPTIONIST", "disabled": False}
    assert (session["tokenType"], session["expiresIn"]) == ("Bearer", 900)
    answer = await desk.send(VIEWER, "Bearer " + session["accessToken"])
    viewer = {"account": {"email": "asha@example.com", "role": "RECEPTIONIST"}, "patient": None, "doctor": None}
    assert answer == {"data": {"viewer": viewer}}


async def test_the_viewer_of_nobody_is_null(desk):
    assert await desk.send(VIEWER) == {"data": {"viewer": None}}


@pytest.mark.parametrize(("role", "field"), [("PATIENT", "patient"), ("DOCTOR", "doctor")])
async def test_the_viewer_says_which_patient_or_doctor_one_is(desk, role, field):
    await desk.login(role=role, subject_id="somebody")
    answer = await desk.send(VIEWER, "Bearer " + (await desk.session())["accessToken"])
    assert answer["data"]["viewer"][field] == {"id": "somebody"}


@pytest.mark.parametrize("email", ["ASHA@Example.COM", " asha@example.com "])
async def test_the_case_of_an_email_does_not_matter(desk, email):
    await desk.login()
    assert (await desk.sign_in(email))["errors"] == []


async def test_an_accent_in_an_email_does_matter(desk):
    await desk.login("jose@example.com")
    assert await try_to_sign_in(desk, "josé@example.com", "a fine password") == "INVALID_CREDENTIALS"


async def test_a_password_may_be_typed_in_either_unicode_form(desk):
    await desk.service.create_admin("asha@example.com", "caf\u00e9 au lait")
    assert (await desk.sign_in(password="cafe\u0301 au lait"))["errors"] == []


@pytest.mark.parametrize("odd", ["", "\0", "\ud800", "x" * 100_000, "' or 1=1 --", "{{7*7}}", "a@b\r\nBcc: c@d"])
async def test_odd_input_is_only_wrong(desk, odd):
    await desk.login()
    assert await try_to_sign_in(desk, odd) == "INVALID_CREDENTIALS"
    assert await try_to_sign_in(desk, password=odd) == "INVALID_CREDENTIALS"


async def test_an_unknown_a_disabled_a_held_and_an_invited_login_are_refused_alike(desk, signer):
    await desk.login("asha@example.com")
    disabled = await desk.login("off@example.com")
    mutation = 'mutation ($id: ID!) { disableAccount(input: {id: $id, reason: "left"}) { errors { code } } }'
    await desk.send(mutation, signer.bearer("ADMIN"), id=disabled)
    await desk.service.hold(email="held@example.com", password="a fine password", role="PATIENT", subject_id="p")
    refusals = [
        await desk.sign_in(email) for email in ("nobody@example.com", "off@example.com", "held@example.com")
    ] + [await desk.sign_in(password=WRONG)]
    assert refusals[0]["errors"][0]["code"] == "INVALID_CREDENTIALS"
    assert all(refusal == refusals[0] for refusal in refusals)


class CountingHasher(PasswordHasher):
    """Counts how often the work of a check was done."""

    checks = 0

    def verify(self, hash, password):
        self.checks += 1
        return super().verify(hash, password)


async def test_an_unknown_email_costs_the_same_work_as_a_wrong_password(desk):
    await desk.login()
    hasher = CountingHasher(time_cost=1, memory_cost=64, parallelism=1)
    object.__setattr__(desk.service, "hashing", PasswordHashing(hasher))
    for email in ("nobody@example.com", "asha@example.com"):
        before = hasher.checks
        await try_to_sign_in(desk, email)
        assert hasher.checks == before + 1


class OvertakenHashing(PasswordHashing):
    """Somebody else resets the password of the login after the old one was found right."""

    def __init__(self, desk, work):
        super().__init__(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        self.desk, self.work = desk, work

    async def verify(self, kept, password):
        fits = await super().verify(kept, password)
        object.__setattr__(self.desk.service, "hashing", PasswordHashing(self._hasher))
        await self.work()
        return fits


async def test_a_password_that_was_right_until_just_now_is_wrong(desk):
    await desk.login()
    await desk.service.request_reset("asha@example.com")
    token = await desk.last_token()
    object.__setattr__(desk.service, "hashing", OvertakenHashing(desk, lambda: desk.reset(token)))
    assert await try_to_sign_in(desk, password="a fine password") == "INVALID_CREDENTIALS"
    assert (await desk.sign_in(password="another fine password"))["errors"] == []


def test_the_work_is_what_owasp_asks_for_at_the_least():
    hasher = PasswordHashing()._hasher
    assert (hasher.memory_cost, hasher.time_cost, hasher.parallelism) == (19 * 1024, 2, 1)
    assert hasher.type.name == "ID"


async def test_a_hash_of_other_parameters_is_replaced_at_the_next_sign_in(desk):
    await desk.login()
    before = (await desk.account("asha@example.com")).password_hash
    object.__setattr__(desk.service, "hashing", PasswordHashing(PasswordHasher(2, 128, 1)))
    assert (await desk.sign_in())["errors"] == []
    after = (await desk.account("asha@example.com")).password_hash
    assert "m=64,t=1" in before
    assert "m=128,t=2" in after
    assert (await desk.sign_in())["errors"] == []
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(after, WRONG)


@pytest.mark.parametrize("email", ["asha@example.com", "nobody@example.com", "no e-mail at all"])
async def test_after_ten_failures_it_wants_a_pause_also_of_who_is_right(desk, email):
    await desk.login()
    codes = [await try_to_sign_in(desk, email) for _ in range(11)]
    assert codes == ["INVALID_CREDENTIALS"] * 10 + ["TOO_MANY_REQUESTS"]
    assert await try_to_sign_in(desk, email, "a fine password") == "TOO_MANY_REQUESTS"
    assert await try_to_sign_in(desk, email.upper(), "a fine password") == "TOO_MANY_REQUESTS"
    assert len(await desk.events("session.sign_in_failed")) == 10


async def test_the_pause_of_one_email_is_nobody_elses(desk):
    await desk.login()
    for _ in range(11):
        await try_to_sign_in(desk, "nobody@example.com")
    assert (await desk.sign_in())["errors"] == []


async def test_the_pause_ends_as_the_failures_grow_old_one_by_one(desk):
    await desk.login()
    for _ in range(10):
        await try_to_sign_in(desk)
        desk.clock.move(timedelta(minutes=1))
    assert await try_to_sign_in(desk) == "TOO_MANY_REQUESTS"
    desk.clock.move(timedelta(minutes=5))
    assert await try_to_sign_in(desk) == "INVALID_CREDENTIALS"
    assert await try_to_sign_in(desk) == "TOO_MANY_REQUESTS"
    desk.clock.move(timedelta(minutes=1))
    assert (await desk.sign_in())["errors"] == []


async def test_a_success_forgets_the_failures_before_it(desk):
    await desk.login()
    for _ in range(9):
        await try_to_sign_in(desk)
    assert (await desk.sign_in())["errors"] == []
    for _ in range(9):
        assert await try_to_sign_in(desk) == "INVALID_CREDENTIALS"
    assert (await desk.sign_in())["errors"] == []


async def test_of_many_failures_at_once_ten_are_told_so(desk):
    await desk.login()
    codes = await asyncio.gather(*(try_to_sign_in(desk) for _ in range(40)))
    assert sorted(codes) == ["INVALID_CREDENTIALS"] * 10 + ["TOO_MANY_REQUESTS"] * 30
    assert await try_to_sign_in(desk, password="a fine password") == "TOO_MANY_REQUESTS"


async def test_many_may_sign_in_at_once_to_one_login(desk):
    await desk.login()
    payloads = await asyncio.gather(*(desk.sign_in() for _ in range(30)))
    assert all(payload["errors"] == [] for payload in payloads)
    assert len({payload["session"]["refreshToken"] for payload in payloads}) == 30


async def test_it_announces_who_signed_in_and_whose_sign_in_failed(desk):
    id = await desk.login(role="PATIENT", subject_id="patient-1")
    await try_to_sign_in(desk)
    await desk.sign_in()
    await try_to_sign_in(desk, "nobody@example.com")
    failed, signed_in, unknown = await desk.events("session")
    assert (failed["type"], failed["auditoutcome"], failed["auditresourceid"]) == (
        "session.sign_in_failed",
        "FAILED",
        id,
    )
    assert failed["auditpatientid"] == signed_in["auditpatientid"] == "patient-1"
    assert "actorid" not in failed
    assert (signed_in["type"], signed_in["auditresourcetype"], signed_in["actorid"]) == (
        "session.signed_in",
        "Session",
        id,
    )
    assert unknown["data"] == {"account_id": None, "patient_id": None, "reason": "unknown e-mail"}
