"""Exchanges with the audit's subgraphs: recorded once from the real ones, answered from the record in tests."""

import gzip
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from router.transports.base import SubgraphRequest, TransportError

# Mutations of the audit are refused if their id was seen before: each live run sends one of its own.
REQUEST_ID = "6b5d89f5cc04f"
HOW_TO_RECORD = "python -m tests.router.audit.run_live --data DIR --url URL --record"


def question(group: str, request: SubgraphRequest) -> str:
    return json.dumps([group, request.subgraph, request.document, request.variables], sort_keys=True)


@dataclass
class LiveTransport:
    """Asks the audit's own server; keeps what was said."""

    session: aiohttp.ClientSession
    url: str
    group: str
    request_id: str
    exchanges: dict[str, Any]
    requests: int = 0

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        self.requests += 1
        text = await self._post(request)
        self.exchanges[question(self.group, request)] = json.loads(text)
        reply: Mapping[str, Any] = json.loads(text)
        return reply

    async def _post(self, request: SubgraphRequest) -> str:
        body = json.dumps({"query": request.document, "variables": dict(request.variables)})
        body = body.replace(REQUEST_ID, self.request_id)
        headers = {"content-type": "application/json"}
        url = f"{self.url}/{self.group}/{request.subgraph}"
        async with self.session.post(url, data=body, headers=headers) as response:
            return (await response.text()).replace(self.request_id, REQUEST_ID)

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        raise TransportError("The audit has no subscriptions.")


class Unrecorded(AssertionError):
    pass


@dataclass
class RecordedTransport:
    group: str
    exchanges: Mapping[str, Any]
    requests: list[str] = field(default_factory=list)

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        asked = question(self.group, request)
        self.requests.append(asked)
        if asked not in self.exchanges:
            raise Unrecorded(f"Not recorded: {asked}\nRecord again with the audit's subgraphs up: {HOW_TO_RECORD}")
        reply: Mapping[str, Any] = json.loads(json.dumps(self.exchanges[asked]))
        return reply

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        raise TransportError("The audit has no subscriptions.")


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return loaded


def save(path: Path, exchanges: Mapping[str, Any]) -> None:
    text = json.dumps(exchanges, sort_keys=True, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
