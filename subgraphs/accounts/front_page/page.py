"""Where the links of the mails lead: a page at `/` on which people choose a password, or ask for a link that does.

Whole in one answer, its style and script named by their hashes, so that nothing else runs in it and nothing is loaded.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from subgraphs.accounts.rules import MAXIMUM_PASSWORD, MINIMUM_PASSWORD

_HERE = Path(__file__).parent


def front_page(api: str) -> Starlette:
    """`api` is the path at which GraphQL answers, and GraphiQL."""
    style, script = _file("page.css"), _file("page.js")
    text = Template(_file("page.html")).substitute(
        api=escape(api), style=style, script=script, shortest=MINIMUM_PASSWORD, longest=MAXIMUM_PASSWORD
    )
    headers = _headers(_policy(style, script), text)

    async def page(request: Request) -> Response:
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return HTMLResponse(text, headers=headers)

    return Starlette(routes=[Route("/", page)])


def _file(name: str) -> str:
    return (_HERE / name).read_text("utf-8")


def _headers(policy: str, text: str) -> dict[str, str]:
    return {
        "cache-control": "no-cache",
        "content-security-policy": policy,
        "cross-origin-opener-policy": "same-origin",
        "etag": f'"{sha256((policy + text).encode()).hexdigest()[:32]}"',
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; connect-src 'self';"
        " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
