"""Paths that belong to other components: passed on whole, streaming both ways."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus

import aiohttp
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from yarl import URL

from router.transports.session import HttpSession
from router.transports.signatures import HEADER, Signer

PLAIN_PATH = re.compile(r"/|(/(?!\.\.?(/|$))[\w.~@:+-]+)+/?", re.ASCII)
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
SET_BY_US = frozenset({HEADER, "host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"})
PASSED_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class PlainPaths:
    """Lets no path through that another component could read as a different one: `//`, `..`, `;`, `%2f`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path") or scope["path"].encode()
        plain = PLAIN_PATH.fullmatch(scope["path"]) and raw == scope["path"].encode()
        await (self._app if plain else not_found())(scope, receive, send)


class Proxy:
    """Signed bodies are read whole, all others are streamed."""

    def __init__(self, target: str, session: HttpSession, timeout_seconds: float, signer: Signer | None = None) -> None:
        self._target = target.rstrip("/")
        self._signer = signer
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method not in PASSED_METHODS:
            response: Response = problem("This method is not passed on.", HTTPStatus.METHOD_NOT_ALLOWED)
        else:
            response = await self._pass_on(request)
        await response(scope, receive, send)

    async def _pass_on(self, request: Request) -> Response:
        url, headers = self._url(request), request_headers(request)
        body: AsyncIterator[bytes] | bytes | None = request.stream() if has_body(request) else None
        if self._signer is not None:
            try:
                async with asyncio.timeout(self._timeout.total):
                    body = await request.body()
            except TimeoutError:
                return problem("The body did not come in time.", HTTPStatus.REQUEST_TIMEOUT)
            authorization = request.headers.get("authorization", "")
            headers = [*headers, (HEADER, self._signer.signature(request.method, str(url), body, authorization))]
        try:
            answer = await self._session.get().request(
                request.method,
                url,
                headers=headers,
                data=body,
                timeout=self._timeout,
                allow_redirects=False,
                auto_decompress=False,
            )
        except TimeoutError:
            return problem("What serves this path did not answer in time.", HTTPStatus.GATEWAY_TIMEOUT)
        except (aiohttp.ClientError, OSError):
            return problem("What serves this path cannot be reached.", HTTPStatus.BAD_GATEWAY)
        return streamed(answer)

    def _url(self, request: Request) -> URL:
        query = f"?{request.url.query}" if request.url.query else ""
        return URL(f"{self._target}{request.url.path}{query}", encoded=True)


def has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers


def request_headers(request: Request) -> list[tuple[str, str]]:
    forwarded = [
        ("x-forwarded-for", request.client.host if request.client else "unknown"),
        ("x-forwarded-host", request.headers.get("host", "")),
        ("x-forwarded-proto", request.url.scheme),
    ]
    return [(name, value) for name, value in end_to_end(request.headers.items()) if name not in SET_BY_US] + forwarded


def end_to_end(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers without those of this connection alone, the ones that `Connection` names included."""
    pairs = [(name.lower(), value) for name, value in headers]
    named = {token.strip().lower() for name, value in pairs if name == "connection" for token in value.split(",")}
    return [(name, value) for name, value in pairs if name not in HOP_BY_HOP | named]


def streamed(answer: aiohttp.ClientResponse) -> Response:
    response = StreamingResponse(body_of(answer), answer.status)
    response.raw_headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in end_to_end(answer.headers.items())
    ]
    return response


async def body_of(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async with answer:
        async for chunk in answer.content.iter_any():
            yield chunk


def problem(message: str, status: HTTPStatus) -> Response:
    return JSONResponse({"message": message}, status)


def not_found() -> Response:
    return problem("There is nothing at this path.", HTTPStatus.NOT_FOUND)
