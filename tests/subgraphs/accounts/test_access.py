"""Role by deed, and role by field, against the table of who may see and do what."""

import pytest

from subgraphs.accounts import access
from subgraphs.accounts.schema import make_schema

ROLES = ["PATIENT", "DOCTOR", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR", "ADMIN", None]
DOCUMENTS = {
    "createStaffAccount": '(input: {email: "x@y.z", password: "", role: ADMIN}) { errors { code } }',
    "inviteAccount": "(input: {}) { errors { code } }",
    "disableAccount": '(input: {id: "", reason: ""}) { errors { code } }',
    "changePassword": '(input: {currentPassword: "", newPassword: ""}) { errors { code } }',
    "signOut": " { errors { code } }",
    "signIn": '(input: {email: "", password: ""}) { errors { code } }',
    "refreshSession": '(input: {refreshToken: ""}) { errors { code } }',
    "requestPasswordReset": '(input: {email: ""}) { errors { code } }',
    "resetPassword": '(input: {token: "", newPassword: ""}) { errors { code } }',
}
DEEDS = {mutation: deed for deed in access.DEEDS for mutation in deed.mutations}


def test_every_mutation_has_its_row():
    assert set(make_schema()._schema.mutation_type.fields) == set(DEEDS) == set(DOCUMENTS)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("mutation", sorted(DOCUMENTS))
async def test_a_deed_is_done_by_whom_the_table_names(desk, signer, role, mutation):
    bearer = signer.bearer(role) if role else None
    answer = await desk.send(f"mutation {{ {mutation}{DOCUMENTS[mutation]} }}", bearer)
    done_by = DEEDS[mutation].done_by
    if None in done_by or role in done_by:
        assert "errors" not in answer
    else:
        assert answer["errors"][0]["extensions"]["code"] == ("FORBIDDEN" if role else "UNAUTHENTICATED")
        denied = [event["auditreason"] for event in await desk.events("access.denied")]
        assert denied == ([mutation] if role else [])


@pytest.mark.parametrize("role", [role for role in ROLES if role])
async def test_everybody_sees_their_own_login_and_no_other(desk, signer, role):
    subject_id = "somebody" if role in {"PATIENT", "DOCTOR"} else None
    id = await desk.login("asha@example.com", role, subject_id)
    await desk.login("other@example.com")
    answer = await desk.send("{ viewer { account { id } } }", "Bearer " + (await desk.session())["accessToken"])
    assert answer == {"data": {"viewer": {"account": {"id": id}}}}


async def test_a_stub_answers_for_nobody(desk):
    document = 'query { _entities(representations: [{__typename: "Patient", id: "p"}]) { ... on Patient { id } } }'
    answer = await desk.send(document)
    assert answer["data"] == {"_entities": [None]}
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
