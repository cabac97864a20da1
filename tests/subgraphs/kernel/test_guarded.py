"""Nothing of a component is reached without a signature: over a real port, as another process would."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette

from subgraphs.kernel import calls
from subgraphs.kernel.errors import Problem, Refused
from subgraphs.kernel.events import Actor, Envelope
from subgraphs.kernel.guarded import Guarded
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.peers import (
    Peer,
    PeerSession,
    RemoteLinks,
    RemoteLogins,
    RemoteOwner,
    RemoteReceiver,
    Unanswered,
)
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.signatures import HEADER, Asked, Guard, Keyring, Signer
from tests.subgraphs.kernel.served import served

KEYS = {"patients": {"p": "p" * 32}, "accounts": {"a": "a" * 32}}
MAXIMUM_BYTES = 10_000
AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
AUDIT = dict.fromkeys(("type", "action", "outcome", "resourcetype", "resourceid", "patientid", "reason"))


@dataclass
class House:
    """What accounts, patients and notifications would be asked, in one."""

    asked: list[Any]

    async def hold(self, **given: Any) -> None:
        self.asked.append(given)
        if given["email"] == "taken@example.com":
            raise Refused(Problem("EMAIL_TAKEN", "Taken.", ("email",)), Problem("WEAK_PASSWORD", "Weak."))
        if given["email"] == "broken@example.com":
            raise RuntimeError("secret inside text")

    async def exists(self, subject_id: str) -> bool:
        return subject_id == "there"

    async def link(self, link_id: str) -> str | None:
        return f"https://h.example/#token={link_id}" if link_id else None


class Heard(Subscriber):
    async def receive(self, messages: Any) -> None:
        HEARD.append(list(messages))


HEARD: list[list[Envelope]] = []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "callers.json"
    path.write_text(json.dumps(KEYS))
    return path


@pytest.fixture
def house() -> House:
    return House([])


@pytest.fixture
async def url(base, file: Path, house: House) -> AsyncIterator[str]:
    async def nobody(session: Any, messages: Any) -> None:
        return None

    HEARD.clear()
    subscribers = tuple(Heard(name, (f"hospital.{name}",), base.database, base.clock, nobody) for name in ("a", "b"))
    answered = {
        **calls.of_logins(house),
        **calls.of_owner(house),
        **calls.of_links(house),
        **calls.of_subscribers(subscribers),
    }
    app = Guarded(
        Starlette(routes=calls.routes(answered)), Guard(frozenset({"patients"}), Keyring(file)), MAXIMUM_BYTES
    )
    async with served(app) as where:
        yield where


@pytest.fixture
async def session() -> AsyncIterator[PeerSession]:
    opened = PeerSession()
    yield opened
    await opened.aclose()


@pytest.fixture
def peer(url: str, file: Path, session: PeerSession) -> Peer:
    return Peer("accounts", url, Signer("patients", Keyring(file)), session)


async def test_a_login_is_held_for_another_domain(peer, house):
    held = {"email": "a@example.com", "password": "a long pass phrase", "role": RoleName.PATIENT, "subject_id": "p1"}
    await RemoteLogins(peer).hold(**held)
    assert house.asked == [held]


async def test_a_refusal_comes_back_as_it_was(peer):
    with pytest.raises(Refused) as refused:
        await RemoteLogins(peer).hold(email="taken@example.com", password="x", role=RoleName.DOCTOR, subject_id="d")
    assert refused.value.problems == (
        Problem("EMAIL_TAKEN", "Taken.", ("email",)),
        Problem("WEAK_PASSWORD", "Weak.", None),
    )


async def test_what_goes_wrong_there_is_no_answer_and_tells_nothing(peer):
    with pytest.raises(Unanswered) as unanswered:
        await RemoteLogins(peer).hold(email="broken@example.com", password="x", role=RoleName.DOCTOR, subject_id="d")
    assert "secret" not in str(unanswered.value)


async def test_owners_and_links_are_asked(peer):
    assert await RemoteOwner(peer).exists("there") is True
    assert await RemoteOwner(peer).exists("never") is False
    assert await RemoteLinks(peer).link("l1") == "https://h.example/#token=l1"
    assert await RemoteLinks(peer).link("") is None


async def test_events_are_handed_to_whom_they_concern(peer):
    messages = [
        Envelope(f"id {number}", f"hospital.{domain}", "thing.made", 1, "k", AT, Actor(), AUDIT, {"n": 1})
        for number, domain in enumerate("aba")
    ]
    await RemoteReceiver(peer)(messages)
    assert [[messages[0], messages[2]], [messages[1]]] == HEARD


async def test_without_a_signature_nothing_is_reached(url, house):
    async with aiohttp.ClientSession() as plain:
        for path in ("/calls/hold", "/calls/exists", "/anything", "/"):
            async with plain.post(url + path, json={"email": "x"}) as answer:
                assert answer.status == 401
                assert (await answer.json())["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert house.asked == []


async def test_a_caller_that_is_known_elsewhere_is_none_here(url, file, session, house):
    with pytest.raises(Unanswered, match="401"):
        await Peer("accounts", url, Signer("accounts", Keyring(file)), session).call("exists", {"subject_id": "there"})


async def test_a_request_that_comes_again_is_refused(url, file, house):
    body = b'{"subject_id": "there"}'
    header = Signer("patients", Keyring(file)).header(Asked("POST", "/calls/exists", body, None))
    async with aiohttp.ClientSession() as plain:
        statuses = []
        for _ in range(2):
            async with plain.post(f"{url}/calls/exists", data=body, headers={HEADER: header}) as answer:
                statuses.append(answer.status)
    assert statuses == [200, 401]


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'{"subject_id"', b'{"events": ["x"]}'])
async def test_what_is_not_understood_is_said_to_be(url, file, body):
    async with aiohttp.ClientSession() as plain:
        for name in ("exists", "receive"):
            path = f"/calls/{name}"
            headers = {HEADER: Signer("patients", Keyring(file)).header(Asked("POST", path, body, None))}
            async with plain.post(url + path, data=body, headers=headers) as answer:
                assert answer.status == 400


async def test_a_body_that_is_too_large_is_not_looked_at(url, file):
    body = b"x" * (MAXIMUM_BYTES + 1)
    headers = {HEADER: Signer("patients", Keyring(file)).header(Asked("POST", "/calls/exists", body, None))}
    async with (
        aiohttp.ClientSession() as plain,
        plain.post(f"{url}/calls/exists", data=body, headers=headers) as answer,
    ):
        assert answer.status == 413


async def test_nobody_there_and_nobody_in_time_are_no_answers(file, session):
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(60)

    with pytest.raises(Unanswered):
        await Peer("gone", "http://127.0.0.1:9", Signer("patients", Keyring(file)), session).call("exists", {})
    async with served(silent) as url:
        with pytest.raises(Unanswered, match="TimeoutError"):
            await Peer("slow", url, Signer("patients", Keyring(file)), session, seconds=0.1).call("exists", {})
