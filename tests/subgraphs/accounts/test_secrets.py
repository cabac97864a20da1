"""Nothing by which one gets in stands in the database, in an event or in the log in the clear."""

import asyncio
import logging
from pathlib import Path

import pytest

PASSWORD, NEW = "correct horse battery", "staple of the horses"
CHANGE = """
mutation ($old: String!, $new: String!) {
  changePassword(input: {currentPassword: $old, newPassword: $new}) { session { refreshToken } }
}
"""
CREATE = """
mutation ($password: String!) {
  createStaffAccount(input: {email: "b@example.com", password: $password, role: AUDITOR, idempotencyKey: "k"}) {
    account { id }
  }
}
"""


@pytest.fixture
async def secrets(desk, signer, caplog):
    """A day in the life of a login; gives all that must not be found."""
    caplog.set_level(logging.DEBUG)
    object.__setattr__(desk.service, "reset_answer_seconds", 0.0)
    await desk.service.create_admin("asha@example.com", PASSWORD)
    await desk.service.hold(email="held@example.com", password=PASSWORD, role="PATIENT", subject_id="p")
    await desk.send(CREATE, signer.bearer("ADMIN"), password=PASSWORD)
    session = (await desk.sign_in(password=PASSWORD))["session"]
    await desk.sign_in("nobody-known@example.com", "what somebody mistyped")
    refreshed = (await desk.refresh(session["refreshToken"]))["session"]
    changed = await desk.send(CHANGE, "Bearer " + refreshed["accessToken"], old=PASSWORD, new=NEW)
    await desk.service.request_reset("asha@example.com")
    await desk.service.request_reset("nobody-known@example.com")
    unused = await desk.last_token()
    key = (await desk.service.keys.signer()).key.as_dict(private=True)["d"]
    return {
        "password": PASSWORD,
        "new password": NEW,
        "mistyped password": "what somebody mistyped",
        "tried e-mail": "nobody-known",
        "access token": session["accessToken"],
        "refresh token": session["refreshToken"],
        "refreshed token": refreshed["refreshToken"],
        "token after the change": changed["data"]["changePassword"]["session"]["refreshToken"],
        "link": unused,
        "signing key": key,
    }


@pytest.mark.sqlite  # it looks into the file
async def test_none_stands_in_the_database(desk, secrets):
    await desk.database.close()
    stored = await asyncio.to_thread(Path(desk.database.url.database).read_bytes)
    assert b"asha@example.com" in stored, "the right file was looked into"
    for name, secret in secrets.items():
        assert secret.encode() not in stored, name


async def test_none_rides_an_event(desk, secrets):
    told = str(await desk.events())
    for name, secret in secrets.items():
        assert secret not in told, name
    assert "argon2" not in told


async def test_none_is_logged(secrets, caplog, capfd):
    printed = capfd.readouterr()
    for name, secret in secrets.items():
        assert secret not in caplog.text + printed.out + printed.err, name


async def test_none_shows_where_a_thing_shows_itself(desk, secrets):
    shown = repr(await desk.account("asha@example.com")) + repr(desk.service)
    shown += repr(await desk.service.sign_in("asha@example.com", NEW))
    for name, secret in secrets.items():
        assert secret not in shown, name
    assert "argon2" not in shown
