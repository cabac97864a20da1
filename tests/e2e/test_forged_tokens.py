"""A token that is there and not good ends the whole request, public fields too."""

import base64
from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from tests.e2e.crowd import token
from tests.e2e.hospital import ISSUER, Hospital
from tests.e2e.refusing import check_refused, quickly

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("forged tokens")]


async def forged_tokens(hospital: Hospital) -> dict[str, str]:
    good = hospital.admin.removeprefix("Bearer ")
    header, claims, signature = good.split(".")
    known: dict[str, Any] = orjson.loads(unpacked(claims))
    kid = orjson.loads(unpacked(header))["kid"]
    [key] = [k for k in (await hospital.get("/.well-known/jwks.json")).body["keys"] if k["kid"] == kid]
    stranger = ECKey.generate_key("P-256", {"kid": kid})
    by_public_key = OctKey.import_key(orjson.dumps(key))

    def signed(payload: dict[str, Any] | bytes, algorithm: str = "ES256", key: Any = stranger, **head: Any) -> str:
        text = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        protected = {"alg": algorithm, "typ": "at+jwt", "kid": kid} | head
        return str(jws.serialize_compact(protected, text, key, algorithms=[algorithm]))

    none = packed({"alg": "none", "typ": "at+jwt", "kid": kid})
    other_claims = packed({**known, "role": "AUDITOR"})
    return {
        "ended": (await token(hospital, "ADMIN", seconds=-1)).removeprefix("Bearer "),
        "of another issuer": (await token(hospital, "ADMIN", iss="http://evil.example")).removeprefix("Bearer "),
        "for another audience": (await token(hospital, "ADMIN", aud="laundry")).removeprefix("Bearer "),
        "of no role": (await token(hospital, "GOD")).removeprefix("Bearer "),
        "that never ends": (await token(hospital, "ADMIN", exp="never")).removeprefix("Bearer "),
        "signed by a stranger": signed(known),
        "signed with the public key": signed(known, "HS256", by_public_key),
        "not signed": f"{none}.{claims}.",
        "not signed, with a signature": f"{none}.{claims}.{signature}",
        "with other claims": f"{header}.{other_claims}.{signature}",
        "with another signature": f"{header}.{claims}.{signature[::-1]}",
        "without a signature": f"{header}.{claims}.",
        "of two parts": f"{header}.{claims}",
        "of no parts": "token",
        "that is empty": "",
        "that is long": "a" * 20_000,
        "with a name that stands twice": signed(b'{"iss":"%s","role":"PATIENT","role":"ADMIN"}' % ISSUER.encode()),
        "with a key of its own": signed(known, jwk=stranger.as_dict(private=False)),
        "with a key from elsewhere": signed(known, jku="http://evil.example/jwks.json"),
        "by an unknown key": signed(known, kid="../../etc/passwd"),
        "of another kind": f"{packed({'alg': 'ES256', 'typ': 'JWT', 'kid': kid})}.{claims}.{signature}",
        "that is no JSON": "e30.bm8.bm8",
        "of odd letters": "é.é.é",
    }


def packed(fields: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(fields)).decode().rstrip("=")


def unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def test_a_token_that_is_not_good_ends_the_whole_request(hospital: Hospital):
    document = "{ departments { id } viewer { account { id } } }"
    for kind, forged in (await forged_tokens(hospital)).items():
        if kind == "of no role":
            continue
        with quickly():
            answer = await hospital.ask(document, "Bearer " + forged)
        check_refused(answer)
        assert (answer.status, answer.codes, "data" in answer.body) == (401, ["UNAUTHENTICATED"], False), kind
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for authorization in ("Basic YWRtaW46YWRtaW4=", "Bearer", hospital.admin.removeprefix("Bearer "), "Bearer a b"):
        answer = await hospital.ask(document, authorization)
        assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])


async def test_a_token_of_no_role_is_good_for_nothing(hospital: Hospital):
    forged = (await forged_tokens(hospital))["of no role"]
    answer = await hospital.ask("{ viewer { account { id } } patients { totalCount } }", "Bearer " + forged)
    assert set(answer.codes) == {"UNAUTHENTICATED"}


async def test_two_tokens_are_one_too_many(hospital: Hospital):
    headers = [
        ("authorization", hospital.admin),
        ("authorization", hospital.desk),
        ("content-type", "application/json"),
    ]
    async with hospital.session.post(
        f"{hospital.url}/graphql", json={"query": "{ departments { id } }"}, headers=headers
    ) as answer:
        assert (answer.status, (await answer.json())["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
