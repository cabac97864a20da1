import asyncio

import pytest

from subgraphs.kernel.errors import Refused
from subgraphs.kernel.principal import RoleName

UNKNOWN = "01a20621-7b52-7be0-803d-c7638392bf28"

CREATE = """
mutation ($email: String!, $password: String!, $role: StaffRole!, $key: String) {
  createStaffAccount(input: {email: $email, password: $password, role: $role, idempotencyKey: $key}) {
    account { id email role disabled } errors { code field }
  }
}
"""
DISABLE = """
mutation ($id: ID!, $reason: String!) {
  disableAccount(input: {id: $id, reason: $reason}) { account { id disabled } errors { code field } }
}
"""
OTHERS = ["PATIENT", "DOCTOR", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR", None]


async def create(desk, bearer, email="desk@example.com", role="RECEPTIONIST", password="a fine password", key=None):
    answer = await desk.send(CREATE, bearer, email=email, password=password, role=role, key=key)
    return (answer.get("data") or {}).get("createStaffAccount") or answer["errors"][0]["extensions"]["code"]


async def disable(desk, bearer, id, reason="left the hospital"):
    answer = await desk.send(DISABLE, bearer, id=id, reason=reason)
    return answer["data"]["disableAccount"] or answer["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("role", ["RECEPTIONIST", "BILLING_CLERK", "AUDITOR", "ADMIN"])
async def test_an_admin_makes_logins_for_staff(desk, signer, role):
    made = await create(desk, signer.bearer("ADMIN", "admin-1"), "Desk@Example.com", role)
    assert made["account"] | {"id": ""} == {"id": "", "email": "desk@example.com", "role": role, "disabled": False}
    assert (await desk.session("desk@example.com"))["account"]["role"] == role
    (event, _) = await desk.events()
    assert (event["type"], event["actorid"], event["auditresourceid"]) == (
        "account.created",
        "admin-1",
        made["account"]["id"],
    )


@pytest.mark.parametrize("role", OTHERS)
async def test_nobody_else_does(desk, signer, role):
    bearer = signer.bearer(role) if role else None
    assert await create(desk, bearer, role="ADMIN") == ("FORBIDDEN" if role else "UNAUTHENTICATED")
    assert await desk.account("desk@example.com") is None


async def test_nobody_is_made_a_doctor_or_a_patient(desk, signer):
    for role in ("DOCTOR", "PATIENT"):
        answer = await desk.send(CREATE, signer.bearer("ADMIN"), email="x@y.z", password="a fine password", role=role)
        assert answer["data"] is None


async def test_an_email_has_one_login(desk, signer):
    bearer = signer.bearer("ADMIN")
    await create(desk, bearer)
    again = await create(desk, bearer, "DESK@example.com", "AUDITOR")
    assert again == {"account": None, "errors": [{"code": "EMAIL_TAKEN", "field": ["email"]}]}


async def test_of_many_at_once_for_one_email_one_is_made(desk, signer):
    made = await asyncio.gather(*(create(desk, signer.bearer("ADMIN")) for _ in range(20)))
    assert sum(payload["errors"] == [] for payload in made) == 1
    assert len(await desk.events("account.created")) == 1


async def test_equal_requests_with_a_key_make_one_login(desk, signer):
    bearer = signer.bearer("ADMIN", "admin-1")
    made = await asyncio.gather(*(create(desk, bearer, key="k") for _ in range(20)))
    assert {payload["account"]["id"] for payload in made} == {made[0]["account"]["id"]}
    assert len(await desk.events("account.created")) == 1


async def test_a_key_is_good_for_one_input_of_one_admin(desk, signer):
    bearer = signer.bearer("ADMIN", "admin-1")
    await create(desk, bearer, key="k")
    for changed in ({"email": "other@example.com"}, {"role": "AUDITOR"}, {"password": "another fine one"}):
        assert (await create(desk, bearer, key="k", **changed))["errors"] == [
            {"code": "IDEMPOTENCY_KEY_REUSED", "field": ["idempotencyKey"]}
        ]
    other = await create(desk, signer.bearer("ADMIN", "admin-2"), "other@example.com", key="k")
    assert other["errors"] == []


@pytest.mark.parametrize("key", ["", "x" * 201, "line\nbreak", "\ud800"])
async def test_a_key_of_the_wrong_form_is_refused(desk, signer, key):
    made = await create(desk, signer.bearer("ADMIN"), key=key)
    assert made["errors"] == [{"code": "INVALID_INPUT", "field": ["idempotencyKey"]}]


async def test_what_is_wrong_is_said_together(desk, signer):
    made = await create(desk, signer.bearer("ADMIN"), "no e-mail", password="short")
    assert made["errors"] == [
        {"code": "INVALID_INPUT", "field": ["email"]},
        {"code": "WEAK_PASSWORD", "field": ["password"]},
    ]


async def test_an_admin_looks_a_login_up_by_its_email(desk, signer):
    id = await desk.login("asha@example.com", "AUDITOR")
    query = "query ($email: String!) { account(email: $email) { id email role disabled } }"
    found = await desk.send(query, signer.bearer("ADMIN"), email="ASHA@example.com")
    account = {"id": id, "email": "asha@example.com", "role": "AUDITOR", "disabled": False}
    assert found == {"data": {"account": account}}
    for unknown in ("nobody@example.com", "", "\0", "\ud800", "%"):
        assert await desk.send(query, signer.bearer("ADMIN"), email=unknown) == {"data": {"account": None}}


@pytest.mark.parametrize("role", OTHERS)
async def test_nobody_else_looks_logins_up_not_even_their_own(desk, signer, role):
    await desk.login("asha@example.com")
    bearer = signer.bearer(role, name="asha@example.com") if role else None
    answer = await desk.send('{ account(email: "asha@example.com") { id } }', bearer)
    assert answer["data"] == {"account": None}
    assert answer["errors"][0]["extensions"]["code"] == ("FORBIDDEN" if role else "UNAUTHENTICATED")


async def test_a_disabled_login_signs_in_no_more_and_stays_known(desk, signer):
    admin = signer.bearer("ADMIN")
    id = await desk.login("asha@example.com", "PATIENT", "patient-1")
    assert await disable(desk, admin, id) == {"account": {"id": id, "disabled": True}, "errors": []}
    assert (await desk.sign_in())["errors"][0]["code"] == "INVALID_CREDENTIALS"
    (event,) = await desk.events("account.disabled")
    assert (event["auditreason"], event["auditpatientid"]) == ("left the hospital", "patient-1")
    assert (await create(desk, admin, "asha@example.com"))["errors"][0]["code"] == "EMAIL_TAKEN"


async def test_disabling_twice_is_announced_once(desk, signer):
    id = await desk.login("asha@example.com", "AUDITOR")
    for _ in range(2):
        assert (await disable(desk, signer.bearer("ADMIN"), id))["account"]["disabled"] is True
    assert len(await desk.events("account.disabled")) == 1


async def test_the_last_admin_is_not_disabled(desk, signer):
    first, second = await desk.login("one@example.com", "ADMIN"), await desk.login("two@example.com", "ADMIN")
    assert (await disable(desk, signer.bearer("ADMIN", first), second))["errors"] == []
    last = await disable(desk, signer.bearer("ADMIN", second), first)
    assert last == {"account": None, "errors": [{"code": "INVALID_INPUT", "field": ["id"]}]}
    assert (await desk.sign_in("one@example.com"))["errors"] == []


async def test_of_two_admins_who_disable_each_other_one_is_left(desk, signer):
    first, second = await desk.login("one@example.com", "ADMIN"), await desk.login("two@example.com", "ADMIN")
    both = await asyncio.gather(
        disable(desk, signer.bearer("ADMIN", first), second), disable(desk, signer.bearer("ADMIN", second), first)
    )
    assert sum(payload["errors"] == [] for payload in both) == 1


async def test_nobody_disables_their_own_login(desk, signer):
    first = await desk.login("one@example.com", "ADMIN")
    await desk.login("two@example.com", "ADMIN")
    assert (await disable(desk, signer.bearer("ADMIN", first), first))["errors"][0]["code"] == "INVALID_INPUT"
    assert (await desk.sign_in("one@example.com"))["errors"] == []


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "line\nbreak", "nul\0", "\ud800"])
async def test_a_reason_is_wanted(desk, signer, reason):
    id = await desk.login("asha@example.com", "AUDITOR")
    disabled = await disable(desk, signer.bearer("ADMIN"), id, reason)
    assert disabled["errors"] == [{"code": "INVALID_INPUT", "field": ["reason"]}]
    assert (await desk.sign_in())["errors"] == []


