import asyncio
from datetime import timedelta

import pytest

from subgraphs.accounts import repository
from subgraphs.accounts.service.holds import Settled
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.principal import RoleName
from subgraphs.patients.events import PatientRegistered


class Owner:
    """Patients or doctors, with those who were written; `down` refuses to answer, `slow` takes a minute."""

    def __init__(self, *written: str, down: bool = False, slow: bool = False) -> None:
        self.written, self.down, self.slow, self.asked = set(written), down, slow, 0

    async def exists(self, subject_id: str) -> bool:
        self.asked += 1
        if self.down:
            raise ConnectionError("refused")
        if self.slow:
            await asyncio.sleep(60)
        return subject_id in self.written


def ask_owners(desk, **owners):
    for role, owner in owners.items():
        desk.domain.owners.add(RoleName(role), owner)


async def hold(desk, subject_id, email="asha@example.com", password="a fine password", role=RoleName.PATIENT):
    await desk.service.hold(email=email, password=password, role=role, subject_id=subject_id)


async def refused(desk, subject_id, **fields):
    with pytest.raises(Refused) as caught:
        await hold(desk, subject_id, **fields)
    return [(problem.code, problem.field) for problem in caught.value.problems]


async def signs_in(desk):
    return (await desk.sign_in())["errors"] == []


async def test_what_is_held_does_not_sign_in_until_the_owners_event_opens_it(desk):
    patient_id = new_id()
    await hold(desk, patient_id, "Asha@Example.com")
    assert not await signs_in(desk)
    await desk.patient(patient_id, opens_login=True)
    assert await signs_in(desk)
    assert "account.created" in await desk.types()


async def test_a_held_login_is_no_account_yet(desk, signer):
    await hold(desk, new_id())
    answer = await desk.send('{ account(email: "asha@example.com") { id } }', signer.bearer("ADMIN"))
    assert answer == {"data": {"account": None}}


async def test_an_event_that_opens_no_login_leaves_it_held(desk):
    patient_id = new_id()
    await hold(desk, patient_id)
    await desk.patient(patient_id, opens_login=False)
    assert not await signs_in(desk)


async def test_it_opens_for_the_id_that_it_is_held_for_alone(desk):
    await hold(desk, new_id())
    await desk.patient(new_id(), opens_login=True)
    assert not await signs_in(desk)


async def test_it_opens_also_when_a_later_change_was_heard_of_first(desk):
    patient_id = new_id()
    await hold(desk, patient_id)
    await desk.patient(patient_id, version=2)
    await desk.patient(patient_id, version=1, opens_login=True)
    assert await signs_in(desk)


async def test_a_doctors_login_opens_by_the_doctors_event_and_the_admin_made_it(desk):
    doctor_id = new_id()
    await hold(desk, doctor_id, role=RoleName.DOCTOR)
    await desk.doctor(doctor_id, opens_login=True)
    session = await desk.session()
    assert session["account"]["role"] == "DOCTOR"


async def test_who_made_it_is_who_registered_the_patient(desk):
    patient_id = new_id()
    await hold(desk, patient_id)
    event = PatientRegistered(patient_id=patient_id, version=1, name="Asha", opens_login=True)
    await desk.receive(event, Actor("admin-1", "admin@example.com", "ADMIN"))
    (created,) = await desk.events("account.created")
    assert (created["actorid"], created["auditpatientid"]) == ("admin-1", patient_id)


async def test_the_email_is_taken_while_it_is_held_and_after(desk):
    patient_id = new_id()
    await hold(desk, patient_id)
    assert await refused(desk, new_id(), email="ASHA@example.com") == [("EMAIL_TAKEN", ("email",))]
    await desk.patient(patient_id, opens_login=True)
    assert await refused(desk, new_id()) == [("EMAIL_TAKEN", ("email",))]


