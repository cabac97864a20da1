import asyncio
import base64
import hmac
import json
import time
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlmodel import select

from subgraphs.accounts.app import build
from subgraphs.accounts.keys import PublishedKeys, Seal, SigningKeys
from subgraphs.accounts.tables import SigningKeyRow
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.settings import Settings

VIEWER = "{ viewer { account { email } } }"


def part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def opened(token):
    header, claims, _ = token.split(".")
    return [json.loads(base64.urlsafe_b64decode(text + "==")) for text in (header, claims)]


async def code_of(desk, token):
    """None for a token that is good, else the code of the refusal, of public fields too."""
    answer = await desk.send(VIEWER, "Bearer " + token)
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else None


async def signing_key(desk):
    return (await desk.service.keys.signer()).key


async def test_an_access_token_is_what_rfc_9068_asks_for(desk):
    id = await desk.login(role="PATIENT", subject_id="patient-1")
    header, claims = opened((await desk.session())["accessToken"])
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert header["kid"] in {key["kid"] for key in (await desk.domain.published_keys.document())["keys"]}
    now = int(desk.clock.now().timestamp())
    assert {name: claims[name] for name in ("iss", "aud", "sub", "iat", "exp", "role", "name", "patient_id")} == {
        "iss": "http://hospital.test",
        "aud": "hospital",
        "sub": id,
        "iat": now,
        "exp": now + 900,
        "role": "PATIENT",
        "name": "asha@example.com",
        "patient_id": "patient-1",
    }
    assert claims["jti"]
    assert claims["sid"]
    assert claims["client_id"] == "hospital"
    assert "doctor_id" not in claims


async def test_a_forged_token_is_refused_whatever_it_is_made_of(desk):
    await desk.login()
    token = (await desk.session())["accessToken"]
    assert await code_of(desk, token) is None
    header, claims = opened(token)
    head, body, signature = token.split(".")
    key = await signing_key(desk)
    public = key.as_pem(private=False)
    exp_twice = json.dumps(claims)[:-1] + f', "exp": {claims["exp"] + 9999}}}'

    def signed(header, claims, by=key):
        return jwt.encode(header, claims, by, algorithms=["ES256"])

    def signed_by_mac(header, body, secret):
        return f"{part(header)}.{body}.{part(hmac.digest(secret, f'{part(header)}.{body}'.encode(), 'sha256'))}"

    def signed_raw(header, body):
        signing_input = f"{part(header)}.{part(body)}"
        made = key.get_op_key("sign").sign(signing_input.encode(), ECDSA(SHA256()))
        r, s = decode_dss_signature(made)
        return f"{signing_input}.{part(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    assert await code_of(desk, signed_raw(header, json.dumps(claims).encode())) is None, "the forger's tool works"
    forged = {
        "alg none": f"{part(header | {'alg': 'none'})}.{body}.",
        "alg None": f"{part(header | {'alg': 'None'})}.{body}.{signature}",
        "HS256 by the public key": signed_by_mac(header | {"alg": "HS256"}, body, public),
        "an id token": signed(header | {"typ": "JWT"}, claims),
        "no type": signed({name: header[name] for name in ("alg", "kid")}, claims),
        "a stranger's key of the same id": signed(header, claims, ECKey.generate_key("P-256", {"kid": key.kid})),
        "a stranger's key of another id": signed(header | {"kid": "other"}, claims, ECKey.generate_key("P-256")),
        "a number for a key id": signed_raw(header | {"kid": 1}, json.dumps(claims).encode()),
        "no key id": signed_raw({"alg": "ES256", "typ": "at+jwt"}, json.dumps(claims).encode()),
        "a key that it brings along": signed(
            header | {"jwk": key.as_dict(private=False)}, claims, ECKey.generate_key("P-256", {"kid": key.kid})
        ),
        "another role in the old signature": f"{head}.{part(claims | {'role': 'AUDITOR'})}.{signature}",
        "exp 1e400": signed_raw(header, json.dumps(claims).replace(str(claims["exp"]), "1e400").encode()),
        "exp Infinity": signed_raw(header, json.dumps(claims).replace(str(claims["exp"]), "Infinity").encode()),
        "exp twice": signed_raw(header, exp_twice.encode()),
        "exp in the past": signed(header, claims | {"exp": int(time.time()) - 1}),
        "exp as text": signed_raw(header, json.dumps(claims | {"exp": str(claims["exp"])}).encode()),
        "another issuer": signed(header, claims | {"iss": "http://elsewhere.test"}),
        "another audience": signed(header, claims | {"aud": "elsewhere"}),
        "no role": signed(header, {name: value for name, value in claims.items() if name != "role"}),
        "an unknown role": signed(header, claims | {"role": "ROOT"}),
        "four parts": token + ".x",
        "too long": token + "x" * 9000,
        "not ASCII": "é.é.é",
    }
    for name, made in forged.items():
        assert await code_of(desk, made) == "UNAUTHENTICATED", name


