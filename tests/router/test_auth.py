"""Access tokens: what is taken, what is refused, and how long what was checked is kept."""

import hmac
import json
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from joserfc.util import urlsafe_b64encode
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from router.__main__ import token_checker
from router.auth import Authenticator, CheckedToken, JwksSource, TokenChecker, TokenRefused
from router.errors import RequestRefused
from router.settings import RouterSettings
from router.transports.session import HttpSession

ISSUER, AUDIENCE = "https://hospital.example", "hospital-api"
KEY = OKPKey.generate_key("Ed25519", {"kid": "k1"})
EC_KEY = ECKey.generate_key("P-256", {"kid": "k2"})
OTHER = OKPKey.generate_key("Ed25519", {"kid": "k1"})


class LocalKeys(JwksSource):
    def __init__(self, *keys: Any) -> None:
        self.current = KeySet(list(keys))

    async def keys(self) -> KeySet:
        return self.current


def claims(**changed: Any) -> dict[str, Any]:
    base = {"iss": ISSUER, "aud": AUDIENCE, "sub": "account-1", "exp": int(time.time()) + 60}
    return {name: value for name, value in {**base, **changed}.items() if value is not None}


def token(body: dict[str, Any] | None = None, key: Any = KEY, **header: Any) -> str:
    full = {"alg": "EdDSA", "kid": key.kid, "typ": "at+jwt", **header}
    present = {name: value for name, value in full.items() if value is not None}
    return jwt.encode(
        present, body or claims(), key, algorithms=["EdDSA", "ES256", "HS256", "RS256"], default_type=None
    )


def signed_text(header: str, payload: str) -> str:
    """A rightly signed token whose parts are exactly these texts."""
    signing_input = b".".join(urlsafe_b64encode(part.encode()) for part in (header, payload))
    signature = KEY.private_key.sign(signing_input)  # type: ignore[union-attr]
    return f"{signing_input.decode()}.{urlsafe_b64encode(signature).decode()}"


@pytest.fixture
def source() -> LocalKeys:
    return LocalKeys(KEY, EC_KEY)


@pytest.fixture
def checker(source: LocalKeys) -> TokenChecker:
    return TokenChecker(source, issuer=ISSUER, audience=AUDIENCE)


GOOD: dict[str, Callable[[], str]] = {
    "EdDSA": token,
    "ES256": lambda: token(key=EC_KEY, alg="ES256"),
    "one audience of several": lambda: token(claims(aud=["x", AUDIENCE])),
}


@pytest.mark.parametrize("good", GOOD)
async def test_it_takes_a_good_token(checker: TokenChecker, good: str) -> None:
    checked = await checker.check(GOOD[good]())
    assert checked.subject == "account-1"
    assert checked.expires_at > time.time()


async def test_one_that_has_ended_is_told_so_though_it_was_never_seen(checker: TokenChecker) -> None:
    with pytest.raises(TokenRefused, match="has ended"):
        await checker.check(token(claims(exp=int(time.time()) - 1)))