@pytest.mark.parametrize("id", [UNKNOWN, "nothing", "\0", "\ud800"])
async def test_an_unknown_login_is_not_found(desk, signer, id):
    assert (await disable(desk, signer.bearer("ADMIN"), id))["errors"] == [{"code": "NOT_FOUND", "field": ["id"]}]


@pytest.mark.parametrize("role", OTHERS)
async def test_nobody_else_disables_anybody(desk, signer, role):
    id = await desk.login("asha@example.com", "AUDITOR")
    bearer = signer.bearer(role) if role else None
    assert await disable(desk, bearer, id) == ("FORBIDDEN" if role else "UNAUTHENTICATED")
    assert (await desk.sign_in())["errors"] == []


async def test_the_operator_makes_an_admin_once(desk):
    row = await desk.service.create_admin("Root@Example.com", "a fine password")
    assert (row.email, row.role) == ("root@example.com", "ADMIN")
    with pytest.raises(Refused) as caught:
        await desk.service.create_admin("root@example.com", "another fine one")
    assert caught.value.problems[0].code == "EMAIL_TAKEN"
    assert (await desk.sign_in("root@example.com"))["errors"] == []


async def test_a_login_that_is_made_again_for_the_same_is_the_same(desk):
    row = await desk.service.create_login("a@example.com", "a fine password", RoleName.DOCTOR, "doctor-1")
    again = await desk.service.create_login("a@example.com", "another fine one", RoleName.DOCTOR, "doctor-1")
    assert again.id == row.id
    for email, role, subject in (
        ("a@example.com", RoleName.DOCTOR, "doctor-2"),
        ("b@example.com", RoleName.DOCTOR, "doctor-1"),
        ("a@example.com", RoleName.ADMIN, None),
        ("c@example.com", RoleName.ADMIN, "doctor-3"),
        ("c@example.com", RoleName.PATIENT, None),
    ):
        with pytest.raises(Refused):
            await desk.service.create_login(email, "a fine password", role, subject)
