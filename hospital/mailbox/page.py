"""The mailbox to look at: a page for people, JSON for programs, nothing for strangers."""

import secrets
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hospital.mailbox.durable import DurableMailbox
from hospital.mailbox.tables import MailRow
from router.entrypoints.negotiation import prefers_html
from subgraphs.kernel.scalars import print_date_time

SHOWN = 200
_HERE = Path(__file__).parent
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


class MailboxPage:
    """An ASGI application.

    Mails hold links that open logins, so unless `any_host` is set it answers to this machine's names alone: a page
    elsewhere whose name was made to mean 127.0.0.1 reads nothing here.
    """

    def __init__(self, mailbox: DurableMailbox, *, any_host: bool) -> None:
        self._mailbox, self._any_host = mailbox, any_host
        templates = Environment(loader=FileSystemLoader(_HERE), autoescape=select_autoescape())
        self._template = templates.get_template("page.html")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(Request(scope))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return PlainTextResponse("The mailbox is only read.", 405, {"allow": "GET, HEAD"})
        if not (self._any_host or _named_host(request) in _LOOPBACK):
            return PlainTextResponse("The mailbox is read on this machine alone.", 403)
        return await (self._page() if prefers_html(request.headers.get("accept")) else self._list(request))

    async def _list(self, request: Request) -> Response:
        limit = request.query_params.get("first", "")
        rows = await self._mailbox.newest(int(limit) if limit.isdecimal() and len(limit) < 10 else None)
        return JSONResponse([_fields(row) for row in rows], headers=_HEADERS)

    async def _page(self) -> Response:
        nonce = secrets.token_urlsafe(16)
        rows = await self._mailbox.newest(SHOWN)
        page = self._template.render(mails=rows, total=await self._mailbox.count(), nonce=nonce)
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; img-src data:;"
            " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return HTMLResponse(page, headers=_HEADERS | {"content-security-policy": policy})


_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "vary": "accept",
    "x-content-type-options": "nosniff",
}


def switched_off() -> ASGIApp:
    return PlainTextResponse("There is no mailbox here: `hospital up --mailbox` shows it.", 404)


def _named_host(request: Request) -> str:
    host = request.headers.get("host", "")
    return host.lower() if host.endswith("]") else host.lower().rpartition(":")[0] or host.lower()


def _fields(row: MailRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "to": row.to,
        "subject": row.subject,
        "text": row.text,
        "html": row.html,
        "messageId": row.message_id,
        "at": print_date_time(row.at),
    }
