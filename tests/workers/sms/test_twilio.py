"""SMS by Twilio's REST API, against a stand-in that gives its documented answers."""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError
from structlog.testing import capture_logs

from subgraphs.kernel.mail import Sms, Undeliverable, Unreachable
from workers.sms.settings import Provider, SmsSettings
from workers.sms.twilio import TryLater, TwilioSms

SMS = Sms("m1", "+919876543210", "Grüße & 100%", datetime(2026, 3, 2, tzinfo=UTC))
TAKEN = {"sid": "SM0123", "status": "queued", "error_code": None}
INVALID = {
    "code": 21211,
    "message": "The 'To' number +91 is not a valid phone number.",
    "more_info": "https://www.twilio.com/docs/errors/21211",
    "status": 400,
}


class StandIn:
    def __init__(self) -> None:
        self.status, self.body = 201, TAKEN
        self.delay_seconds, self.cuts_off = 0.0, False
        self.headers: dict[str, str] = {}
        self.requests: list[dict[str, Any]] = []

    async def answer(self, request: web.Request) -> web.Response:
        form = dict(await request.post())
        self.requests.append({"path": request.path, "authorization": request.headers["authorization"], **form})
        await asyncio.sleep(self.delay_seconds)
        if self.cuts_off and request.transport is not None:
            request.transport.close()
        if isinstance(self.body, str):
            return web.Response(text=self.body, status=self.status, headers=self.headers)
        return web.json_response(self.body, status=self.status)


@asynccontextmanager
async def standing_in() -> AsyncIterator[tuple[StandIn, TwilioSms]]:
    stand_in, app = StandIn(), web.Application()
    for path in ("/2010-04-01/Accounts/AC1/Messages.json", "/elsewhere"):
        app.router.add_route("*", path, stand_in.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider = TwilioSms(settings(f"http://127.0.0.1:{runner.addresses[0][1]}"))
    yield stand_in, provider
    await provider.rest()
    await runner.cleanup()


def settings(url: str = "http://127.0.0.1:1", **given: Any) -> SmsSettings:
    known = {"provider": Provider.TWILIO, "account": "AC1", "token": "t0ken", "sender": "+15005550006"}
    return SmsSettings(**known | {"url": url, "timeout_seconds": 0.5} | given)


async def test_it_is_sent_as_twilio_documents_it():
    async with standing_in() as (stand_in, provider):
        await provider.send(SMS)
    assert stand_in.requests == [
        {
            "path": "/2010-04-01/Accounts/AC1/Messages.json",
            "authorization": "Basic " + base64.b64encode(b"AC1:t0ken").decode(),
            "To": "+919876543210",
            "From": "+15005550006",
            "Body": "Grüße & 100%",
        }
    ]


async def test_a_messaging_service_sends_it_where_one_is_named():
    async with standing_in() as (stand_in, provider):
        other = TwilioSms(settings(provider._settings.url, sender="MG1"))
        await other.send(SMS)
        await other.rest()
    assert (stand_in.requests[0]["MessagingServiceSid"], "From" in stand_in.requests[0]) == ("MG1", False)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, INVALID, Undeliverable),
        (400, "<html>", Undeliverable),
        (401, {"code": 20003, "message": "Authenticate", "status": 401}, Unreachable),
        (403, {"code": 20403, "message": "Forbidden", "status": 403}, Unreachable),
        (429, {"code": 20429, "message": "Too Many Requests", "status": 429}, TryLater),
        (500, {"code": 20500, "message": "Internal Server Error", "status": 500}, TryLater),
        (503, "", TryLater),
        (200, "[]", TryLater),
        (302, "", TryLater),
    ],
)
async def test_what_twilio_refuses_is_for_good_or_for_now(status, body, error):
    async with standing_in() as (stand_in, provider):
        stand_in.status, stand_in.body = status, body
        with pytest.raises(error) as refused:
            await provider.send(SMS)
    assert str(refused.value).startswith(str(status)) == (error is not Unreachable), "operators alone are told"
    assert "t0ken" not in str(refused.value)


async def test_its_words_are_kept():
    async with standing_in() as (stand_in, provider):
        stand_in.status, stand_in.body = 400, INVALID
        with pytest.raises(Undeliverable, match="400 21211: The 'To' number"):
            await provider.send(SMS)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_follows_a_redirect(status):
    """What a message says goes to the provider of the settings alone."""
    async with standing_in() as (stand_in, provider):
        stand_in.status, stand_in.body, stand_in.headers = status, "", {"Location": "/elsewhere"}
        with pytest.raises(TryLater):
            await provider.send(SMS)
    assert [request["path"] for request in stand_in.requests] == ["/2010-04-01/Accounts/AC1/Messages.json"]


async def test_one_that_cuts_off_or_hangs_may_have_taken_it_and_so_it_is_an_attempt():
    """An SMS has nothing by which a repeat is known: its repeats are counted."""
    async with standing_in() as (stand_in, provider):
        for stand_in.cuts_off, stand_in.delay_seconds in ((True, 0.0), (False, 2.0)):
            with pytest.raises(TryLater, match=r"^the SMS provider did not answer$"):
                await provider.send(SMS)
        assert len(stand_in.requests) == 2
        stand_in.delay_seconds = 0.0
        await provider.send(SMS)


@asynccontextmanager
async def full() -> AsyncIterator[str]:
    """Where a connection is begun and never taken."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_one_that_is_not_there_or_takes_no_connection_is_unreachable():
    async with full() as url:
        for gone in (url, "http://127.0.0.1:1", "nonsense"):
            provider = TwilioSms(settings(gone))
            with pytest.raises(Unreachable, match=r"^the SMS provider cannot be reached$"):
                await provider.send(SMS)
            await provider.rest()


async def test_operators_are_told_why_nothing_goes_out():
    with capture_logs() as logs:
        async with standing_in() as (stand_in, provider):
            stand_in.delay_seconds = 2.0
            with pytest.raises(TryLater):
                await provider.send(SMS)
            stand_in.delay_seconds, stand_in.status = 0.0, 401
            with pytest.raises(Unreachable):
                await provider.send(SMS)
        provider = TwilioSms(settings())
        with pytest.raises(Unreachable):
            await provider.send(SMS)
        await provider.rest()
    told = [(entry["event"], entry.get("error"), entry["log_level"]) for entry in logs]
    assert told == [
        ("sms.no_answer", "TimeoutError", "warning"),
        ("sms.refused_us", None, "error"),
        ("sms.unreachable", "ClientConnectorError", "warning"),
    ]


def test_twilio_needs_an_account():
    with pytest.raises(ValidationError, match="twilio sends nothing without it"):
        SmsSettings(provider=Provider.TWILIO)
    assert "t0ken" not in repr(settings())
