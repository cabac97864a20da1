"""Nothing is taken from the client's word: who asks is what the signed token says, and nothing else."""

import base64
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.access.ward import Viewer, Ward
from tests.e2e.crowd import token
from tests.e2e.hospital import ISSUER

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("access")]

EVERYTHING = """
query Everything($patient: ID!, $appointment: ID!) {
  viewer { account { id role } patient { id } doctor { id } }
  patient(id: $patient) { id name }
  patients { totalCount }
  appointment(id: $appointment) { id notes }
  appointments { totalCount }
  auditEvents { pageInfo { hasPreviousPage } }
  account(email: "admin@hospital.test") { role }
}
"""
CLAIMED = ("nobody", "another patient", "another doctor", "BILLING_CLERK")


def headers(ward: Ward) -> list[dict[str, str]]:
    admin, own = ward.hospital.staff["ADMIN"], ward.people["own patient"]
    names = ("x-role", "x-roles", "x-user-role", "x-hasura-role", "role", "x-auth-role", "x-forwarded-role")
    ids = ("x-user-id", "x-account-id", "x-principal", "x-forwarded-user", "x-remote-user", "remote-user", "x-sub")
    return [
        dict.fromkeys(names, "ADMIN"),
        dict.fromkeys(ids, admin.id),
        {"x-patient-id": own.id, "patient-id": own.id, "x-patient_id": own.id, "x-doctor-id": own.id},
        {"x-authorization": admin.bearer, "proxy-authorization": admin.bearer, "x-access-token": admin.bearer},
        {"cookie": f"authorization={admin.bearer}; role=ADMIN; accessToken={admin.bearer}"},
        {"x-forwarded-for": "127.0.0.1", "forwarded": "for=127.0.0.1", "x-internal": "true", "x-router": "true"},
        {"traceparent": "00-ADMIN-ADMIN-01", "x-request-id": "role=ADMIN"},
    ]


async def asked(ward: Ward, viewer: Viewer, sent: dict[str, str], **more: Any) -> Any:
    variables = {"patient": ward.people["own patient"].id, "appointment": ward.appointments["own"]}
    body = {"query": EVERYTHING, "variables": variables} | more
    async with ward.hospital.session.post(
        f"{ward.hospital.url}/graphql", json=body, headers={**sent, **viewer.headers}
    ) as response:
        answer = await response.json()
    return answer | {"errors": sorted(answer.get("errors", []), key=repr)}  # subgraphs answer in any order


@pytest.mark.parametrize("name", CLAIMED)
async def test_headers_say_nothing_of_who_asks(ward: Ward, name: str):
    viewer = ward.viewers[name]
    plain = await asked(ward, viewer, {})
    for sent in headers(ward):
        assert await asked(ward, viewer, sent) == plain


@pytest.mark.parametrize("name", CLAIMED)
async def test_neither_extensions_nor_variables_nor_names_say_who_asks(ward: Ward, name: str):
    viewer, own = ward.viewers[name], ward.people["own patient"].id
    plain = await asked(ward, viewer, {})
    claim = {"role": "ADMIN", "patient_id": own, "authorization": ward.hospital.admin}
    for more in ({"extensions": claim}, {"extensions": {"principal": claim, "headers": claim, "context": claim}}):
        assert await asked(ward, viewer, {}, **more) == plain
    ids = {"patient": own, "appointment": ward.appointments["own"]}
    assert await asked(ward, viewer, {}, variables=ids | claim | {"principal": claim, "context": claim}) == plain
    assert await asked(ward, viewer, {}, operationName="Everything", role="ADMIN", principal=claim) == plain

    document = """
    query ($principal: ID!, $info: ID!, $self: String, $context: Int = 1, $root: Boolean = true) {
      patient(id: $principal) { id }
      appointment(id: $info) { id }
      doctors(search: $self, first: $context) @include(if: $root) { totalCount }
    }
    """
    named = await ward.ask(document, viewer, principal=own, info=ward.appointments["own"], self="")
    if name in {"another patient", "another doctor"}:
        assert (named["data"]["patient"], named["data"]["appointment"]) == (None, None)


