"""A stand-in of Stripe's API that answers as its documentation says, keys included, and breaks where it is told to."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SECRET = "sk_test_of_the_stand_in"
_DECLINED = {
    "error": {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "generic_decline",
        "message": "Your card was declined.",
    }
}


@dataclass
class StripeStandIn:
    """`broken` holds what to answer next instead, by path: (status, body), or "cut off", "hang up", "silence".

    Also (status, body, location), which sends elsewhere. A 500 is given again to whoever comes with its key again.
    """

    url: str = ""
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    by_key: dict[str, tuple[int, Any]] = field(default_factory=dict)
    failures: dict[str, Any] = field(default_factory=dict)
    charged: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    broken: dict[str, list[Any]] = field(default_factory=dict)
    works_all_the_same: bool = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") != f"Bearer {SECRET}":
            return web.json_response({"error": {"type": "invalid_request_error"}}, status=401)
        assert request.headers["Stripe-Version"]
        waiting, key = self.broken.get(request.path.rpartition("/")[2]), request.headers.get("Idempotency-Key")
        if key in self.failures:
            return await self._break(request, self.failures[key])
        if waiting and not self.works_all_the_same:
            how = waiting.pop(0)
            if key is not None and how[0] == 500:
                self.failures[key] = how
            return await self._break(request, how)
        form = dict(await request.post())
        status, body = self._once(request, form)
        if waiting:
            return await self._break(request, waiting.pop(0))
        return web.json_response(body, status=status)

    def _once(self, request: web.Request, form: dict[str, Any]) -> tuple[int, Any]:
        key = request.headers.get("Idempotency-Key")
        if request.method == "GET":
            return self._read(request)
        assert key is not None
        if key not in self.by_key:
            self.by_key[key] = self._write(request.path, form)
        return self.by_key[key]

    def _read(self, request: web.Request) -> tuple[int, Any]:
        if request.path == "/v1/refunds":
            return 200, {"object": "list", "data": self.refunds, "has_more": False}
        return 200, self.intents[request.path.rpartition("/")[2]]

    def _write(self, path: str, form: dict[str, Any]) -> tuple[int, Any]:
        match path.strip("/").split("/"):
            case ["v1", "payment_intents"]:
                return self._make(form)
            case ["v1", "payment_intents", id, "confirm"]:
                return self._confirm(self.intents[id])
            case ["v1", "refunds"]:
                return self._refund(form)
        raise AssertionError(path)

    def _make(self, form: dict[str, Any]) -> tuple[int, Any]:
        if form["payment_method"] == "pm_unknown":
            return 400, {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such"}}
        id = f"pi_{len(self.intents) + 1}"
        made = {"id": id, "object": "payment_intent", "status": "requires_confirmation", **form}
        self.intents[id] = made
        return 200, made

    def _confirm(self, intent: dict[str, Any]) -> tuple[int, Any]:
        if intent["status"] != "requires_confirmation":
            return 400, {"error": {"type": "invalid_request_error", "code": "payment_intent_unexpected_state"}}
        if intent["payment_method"] == "pm_card_chargeDeclined":
            intent |= {"status": "requires_payment_method", "last_payment_error": _DECLINED["error"]}
            return 402, _DECLINED
        if intent["payment_method"] == "pm_upi":
            intent["status"] = "processing"
            return 200, intent
        intent["status"] = "succeeded"
        self.charged.append(intent["id"])
        return 200, intent

    def _refund(self, form: dict[str, Any]) -> tuple[int, Any]:
        if any(refund["payment_intent"] == form["payment_intent"] for refund in self.refunds):
            return 400, {"error": {"type": "invalid_request_error", "code": "charge_already_refunded"}}
        made = {
            "id": f"re_{len(self.refunds) + 1}",
            "status": "succeeded",
            "payment_intent": form["payment_intent"],
            "metadata": {"refund": form["metadata[refund]"]},
        }
        self.refunds.append(made)
        return 200, made

    async def _break(self, request: web.Request, how: Any) -> web.StreamResponse:
        if how == "silence":
            await asyncio.sleep(0.3)
            return web.Response()
        if how == "hang up":
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if how == "cut off":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"id": "pi_')
            assert request.transport is not None
            request.transport.close()
            return response
        status, body, *location = how
        headers = {"Location": location[0]} if location else {}
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)


@asynccontextmanager
async def stripe() -> AsyncIterator[StripeStandIn]:
    standin, app = StripeStandIn(), web.Application()
    app.router.add_route("*", "/{path:.*}", standin.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    site = web.SockSite(runner, listener)
    await site.start()
    standin.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield standin
    finally:
        await runner.cleanup()
