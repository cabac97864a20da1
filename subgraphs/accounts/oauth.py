"""The OAuth 2.0 and OpenID Connect side of accounts, on plain HTTP paths (a file of its own: it is no GraphQL).

`POST /oauth/token` (refresh_token) and `POST /oauth/revoke` for the one public client of the hospital, the JWKS, and
the discovery documents. Authlib decides what a request and an answer look like; it is not async, so it runs in a
thread and reaches the use cases through the event loop. A refresh token is rotated in one transaction, when everything
else about the request was found good.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, TokenMixin
from authlib.oauth2.rfc6749.errors import (
    InvalidGrantError,
    InvalidRequestError,
    OAuth2Error,
    UnsupportedTokenTypeError,
)
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload, OAuth2Request
from authlib.oauth2.rfc7009 import RevocationEndpoint
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subgraphs.accounts.keys import PublishedKeys
from subgraphs.accounts.service import AccountService
from subgraphs.accounts.service.grants import BEARER, CLIENT_ID
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.http import TooLarge, limited_body

MAXIMUM_BYTES = 8192
MAXIMUM_FIELDS = 20

_FORM = "application/x-www-form-urlencoded"
_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_KEPT_SHORTLY = {"Cache-Control": "public, max-age=300"}
_GRANT = "refresh_token"
_DOTS_OF_A_JWT = 2

Answer = TypeVar("Answer")


def oauth_app(service: AccountService) -> Starlette:
    published = PublishedKeys(service.base.database, service.base.clock)
    metadata = _metadata(service.base.settings.public_url)

    async def token(request: Request) -> Response:
        return await _answered(request, _Server(service).create_token_response)

    async def revoke(request: Request) -> Response:
        return await _answered(request, partial(_Server(service).create_endpoint_response, _Revocation.ENDPOINT_NAME))

    async def keys(request: Request) -> Response:
        return _json(200, await published.document(), _KEPT_SHORTLY)

    async def discovery(request: Request) -> Response:
        return _json(200, metadata, _KEPT_SHORTLY)

    return Starlette(
        routes=[
            Route("/oauth/token", token, methods=["POST"]),
            Route("/oauth/revoke", revoke, methods=["POST"]),
            Route("/.well-known/jwks.json", keys),
            Route("/.well-known/openid-configuration", discovery),
            Route("/.well-known/oauth-authorization-server", discovery),
        ]
    )


def _metadata(issuer: str) -> dict[str, Any]:
    """RFC 8414 and OpenID Connect Discovery; there is no authorization endpoint, as nobody signs in by redirects."""
    base = issuer.rstrip("/")
    return {
        "issuer": issuer,
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "token_endpoint": f"{base}/oauth/token",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "grant_types_supported": [_GRANT],
        "response_types_supported": ["none"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
    }


class _Client(ClientMixin):
    """The hospital's own clients: public, so without a secret, and told apart by nothing."""

    def get_client_id(self) -> str:
        return CLIENT_ID

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "none"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == _GRANT


@dataclass(frozen=True)
class _Credential(TokenMixin):
    """A refresh token that was given once; whether it is still good is decided when it is rotated."""

    token: str

    def check_client(self, client: _Client) -> bool:
        return True

    def get_scope(self) -> str:
        return ""


class _Pair(dict[str, Any]):
    """A token response that does not show itself in Authlib's log."""

    def __repr__(self) -> str:
        return "<tokens>"


class _Server(AuthorizationServer):
    """One request's server: its methods run in a thread beside the loop in which it was made."""

    def __init__(self, service: AccountService) -> None:
        super().__init__()
        self._service, self._loop = service, asyncio.get_running_loop()
        self.register_grant(_Refresh)
        self.register_endpoint(_Revocation)
        self.register_token_generator("default", self._rotated)

    def wait_for(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def known(self, token: str) -> _Credential | None:
        return _Credential(token) if self.wait_for(self._service.is_known(token)) else None

    def revoke(self, credential: _Credential) -> None:
        self.wait_for(self._service.revoke(credential.token))

    def query_client(self, client_id: str) -> _Client | None:
        return _Client() if client_id == CLIENT_ID else None

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Nothing: it was kept when it was made."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Response:
        """RFC 6749, 5.2: 401 is for clients that are not let in, all else is 400."""
        _, body, headers = error()
        response: Response = self.handle_response(401 if error.error == "invalid_client" else 400, body, headers)
        return response

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        return _json(status, body, dict(headers) | _NOT_KEPT)

    def _rotated(self, user: _Credential, **given: Any) -> _Pair:
        """Raises InvalidGrantError where the token is good no more."""
        try:
            grant = self.wait_for(self._service.refresh(user.token))
        except Refused:
            raise InvalidGrantError() from None
        return _Pair(
            token_type=BEARER,
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            expires_in=grant.expires_in_seconds,
        )


class _Refresh(RefreshTokenGrant):
    server: _Server

    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> _Credential | None:
        return self.server.known(refresh_token)

    def authenticate_user(self, refresh_token: _Credential) -> _Credential:
        return refresh_token

    def revoke_old_credential(self, refresh_token: _Credential) -> None:
        """Nothing: it was used up in the transaction that made the new one."""


class _Revocation(RevocationEndpoint):
    """Of refresh tokens; an access token lives its quarter of an hour (`unsupported_token_type`)."""

    server: _Server

    CLIENT_AUTH_METHODS = ["none"]
    SUPPORTED_TOKEN_TYPES = (_GRANT,)

    def check_params(self, request: OAuth2Request, client: _Client) -> None:
        """Raises InvalidRequestError, and UnsupportedTokenTypeError for what is, or is said to be, an access token."""
        super().check_params(request, client)
        if request.form["token"].count(".") == _DOTS_OF_A_JWT:
            raise UnsupportedTokenTypeError()

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Credential | None:
        return self.server.known(token_string)

    def revoke_token(self, token: _Credential, request: OAuth2Request) -> None:
        self.server.revoke(token)


class _Request(OAuth2Request):
    """A form of a body alone. Where TLS ends is not for this component to know: the URI given to Authlib says https."""

    def __init__(self, request: Request, fields: dict[str, str]) -> None:
        super().__init__(request.method, f"https://accounts{request.url.path}", headers=dict(request.headers))
        self.payload = BasicOAuth2Payload({"client_id": CLIENT_ID} | fields)

    @property
    def form(self) -> dict[str, str]:
        data: dict[str, str] = self.payload.data
        return data


async def _answered(request: Request, respond: Callable[[OAuth2Request], Response]) -> Response:
    try:
        fields = await _fields(request)
    except InvalidRequestError as error:
        status, body, _ = error()
        return _json(status, body, _NOT_KEPT)
    return await asyncio.to_thread(respond, _Request(request, fields))


async def _fields(request: Request) -> dict[str, str]:
    """The fields of the form; an empty one counts as left out. Raises InvalidRequestError for anything odd."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise InvalidRequestError(f"Expected a body of the type {_FORM}.")
    try:
        text = (await limited_body(request, MAXIMUM_BYTES)).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAXIMUM_FIELDS)
    except TooLarge:
        raise InvalidRequestError("The body is too long.", status_code=413) from None
    except ValueError:
        raise InvalidRequestError("The body is not a form, or has too many fields.") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidRequestError("A parameter stands twice.")
    return {name: value for name, value in pairs if value}


def _json(status: int, content: Any, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(content), status, headers, media_type="application/json")
