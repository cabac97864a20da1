"""GraphiQL, served whole by the router: no other host is asked for anything."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

ASSETS = Path(__file__).parent / "assets"
ENTRY = "graphiql.js"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "worker-src 'self'",
        "font-src 'self' data:",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
    "vary": "Accept",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>GraphiQL</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="{path}/assets/graphiql.css">
</head>
<body>
  <div id="graphiql">Loading…</div>
  <script type="application/json" id="settings">{settings}</script>
  <script type="module" src="{path}/assets/graphiql.js"></script>
</body>
</html>
"""

NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>GraphiQL is not built</title></head>
<body>
  <h1>GraphiQL is not built</h1>
  <p>Run <code>make setup</code>, then load this page again. The API itself answers at this address as ever.</p>
</body>
</html>
"""


class Tab(BaseModel):
    """What a tab holds when GraphiQL is opened for the first time; `variables` and `headers` as JSON objects."""

    model_config = ConfigDict(frozen=True)

    query: str
    variables: dict[str, Any] = {}
    headers: dict[str, str] = {}


def read_tabs(folder: Path) -> list[Tab]:
    """A tab for each `NAME.graphql`, by name; a `NAME.json` beside it may hold `variables` and `headers`."""
    return [read_tab(path) for path in sorted(folder.glob("*.graphql"))]


def read_tab(path: Path) -> Tab:
    beside = path.with_suffix(".json")
    extras = json.loads(beside.read_text("utf-8")) if beside.exists() else {}
    return Tab(query=path.read_text("utf-8"), **extras)


class GraphiQLPage:
    def __init__(self, path: str, tabs: Sequence[Tab] = (), assets: Path = ASSETS) -> None:
        self._path = path
        self._tabs = tabs
        self._assets = assets

    def response(self) -> Response:
        if not (self._assets / ENTRY).exists():
            return HTMLResponse(NOT_BUILT, HTTPStatus.SERVICE_UNAVAILABLE, HEADERS)
        settings = {"path": self._path, "tabs": [tab_settings(tab) for tab in self._tabs]}
        return HTMLResponse(
            PAGE.format(path=escape(self._path), settings=inside_script(settings)), HTTPStatus.OK, HEADERS
        )

    def static_files(self) -> StaticFiles:
        return StaticFiles(directory=self._assets, check_dir=False)


def tab_settings(tab: Tab) -> Mapping[str, str | None]:
    return {"query": tab.query, "variables": as_editor_text(tab.variables), "headers": as_editor_text(tab.headers)}


def as_editor_text(value: Mapping[str, Any]) -> str | None:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else None


def inside_script(value: Any) -> str:
    """JSON that no `</script>` inside of it can end."""
    return json.dumps(value).replace("<", "\\u003c")