async def test_of_many_who_want_one_email_at_once_one_holds_it(desk):
    outcomes = await asyncio.gather(*(hold(desk, new_id()) for _ in range(20)), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert {outcome.problems[0].code for outcome in outcomes if outcome is not None} == {"EMAIL_TAKEN"}


async def test_what_is_released_is_free_at_once_and_what_is_open_stays(desk):
    patient_id, other = new_id(), new_id()
    await hold(desk, patient_id)
    await desk.service.release(role=RoleName.PATIENT, subject_id=other)
    assert await refused(desk, other) == [("EMAIL_TAKEN", ("email",))]
    await desk.service.release(role=RoleName.PATIENT, subject_id=patient_id)
    await hold(desk, other)
    await desk.patient(other, opens_login=True)
    await desk.service.release(role=RoleName.PATIENT, subject_id=other)
    assert await signs_in(desk)


async def test_asking_again_for_the_same_id_goes_on(desk):
    patient_id = new_id()
    for _ in range(2):
        await hold(desk, patient_id)
    await desk.patient(patient_id, opens_login=True)
    await hold(desk, patient_id, password="what a stranger wants")
    assert await signs_in(desk), "an open login keeps its password"


async def test_many_who_ask_at_once_for_the_same_id_all_hold_it(desk):
    patient_id = new_id()
    await asyncio.gather(*(hold(desk, patient_id) for _ in range(10)))
    await desk.patient(patient_id, opens_login=True)
    assert await signs_in(desk)


async def test_an_open_login_is_not_held_for_another_email(desk):
    patient_id = new_id()
    await desk.login(role="PATIENT", subject_id=patient_id)
    assert await refused(desk, patient_id, email="other@example.com") == [("EMAIL_TAKEN", ("email",))]
    assert await signs_in(desk)


async def test_an_invited_login_is_not_held(desk, signer):
    patient_id = await desk.patient()
    mutation = "mutation ($id: ID!) { inviteAccount(input: {patientId: $id}) { errors { code } } }"
    await desk.send(mutation, signer.bearer("ADMIN"), id=patient_id)
    assert await refused(desk, patient_id) == [("EMAIL_TAKEN", ("email",))]


async def test_what_is_wrong_with_email_and_password_is_said_together(desk):
    assert await refused(desk, new_id(), email="no e-mail", password="short") == [
        ("INVALID_INPUT", ("email",)),
        ("WEAK_PASSWORD", ("password",)),
    ]


async def test_only_patients_and_doctors_have_their_logins_held(desk):
    assert await refused(desk, new_id(), role=RoleName.ADMIN) == [("INVALID_INPUT", ("role",))]


async def test_a_hold_is_settled_after_a_minute_by_what_its_owner_says(desk):
    written, dropped = new_id(), new_id()
    await hold(desk, written)
    await hold(desk, dropped, "gone@example.com")
    ask_owners(desk, PATIENT=Owner(written))
    desk.clock.move(timedelta(seconds=60))
    assert await desk.service.settle_holds() == Settled(), "not within the minute"
    desk.clock.move(timedelta(seconds=1))
    assert await desk.service.settle_holds() == Settled(opened=1, dropped=1)
    assert await signs_in(desk)
    await hold(desk, new_id(), "gone@example.com")
    assert len(await desk.events("account.created")) == 1


async def test_a_hold_is_kept_while_its_owner_does_not_answer(desk):
    patient_id, doctor_id = new_id(), new_id()
    await hold(desk, patient_id)
    await hold(desk, doctor_id, "rao@example.com", role=RoleName.DOCTOR)
    desk.clock.move(timedelta(minutes=2))
    ask_owners(desk, PATIENT=Owner(down=True))
    assert await desk.service.settle_holds() == Settled(kept=2)
    ask_owners(desk, PATIENT=Owner(patient_id), DOCTOR=Owner(doctor_id))
    assert await desk.service.settle_holds() == Settled(opened=2)


async def test_a_hold_that_was_asked_for_anew_has_a_new_minute(desk):
    patient_id = new_id()
    await hold(desk, patient_id)
    desk.clock.move(timedelta(seconds=50))
    await hold(desk, patient_id)
    desk.clock.move(timedelta(seconds=20))
    ask_owners(desk, PATIENT=Owner())
    assert await desk.service.settle_holds() == Settled()


async def test_more_holds_than_a_page_are_all_settled(desk, monkeypatch):
    monkeypatch.setattr("subgraphs.accounts.service.holds._PAGE", 2)
    for number in range(5):
        await hold(desk, new_id(), f"{number}@example.com")
    desk.clock.move(timedelta(minutes=2))
    ask_owners(desk, PATIENT=Owner(down=True))
    assert await desk.service.settle_holds() == Settled(kept=5)
    ask_owners(desk, PATIENT=Owner())
    assert await desk.service.settle_holds() == Settled(dropped=5)


async def test_the_right_password_opens_it_when_its_owner_says_that_the_patient_was_written(desk):
    patient_id = new_id()
    ask_owners(desk, PATIENT=Owner(patient_id))
    await hold(desk, patient_id)
    assert await signs_in(desk)
    (created,) = await desk.events("account.created")
    assert (created["auditpatientid"], created["data"]["role"]) == (patient_id, "PATIENT")


async def test_a_doctor_signs_in_before_the_event_as_well(desk):
    doctor_id = new_id()
    ask_owners(desk, PATIENT=Owner(), DOCTOR=Owner(doctor_id))
    await hold(desk, doctor_id, role=RoleName.DOCTOR)
    assert await signs_in(desk)


class LateOwner(Owner):
    """Whose event arrives while it is asked."""

    def __init__(self, desk, patient_id: str) -> None:
        super().__init__(patient_id)
        self.desk, self.patient_id = desk, patient_id

    async def exists(self, subject_id: str) -> bool:
        await self.desk.patient(self.patient_id, opens_login=True)
        return await super().exists(subject_id)


@pytest.mark.parametrize("who", ["sign_in", "timer", "reset"])
async def test_whoever_opens_it_first_it_is_announced_once(desk, who):
    patient_id = new_id()
    ask_owners(desk, PATIENT=LateOwner(desk, patient_id))
    await hold(desk, patient_id)
    desk.clock.move(timedelta(minutes=2))
    opening = {
        "sign_in": lambda: desk.sign_in(),
        "timer": lambda: desk.service.settle_holds(),
        "reset": lambda: desk.service.request_reset("asha@example.com"),
    }
    await opening[who]()
    assert await signs_in(desk)
    assert len(await desk.events("account.created")) == 1


async def test_timers_that_settle_at_once_open_it_once_and_drop_it_once(desk, monkeypatch):
    look = repository.locked_account

    async def slow(session, id):
        found = await look(session, id)
        await asyncio.sleep(0.1)
        return found

    monkeypatch.setattr(repository, "locked_account", slow)
    written, unwritten = new_id(), new_id()
    ask_owners(desk, PATIENT=Owner(written))
    await hold(desk, written)
    await hold(desk, unwritten, "bina@example.com")
    desk.clock.move(timedelta(minutes=2))
    settled = await asyncio.gather(*(desk.service.settle_holds() for _ in range(3)))
    assert (sum(each.opened for each in settled), sum(each.dropped for each in settled)) == (1, 1)
    assert len(await desk.events("account.created")) == 1


async def test_five_who_sign_in_at_once_open_it_once(desk):
    patient_id = new_id()
    ask_owners(desk, PATIENT=Owner(patient_id))
    await hold(desk, patient_id)
    assert await asyncio.gather(*(signs_in(desk) for _ in range(5))) == [True] * 5
    await desk.patient(patient_id, opens_login=True)
    assert len(await desk.events("account.created")) == 1


async def test_the_owner_is_asked_by_the_right_password_alone(desk):
    patient_id, owner = new_id(), Owner()
    owner.written.add(patient_id)
    ask_owners(desk, PATIENT=owner)
    await hold(desk, patient_id)
    assert (await desk.sign_in(password="a guess at it"))["errors"][0]["code"] == "INVALID_CREDENTIALS"
    assert owner.asked == 0
    assert (await desk.account("asha@example.com")).is_held
    await signs_in(desk)
    await signs_in(desk)
    assert owner.asked == 1, "an open login asks nobody"


@pytest.mark.parametrize(
    "owner", [Owner(), Owner(down=True), Owner(slow=True), None], ids=["unwritten", "down", "slow", "no owner"]
)
async def test_it_stays_held_and_the_password_wrong_unless_the_owner_says_so(desk, monkeypatch, owner):
    monkeypatch.setattr("subgraphs.accounts.service.signing_in._OWNER_SECONDS", 0.01)
    if owner is not None:
        ask_owners(desk, PATIENT=owner)
    await hold(desk, new_id())
    refusal = await desk.sign_in()
    assert refusal == await desk.sign_in("nobody@example.com")
    assert (await desk.account("asha@example.com")).is_held
    assert await desk.types() == ["session.sign_in_failed"] * 2


async def test_a_link_for_a_new_password_opens_it_on_the_same_terms(desk):
    patient_id = new_id()
    ask = "mutation ($e: String!) { requestPasswordReset(input: {email: $e}) { errors { code } } }"
    await hold(desk, patient_id)
    for owner in (Owner(), Owner(down=True), Owner(slow=True)):
        ask_owners(desk, PATIENT=owner)
        await desk.send(ask, e="asha@example.com")
    assert await desk.letters() == []
    ask_owners(desk, PATIENT=Owner(patient_id))
    await desk.send(ask, e="asha@example.com")
    assert (await desk.reset(await desk.last_token()))["errors"] == []
    assert len(await desk.events("account.created")) == 1
