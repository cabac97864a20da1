import asyncio
import json
import logging
from urllib.parse import urlencode

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.applications import Starlette

from subgraphs.accounts.oauth import MAXIMUM_BYTES, oauth_app


class Http:
    """Sends a request to an ASGI app in this very loop."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    async def __call__(self, method, path, body=b"", content_type="application/x-www-form-urlencoded", query=b""):
        sent = []
        chunks = [body[at : at + 1000] for at in range(0, len(body), 1000)] or [b""]

        async def receive():
            chunk = chunks.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [(b"content-type", content_type.encode()), (b"host", b"hospital.test")],
            "scheme": "http",
            "server": ("hospital.test", 80),
        }
        await self.app(scope, receive, send)
        headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))


class Answer:
    def __init__(self, status, headers, body) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


@pytest.fixture
def http(desk):
    return Http(oauth_app(desk.service))


def form(**fields):
    return urlencode({name.rstrip("_"): value for name, value in fields.items()}).encode()


async def token(http, **fields):
    return await http("POST", "/oauth/token", form(**{"grant_type": "refresh_token", "client_id": "hospital"} | fields))


async def test_a_refresh_token_gives_a_new_pair(desk, http):
    id = await desk.login()
    answer = await token(http, refresh_token=(await desk.session())["refreshToken"])
    assert answer.status == 200
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 900)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    viewer = await desk.send("{ viewer { account { id } } }", "Bearer " + answer.json["access_token"])
    assert viewer["data"]["viewer"]["account"] == {"id": id}
    assert (await desk.refresh(answer.json["refresh_token"]))["errors"] == []


async def test_the_client_need_not_name_itself_as_there_is_one(desk, http):
    await desk.login()
    body = form(grant_type="refresh_token", refresh_token=(await desk.session())["refreshToken"])
    assert (await http("POST", "/oauth/token", body)).status == 200


async def test_a_token_that_comes_again_is_an_invalid_grant_and_ends_the_family(desk, http):
    await desk.login()
    first = (await desk.session())["refreshToken"]
    second = (await token(http, refresh_token=first)).json["refresh_token"]
    for used in (first, second):
        answer = await token(http, refresh_token=used)
        assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
        assert answer.headers["cache-control"] == "no-store"


async def test_of_twenty_at_once_exactly_one_wins(desk, http):
    await desk.login()
    first = (await desk.session())["refreshToken"]
    answers = await asyncio.gather(*(token(http, refresh_token=first) for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 19


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"refresh_token": "unknown"}, "invalid_grant"),
        ({"refresh_token": ""}, "invalid_request"),
        ({}, "invalid_request"),
        ({"grant_type": "password", "refresh_token": "x"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"client_id": "somebody", "refresh_token": "x"}, "invalid_client"),
        ({"client_secret": "guess", "refresh_token": "x"}, "invalid_client"),
    ],
)
async def test_a_bad_request_gets_the_error_of_rfc_6749(http, fields, error):
    answer = await token(http, **fields)
    assert (answer.json["error"], answer.status in {400, 401}) == (error, True)
    assert answer.headers["content-type"].startswith("application/json")


async def test_a_scope_that_was_never_given_is_refused_and_the_token_is_not_used_up(desk, http):
    await desk.login()
    refresh_token = (await desk.session())["refreshToken"]
    answer = await token(http, refresh_token=refresh_token, scope="everything")
    assert (answer.status, answer.json["error"]) == (400, "invalid_scope")
    assert (await desk.refresh(refresh_token))["errors"] == []


async def test_only_a_small_form_in_the_body_is_read(desk, http):
    await desk.login()
    good = form(grant_type="refresh_token", refresh_token=(await desk.session())["refreshToken"])
    for answer in (
        await http("POST", "/oauth/token", b"", query=good),
        await http("POST", "/oauth/token", good, "application/json"),
        await http("POST", "/oauth/token", good, "multipart/form-data; boundary=x"),
        await http("POST", "/oauth/token", good + b"&grant_type=refresh_token"),
        await http("POST", "/oauth/token", good + b"&".join(b"f%d=1" % n for n in range(30))),
        await http("POST", "/oauth/token", b"\xff\xfe=1"),
        await http("POST", "/oauth/token", b"refresh_token=%FF"),
    ):
        assert answer.status == 400
        assert answer.json["error"] in {"invalid_request", "unsupported_grant_type"}
    assert (await http("POST", "/oauth/token", good + b"&x=" + b"x" * MAXIMUM_BYTES)).status == 413
    assert (await http("GET", "/oauth/token", query=good)).status == 405
    assert (await http("POST", "/oauth/token", good)).status == 200, "none of these used the token up"


async def test_revoking_a_refresh_token_ends_its_session(desk, http):
    await desk.login()
    refresh_token = (await desk.session())["refreshToken"]
    answer = await http("POST", "/oauth/revoke", form(token=refresh_token))
    assert answer.status == 200
    assert (await token(http, refresh_token=refresh_token)).json["error"] == "invalid_grant"
    assert (await desk.events("session.signed_out"))[0]["auditreason"] == "the refresh token was revoked"


async def test_revoking_follows_rfc_7009(http):
    assert (await http("POST", "/oauth/revoke", form(token="unknown"))).status == 200
    assert (await http("POST", "/oauth/revoke", form(x="y"))).json["error"] == "invalid_request"
    for access in ({"token": "x", "token_type_hint": "access_token"}, {"token": "a.b.c"}):
        answer = await http("POST", "/oauth/revoke", form(**access))
        assert (answer.status, answer.json["error"]) == (400, "unsupported_token_type")


@pytest.mark.parametrize("name", ["openid-configuration", "oauth-authorization-server"])
async def test_what_it_says_of_itself_is_true(desk, http, name, monkeypatch):
    answer = await http("GET", f"/.well-known/{name}")
    assert (answer.status, answer.json["issuer"]) == (200, "http://hospital.test")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    AuthorizationServerMetadata(answer.json).validate()
    path = answer.json["jwks_uri"].removeprefix("http://hospital.test")
    await desk.login()
    claims = (await desk.session())["accessToken"]
    keys = (await http("GET", path)).json
    assert jwt.decode(claims, KeySet.import_key_set(keys), algorithms=["ES256"]).claims["aud"] == "hospital"
    assert all(key["use"] == "sig" and key["alg"] == "ES256" for key in keys["keys"])
    assert (await token(http)).status == 400, "the token endpoint is where it says"
    assert answer.json["token_endpoint"] == "http://hospital.test/oauth/token"


async def test_an_openid_client_finds_what_discovery_requires(http):
    metadata = (await http("GET", "/.well-known/openid-configuration")).json
    required = {"issuer", "jwks_uri", "response_types_supported", "subject_types_supported"}
    assert required | {"id_token_signing_alg_values_supported"} <= set(metadata)


async def test_no_token_stands_in_the_log_of_the_library(desk, http, caplog):
    await desk.login()
    with caplog.at_level(logging.DEBUG):
        answer = await token(http, refresh_token=(await desk.session())["refreshToken"])
    assert answer.json["refresh_token"] not in caplog.text
    assert answer.json["access_token"] not in caplog.text
