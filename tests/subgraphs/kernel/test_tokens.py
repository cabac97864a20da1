import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from subgraphs.kernel.errors import Unauthenticated
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.tokens import StaticKeys, TokenChecker
from tests.subgraphs.conftest import AUDIENCE, ISSUER

HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": "test"}
KEY = ECKey.generate_key("P-256", {"kid": "test"})


def claims(**other) -> dict:
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "account-1", "role": "ADMIN", "exp": int(time.time()) + 60}
    return {name: value for name, value in (good | other).items() if value is not ...}


def bearer(header=HEADER, key=KEY, **other) -> str:
    return "Bearer " + jwt.encode(header, claims(**other), key, algorithms=["ES256", "HS256"])


def raw(payload: bytes, header: bytes | None = None) -> str:
    """A token whose payload (and header) are signed as they stand."""
    if header is None:
        return "Bearer " + jws.serialize_compact(HEADER, payload, KEY, algorithms=["ES256"])
    parts = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, payload, b"x" * 64))
    return "Bearer " + ".".join(parts)


@pytest.fixture
def checker() -> TokenChecker:
    return TokenChecker(StaticKeys(KeySet([KEY])), issuer=ISSUER, audience=AUDIENCE)


async def test_a_good_token_names_its_bearer(checker):
    principal = await checker.principal(bearer(name="a@b.c", patient_id="p", doctor_id="d"))
    assert (principal.account_id, principal.role, principal.name) == ("account-1", RoleName.ADMIN, "a@b.c")
    assert (principal.patient_id, principal.doctor_id) == ("p", "d")


@pytest.mark.parametrize("nothing", [None, "", "  "])
async def test_no_header_is_nobody(checker, nothing):
    assert await checker.principal(nothing) is None


@pytest.mark.parametrize("written", ["bearer", "BEARER", " Bearer "])
async def test_the_scheme_may_be_written_in_any_case(checker, written):
    assert await checker.principal(bearer().replace("Bearer", written)) is not None


@pytest.mark.parametrize(
    "other",
    [
        {"iss": "http://elsewhere"},
        {"iss": ...},
        {"aud": "another"},
        {"aud": [AUDIENCE, "another"]},
        {"aud": ...},
        {"sub": ...},
        {"sub": 7},
        {"exp": ...},
        {"exp": "9999999999"},
        {"exp": 9999999999.5},
        {"exp": True},
        {"exp": 0},
        {"exp": int(time.time()) - 1},
        {"role": ...},
        {"role": "SUPERUSER"},
        {"role": ["ADMIN"]},
        {"role": None},
    ],
)
async def test_it_refuses_claims_that_are_not_ours(checker, other):
    with pytest.raises(Unauthenticated):
        await checker.principal(bearer(**other))


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (HEADER | {"typ": "JWT"}, KEY),
        ({"alg": "ES256", "kid": "test"}, KEY),
        (HEADER | {"kid": "another"}, KEY),
        ({"alg": "ES256", "typ": "at+jwt"}, KEY),
        (HEADER, ECKey.generate_key("P-256", {"kid": "test"})),
        (HEADER | {"alg": "HS256"}, OctKey.import_key(json.dumps(KEY.as_dict(private=False)))),
    ],
)
async def test_it_refuses_another_kind_of_token_and_another_key(checker, header, key):
    with pytest.raises(Unauthenticated):
        await checker.principal(bearer(header, key))


@pytest.mark.parametrize(
    "token",
    [
        "Bearer",
        "Bearer  ",
        "Basic dXNlcjpwYXNz",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer " + "x" * 9000,
        "Bearer a.b.c.d.e",
        "Bearer é.é.é",
        "Bearer \ud800.x.x",
        raw(b"{}", b'{"alg":"none","typ":"at+jwt","kid":"test"}'),
        raw(b"{}", b'{"alg":"ES256","typ":"at+jwt","kid":["test"]}'),
        raw(b"{}", b'["alg"]'),
        raw(b"{}", b"[" * 4000),
        raw(b"[]"),
        raw(b"null"),
        raw(b"\xff"),
    ],
)
async def test_it_refuses_what_is_no_token(checker, token):
    with pytest.raises(Unauthenticated):
        await checker.principal(token)


async def test_it_refuses_claims_that_stand_twice(checker):
    good = json.dumps(claims())
    assert await checker.principal(raw(good.encode()))
    with pytest.raises(Unauthenticated):
        await checker.principal(raw(good.replace("{", '{"role": "PATIENT", ', 1).encode()))


@given(some.integers(0, 400), some.characters(min_codepoint=33, max_codepoint=126))
async def test_a_token_that_was_touched_anywhere_is_refused(place, character):
    checker = TokenChecker(StaticKeys(KeySet([KEY])), issuer=ISSUER, audience=AUDIENCE)
    scheme, token = bearer().split(" ")
    place %= len(token) - 1  # the last character has bits that mean nothing
    touched = token[:place] + character + token[place + 1 :]
    if touched != token:
        with pytest.raises(Unauthenticated):
            await checker.principal(f"{scheme} {touched}")


async def test_a_token_ends_when_it_says_also_when_it_was_checked_before(checker, monkeypatch):
    token = bearer()
    assert await checker.principal(token) is not None
    later = time.time() + 61
    monkeypatch.setattr("subgraphs.kernel.tokens.time.time", lambda: later)
    with pytest.raises(Unauthenticated):
        await checker.principal(token)