HEADER = '{"alg":"EdDSA","kid":"k1","typ":"at+jwt"}'
BAD: dict[str, Callable[[], str]] = {
    "ended": lambda: token(claims(exp=int(time.time()) - 1)),
    "not yet valid": lambda: token(claims(nbf=int(time.time()) + 60)),
    "another issuer": lambda: token(claims(iss="https://evil.example")),
    "another audience": lambda: token(claims(aud="another")),
    "no issuer": lambda: token(claims(iss=None)),
    "no audience": lambda: token(claims(aud=None)),
    "no end": lambda: token(claims(exp=None)),
    "no subject": lambda: token(claims(sub=None)),
    "an end that is text": lambda: token(claims(exp="9999999999")),
    "an end that is true": lambda: token(claims(exp=True)),
    "an end beyond floats": lambda: signed_text(HEADER, json.dumps(claims()).replace(str(claims()["exp"]), "1e400")),
    "an end beyond integers": lambda: signed_text(HEADER, json.dumps(claims(exp=0)).replace(": 0", ": " + "9" * 400)),
    "a subject that is a number": lambda: token(claims(sub=1)),
    "an issuer that is a list": lambda: token(claims(iss=[ISSUER])),
    "an ID token": lambda: token(typ="JWT"),
    "no type": lambda: token(typ=None),
    "a type that is a list": lambda: signed_text('{"alg":"EdDSA","kid":"k1","typ":["at+jwt"]}', json.dumps(claims())),
    "no algorithm": lambda: signed_text('{"kid":"k1","typ":"at+jwt"}', json.dumps(claims())),
    "algorithm none": lambda: signed_text('{"alg":"none","kid":"k1","typ":"at+jwt"}', json.dumps(claims())),
    "an algorithm that is a list": lambda: signed_text('{"alg":["EdDSA"],"kid":"k1","typ":"at+jwt"}', "{}"),
    "a symmetric algorithm": lambda: token(key=OctKey.import_key("s" * 32, {"kid": "k1"}), alg="HS256"),
    "an algorithm not allowed": lambda: token(key=RSAKey.generate_key(2048, {"kid": "k1"}), alg="RS256"),
    "the other key's algorithm": lambda: token(key=EC_KEY, alg="ES256", kid="k1"),
    "no kid": lambda: token(kid=None),
    "an unknown kid": lambda: token(kid="k9"),
    "a kid that is a number": lambda: signed_text('{"alg":"EdDSA","kid":1,"typ":"at+jwt"}', json.dumps(claims())),
    "a foreign key of the same kid": lambda: token(key=OTHER),
    "a key of its own": lambda: signed_text('{"alg":"EdDSA","kid":"k1","typ":"at+jwt","jwk":{}}', json.dumps(claims())),
    "crit": lambda: signed_text('{"alg":"EdDSA","kid":"k1","typ":"at+jwt","crit":["x"]}', json.dumps(claims())),
    "zip": lambda: signed_text('{"alg":"EdDSA","kid":"k1","typ":"at+jwt","zip":"DEF"}', json.dumps(claims())),
    "a claim twice": lambda: signed_text(HEADER, json.dumps(claims())[:-1] + ', "sub": "admin"}'),
    "a header name twice": lambda: signed_text(HEADER[:-1] + ',"kid":"k1"}', json.dumps(claims())),
    "a payload that is a list": lambda: signed_text(HEADER, "[]"),
    "a payload that is deep": lambda: signed_text(HEADER, "[" * 3_000),
    "a payload that is no JSON": lambda: signed_text(HEADER, "x"),
    "NaN": lambda: signed_text(HEADER, '{"exp": NaN}'),
    "padding": lambda: token() + "=",
    "a changed signature": lambda: token()[:-4] + ("AAAA" if not token().endswith("AAAA") else "BBBB"),
    "two parts": lambda: token().rpartition(".")[0],
    "five parts": lambda: "a.b.c.d.e",
    "nothing": lambda: "",
    "not ASCII": lambda: "é.é.é",
    "9,000 bytes": lambda: token(claims(x="y" * 7_000)),
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
async def test_it_refuses_a_token_that_is_not_good(checker: TokenChecker, make: Callable[[], str]) -> None:
    with pytest.raises(TokenRefused):
        await checker.check(make())


RSA_KEY = RSAKey.generate_key(2048, {"kid": "k3"})


@pytest.fixture
def plain(source: LocalKeys) -> TokenChecker:
    """For an issuer of plain JWTs signed by RSA."""
    source.current = KeySet([KEY, RSA_KEY])
    return TokenChecker(source, issuer=ISSUER, audience=AUDIENCE, algorithms=["RS256", "EdDSA"], types=["JWT"])


@pytest.mark.parametrize("header", [{}, {"typ": "jwt"}, {"typ": "application/jwt"}, {"x5t": "t"}], ids=str)
async def test_it_takes_a_plain_jwt_where_that_is_set(plain: TokenChecker, header: dict[str, Any]) -> None:
    full: dict[str, Any] = {"alg": "RS256", "typ": "JWT", **header}
    assert (await plain.check(token(claims(), RSA_KEY, **full))).subject == "account-1"


REFUSED_PLAIN: dict[str, Callable[[], str]] = {
    "an access token by type": lambda: token(key=RSA_KEY, alg="RS256"),
    "an algorithm not set": lambda: token(key=EC_KEY, alg="ES256", typ="JWT"),
    "another key's algorithm": lambda: token(key=RSA_KEY, alg="RS256", typ="JWT", kid="k1"),
    "another audience": lambda: token(claims(aud="a-client"), RSA_KEY, alg="RS256", typ="JWT"),
    "a key of its own": lambda: token(key=RSA_KEY, alg="RS256", typ="JWT", jwk=RSA_KEY.as_dict(private=False)),
    "a foreign key": lambda: token(key=RSAKey.generate_key(2048, {"kid": "k3"}), alg="RS256", typ="JWT"),
}


@pytest.mark.parametrize("make", REFUSED_PLAIN.values(), ids=REFUSED_PLAIN.keys())
async def test_a_plain_jwt_is_checked_as_any_token(plain: TokenChecker, make: Callable[[], str]) -> None:
    with pytest.raises(TokenRefused):
        await plain.check(make())


async def test_it_refuses_a_short_rsa_key(plain: TokenChecker, source: LocalKeys) -> None:
    short = RSAKey.generate_key(1024, {"kid": "k4"})
    source.current = KeySet([short])
    with pytest.raises(TokenRefused, match="by a key of its issuer"):
        await plain.check(token(key=short, alg="RS256", typ="JWT"))


async def test_what_is_taken_is_set(serve: Any) -> None:
    async def jwks(_: Request) -> JSONResponse:
        return JSONResponse(KeySet([RSA_KEY]).as_dict(private=False))

    session, good = HttpSession(), token(key=RSA_KEY, alg="RS256", typ="JWT")
    async with serve(Starlette(routes=[Route("/keys", jwks)])) as server:
        settings = RouterSettings(jwks_url=f"{server.url}/keys", issuer=ISSUER, audience=AUDIENCE)
        set_for_plain = settings.model_copy(update={"token_algorithms": ("RS256",), "token_types": ("JWT",)})
        for given, taken in ((settings, False), (set_for_plain, True)):
            checker = token_checker(given, session)
            assert checker is not None
            with nullcontext() if taken else pytest.raises(TokenRefused):
                await checker.check(good)
    await session.aclose()


async def test_by_default_no_thumbprint_is_taken(checker: TokenChecker) -> None:
    with pytest.raises(TokenRefused, match="header"):
        await checker.check(token(x5t="t"))


async def test_it_refuses_a_kid_that_two_keys_share() -> None:
    checker = TokenChecker(LocalKeys(KEY, OTHER), issuer=ISSUER, audience=AUDIENCE)
    with pytest.raises(TokenRefused):
        await checker.check(token())


async def test_it_refuses_a_curve_that_is_not_the_algorithms() -> None:
    other_curve = OKPKey.generate_key("Ed448", {"kid": "k1"})
    checker = TokenChecker(LocalKeys(other_curve), issuer=ISSUER, audience=AUDIENCE)
    with pytest.raises(TokenRefused):
        await checker.check(token(key=other_curve))


async def test_what_was_checked_is_kept(checker: TokenChecker) -> None:
    good = token()
    assert await checker.check(good) is await checker.check(good)


async def test_keys_that_are_read_anew_and_are_the_same_end_nothing(checker: TokenChecker, source: LocalKeys) -> None:
    good = token()
    first = await checker.check(good)
    source.current = KeySet([OKPKey.import_key(KEY.as_dict(private=True)), EC_KEY])
    assert await checker.check(good) is first


async def test_what_is_kept_ends_with_its_key(checker: TokenChecker, source: LocalKeys) -> None:
    good = token()
    await checker.check(good)
    source.current = KeySet([EC_KEY])
    with pytest.raises(TokenRefused, match="not signed by a key"):
        await checker.check(good)
    assert (await checker.check(token(key=EC_KEY, alg="ES256"))).subject == "account-1"


@pytest.mark.parametrize("meant_for", [{"use": "enc"}, {"alg": "ES256"}, {"alg": "HS256"}, {"alg": "none"}])
async def test_a_key_that_is_not_for_this_is_not_taken(meant_for: dict[str, Any]) -> None:
    key = OKPKey.import_key({**KEY.as_dict(private=False), **meant_for})
    with pytest.raises(TokenRefused, match="not signed by a key"):
        await TokenChecker(LocalKeys(key), issuer=ISSUER, audience=AUDIENCE).check(token())


async def test_a_key_that_is_for_this_may_say_so() -> None:
    key = OKPKey.import_key({**KEY.as_dict(private=False), "use": "sig", "alg": "EdDSA"})
    assert await TokenChecker(LocalKeys(key), issuer=ISSUER, audience=AUDIENCE).check(token())


async def test_a_published_secret_signs_nothing() -> None:
    secret = OctKey.import_key("s" * 32, {"kid": "k1"})
    checker = TokenChecker(LocalKeys(secret), issuer=ISSUER, audience=AUDIENCE)
    with pytest.raises(TokenRefused):
        await checker.check(token(key=secret, alg="HS256"))


@pytest.mark.parametrize("header", ['{"alg":"HS256","kid":"k1","typ":"at+jwt"}', HEADER])
async def test_a_public_key_is_no_secret(checker: TokenChecker, header: str) -> None:
    """The public key's own bytes as the secret of an HMAC: the classic confusion of algorithms."""
    signed = b".".join(urlsafe_b64encode(part.encode()) for part in (header, json.dumps(claims())))
    mac = urlsafe_b64encode(hmac.digest(KEY.as_pem(private=False), signed, "sha256"))
    with pytest.raises(TokenRefused):
        await checker.check(b".".join((signed, mac)).decode())


async def test_what_is_kept_ends_with_the_token(source: LocalKeys) -> None:
    now = time.time()
    checker = TokenChecker(source, issuer=ISSUER, audience=AUDIENCE, clock=lambda: now)
    good = token(claims(exp=int(now) + 10))
    await checker.check(good)
    now += 10
    with pytest.raises(TokenRefused, match="ended"):
        await checker.check(good)


async def test_no_more_is_kept_than_allowed(source: LocalKeys) -> None:
    checker = TokenChecker(source, issuer=ISSUER, audience=AUDIENCE, kept_tokens=2)
    tokens = [token(claims(sub=f"account-{n}")) for n in range(3)]
    first = await checker.check(tokens[0])
    for each in tokens[1:]:
        await checker.check(each)
    assert await checker.check(tokens[0]) is not first


async def test_who_sends_no_token_is_anonymous(checker: TokenChecker) -> None:
    assert await Authenticator(checker).authenticate([]) is None


async def test_without_a_checker_every_header_is_only_passed_on() -> None:
    assert await Authenticator(None).authenticate(["Basic x"]) is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_is_not_case_sensitive(checker: TokenChecker, scheme: str) -> None:
    assert isinstance(await Authenticator(checker).authenticate([f"{scheme} {token()}"]), CheckedToken)


@pytest.mark.parametrize("values", [["Basic x"], [""], ["Bearer"], ["Bearer a b"], ["Bearer nonsense"], ["a", "b"]])
async def test_a_header_that_is_there_and_not_good_is_refused(checker: TokenChecker, values: list[str]) -> None:
    with pytest.raises(RequestRefused) as refused:
        await Authenticator(checker).authenticate(values)
    assert refused.value.errors[0].extensions == {"code": "UNAUTHENTICATED"}


async def test_a_bad_token_makes_the_whole_request_unauthenticated(
    start_router: Any, client: Any, clinic: Any, checker: TokenChecker
) -> None:
    async with start_router(token_checker=checker) as router:
        for accept in ("application/json", "application/graphql-response+json"):
            headers = {"authorization": "Bearer nonsense", "accept": accept}
            async with client.post(router.url, json={"query": "{ hello }"}, headers=headers) as response:
                assert response.status == 401
                assert response.headers["www-authenticate"].startswith("Bearer")
                assert (await response.json(content_type=None))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert clinic.seen == []
        async with client.post(
            router.url, json={"query": "{ hello }"}, headers={"authorization": f"Bearer {token()}"}
        ) as response:
            assert await response.json() == {"data": {"hello": "world"}}


async def test_two_tokens_are_none(start_router: Any, client: Any, clinic: Any, checker: TokenChecker) -> None:
    headers = [("authorization", f"Bearer {token()}")] * 2
    async with (
        start_router(token_checker=checker) as router,
        client.post(router.url, json={"query": "{ hello }"}, headers=headers) as response,
    ):
        assert response.status == 401
    assert clinic.seen == []