async def test_no_subgraph_takes_a_token_that_accounts_did_not_sign(ward: Ward):
    """Past the router, as from inside the network."""
    good = ward.hospital.admin.removeprefix("Bearer ")
    header, claims, signature = good.split(".")
    known = orjson.loads(base64.urlsafe_b64decode(claims + "=="))
    kid = orjson.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    stranger = ECKey.generate_key("P-256", {"kid": kid})
    head = {"alg": "ES256", "typ": "at+jwt", "kid": kid}
    forged = {
        "unsigned": f"{packed({'alg': 'none', 'typ': 'at+jwt', 'kid': kid})}.{claims}.",
        "unsigned, with a signature": f"{packed({**head, 'alg': 'none'})}.{claims}.{signature}",
        "a stranger's": jwt.encode(head, known, stranger, algorithms=["ES256"]),
        "with other claims": f"{header}.{packed({**known, 'role': 'AUDITOR'})}.{signature}",
        "ended": (await token(ward.hospital, "ADMIN", seconds=-1)).removeprefix("Bearer "),
        "of another issuer": (await token(ward.hospital, "ADMIN", iss=ISSUER + "/")).removeprefix("Bearer "),
        "for others too": (await token(ward.hospital, "ADMIN", aud=["hospital", "laundry"])).removeprefix("Bearer "),
    }
    for text in forged.values():
        for name in ward.hospital.runtime.domains.subgraphs:
            viewer = Viewer("forger", f"Bearer {text}")
            answer = await ward.ask_subgraph(name, "{ __typename _service { sdl } }", viewer, {})
            assert answer["data"] is None
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


def packed(fields: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(fields)).decode().rstrip("=")


async def test_a_login_without_its_patient_or_doctor_sees_nothing_of_anybody(ward: Ward):
    """A token of a role whose id is missing, empty or another's kind opens no list."""
    own = ward.people["own patient"].id
    doctor = ward.people["treating doctor"].id
    for role, claims in (
        ("PATIENT", {}),
        ("PATIENT", {"patient_id": ""}),
        ("PATIENT", {"doctor_id": doctor}),
        ("DOCTOR", {}),
        ("DOCTOR", {"doctor_id": ""}),
        ("DOCTOR", {"patient_id": own}),
        ("AUDITOR", {"patient_id": own, "doctor_id": doctor}),
        ("RECEPTIONIST", {"patient_id": own}),
    ):
        viewer = Viewer(role, await token(ward.hospital, role, **claims))
        answer = await ward.ask("{ patients { totalCount } appointments { totalCount } }", viewer)
        if role == "RECEPTIONIST":
            assert answer["data"]["patients"]["totalCount"] == len(ward.truth.patients)
        elif role == "AUDITOR":
            assert answer["data"] == {"patients": None, "appointments": None}
        else:
            assert answer["data"] == {"patients": {"totalCount": 0}, "appointments": {"totalCount": 0}}, (role, claims)
        document = "query ($p: ID!, $a: ID!) { patient(id: $p) { id } appointment(id: $a) { id } }"
        seen = await ward.ask(document, viewer, p=own, a=ward.appointments["own"])
        if role != "RECEPTIONIST":
            assert set(seen["data"].values()) == {None}, (role, claims)


async def test_the_plumbing_of_federation_is_not_open_to_clients(ward: Ward):
    for document in (
        "{ _service { sdl } }",
        "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Patient { name } } }",
    ):
        variables = {"of": [{"__typename": "Patient", "id": ward.people["own patient"].id}]}
        answer = await ward.hospital.post({"query": document, "variables": variables}, ward.hospital.admin)
        assert set(answer.codes) == {"GRAPHQL_VALIDATION_FAILED"}
