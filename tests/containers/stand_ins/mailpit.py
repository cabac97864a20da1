#!/catcher/bin/python
"""A mail catcher with what the day asks of Mailpit's HTTP API: the newest messages, and the text of one."""

import asyncio
import sys
import urllib.request
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiohttp import web
from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, Envelope, Session


class Catcher:
    def __init__(self) -> None:
        self._caught: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self._caught.append(message)
        return "250 OK"

    async def messages(self, request: web.Request) -> web.Response:
        limit = int(request.query.get("limit", 50))
        newest = [_summary(id, self._caught[id]) for id in reversed(range(len(self._caught)))]
        return web.json_response({"total": len(newest), "messages": newest[:limit]})

    async def message(self, request: web.Request) -> web.Response:
        id = int(request.match_info["id"])
        if id >= len(self._caught):
            raise web.HTTPNotFound
        body = self._caught[id].get_body(("plain",))
        text = body.get_content() if body is not None else ""
        return web.json_response(_summary(id, self._caught[id]) | {"Text": text})


def _summary(id: int, message: EmailMessage) -> dict[str, Any]:
    to = [{"Name": each.display_name, "Address": each.addr_spec} for each in message["to"].addresses]
    return {"ID": str(id), "MessageID": message["message-id"], "To": to, "Subject": str(message["subject"])}


async def ready(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def catch() -> None:
    catcher, app = Catcher(), web.Application()
    app.router.add_get("/readyz", ready)
    app.router.add_get("/api/v1/messages", catcher.messages)
    app.router.add_get("/api/v1/message/{id}", catcher.message)
    smtp = UnthreadedController(catcher, "0.0.0.0", 1025, loop=asyncio.get_running_loop())
    smtp.server_coro = smtp._create_server()
    smtp.server = await smtp.server_coro
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 8025).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["readyz"]:
        urllib.request.urlopen("http://127.0.0.1:8025/readyz", timeout=3).close()
    else:
        asyncio.run(catch())