async def test_a_token_made_before_a_key_change_is_good_after_it(desk):
    await desk.login()
    old = (await desk.session())["accessToken"]
    desk.clock.move(timedelta(days=30))
    await desk.service.rotate_keys()
    assert await code_of(desk, old) is None, "its own time decides, and the key is still published"
    new = (await desk.session())["accessToken"]
    assert opened(old)[0]["kid"] != opened(new)[0]["kid"]


async def kids(desk):
    return [key["kid"] for key in (await desk.domain.published_keys.document())["keys"]]


async def test_the_next_key_is_published_before_it_signs_and_the_last_one_after(desk):
    await desk.service.rotate_keys()
    (first,) = await kids(desk)
    desk.clock.move(timedelta(days=29))
    await desk.service.rotate_keys()
    second = (await kids(desk))[1]
    assert (await signing_key(desk)).kid == first, "published ahead, and not signing yet"
    desk.clock.move(timedelta(days=1))
    assert (await signing_key(desk)).kid == second
    assert await kids(desk) == [first, second]
    desk.clock.move(timedelta(days=1))
    await desk.service.rotate_keys()
    assert await kids(desk) == [second]


async def test_changing_keys_is_safe_to_repeat_and_to_do_in_parallel(desk):
    await asyncio.gather(*(desk.service.rotate_keys() for _ in range(10)))
    assert len(await kids(desk)) == 1


async def test_a_hospital_that_slept_for_months_signs_with_a_new_key(desk):
    await desk.service.rotate_keys()
    (first,) = await kids(desk)
    desk.clock.move(timedelta(days=90))
    assert (await signing_key(desk)).kid != first


async def test_an_ended_key_checks_no_token_any_more(desk):
    kid = (await signing_key(desk)).kid
    published = PublishedKeys(desk.database, desk.clock)
    assert await published.key(kid) is not None
    desk.clock.move(timedelta(days=31))
    assert await published.key(kid) is None


async def test_the_published_keys_are_read_anew_for_an_unknown_id_but_not_for_each_forgery(desk):
    published = PublishedKeys(desk.database, desk.clock)
    assert await published.key("forged") is None
    kid = (await signing_key(desk)).kid
    assert await published.key(kid) is not None, "known at once"
    for number in range(100):
        await published.key(f"forged {number}")
    assert len(published._reads) == 10
    await desk.database.close()
    assert await published.key("forged again") is None, "the database was left alone"
    assert await published.key(kid) is not None


async def test_many_who_ask_at_once_after_a_start_all_get_the_key(desk):
    kid = (await signing_key(desk)).kid
    published = PublishedKeys(desk.database, desk.clock)
    assert all(await asyncio.gather(*(published.key(kid) for _ in range(50))))
    assert len(published._reads) == 1


async def test_the_private_part_is_sealed_and_the_public_part_has_none_of_it(desk):
    private = (await signing_key(desk)).as_dict(private=True)["d"]
    async with desk.database.reading() as session:
        (row,) = (await session.exec(select(SigningKeyRow))).all()
    assert private not in row.sealed_jwk
    assert "d" not in json.loads(row.public_jwk)
    assert all("d" not in key for key in (await desk.domain.published_keys.document())["keys"])
    assert private in Seal(b"a secret of the tests, 32 bytes..").open(row.kid, row.sealed_jwk).decode()
    assert Seal(b"another secret, 32 bytes long ...").open(row.kid, row.sealed_jwk) is None
    assert Seal(b"a secret of the tests, 32 bytes..").open("another-id", row.sealed_jwk) is None


async def test_another_secret_makes_a_new_key_and_old_tokens_stay_good(desk):
    await desk.login()
    old = (await desk.session())["accessToken"]
    other = SigningKeys(desk.database, desk.clock, b"another secret, 32 bytes long ...")
    assert (await other.signer()).key.kid != opened(old)[0]["kid"]
    assert await code_of(desk, old) is None


async def test_there_is_no_default_secret(desk):
    base = desk.domain.base
    with pytest.raises(ValueError, match="HOSPITAL_SECRET_KEY"):
        build(base)
    with pytest.raises(ValueError, match="16 bytes"):
        build(base, b"short")
    own = Settings(secret_key="0123456789abcdef")
    build(Foundation.of("accounts", base.database, own, base.clock, base.tokens))
