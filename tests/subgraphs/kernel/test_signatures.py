"""Signed requests: by whom, of what, when, and once."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from router.transports.signatures import Signer as RouterSigner
from subgraphs.kernel.signatures import HEADER, Asked, BadKeyring, Guard, Keyring, NotSigned, Signer

KEYS = {"router": {"new": "n" * 32, "old": "o" * 32}, "patients": {"p": "p" * 32}, "stranger": {"s": "s" * 32}}
ASKED = Asked("POST", "/graphql?a=1", b'{"query": "{ a }"}', "Bearer x")


class Time:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "callers.json"
    path.write_text(json.dumps(KEYS))
    return path


@pytest.fixture
def guard(file: Path, time: Time) -> Guard:
    return Guard(frozenset({"router", "patients"}), Keyring(file), time)


def signed(file: Path, time: Time, caller: str = "router", asked: Asked = ASKED) -> str:
    return Signer(caller, Keyring(file), time).header(asked)


def test_a_request_that_is_signed_is_let_in_by_name(file, time, guard):
    assert guard.check(ASKED, signed(file, time)) == "router"
    assert guard.check(ASKED, signed(file, time, "patients")) == "patients"


def test_the_routers_own_signature_is_understood(file, time, guard):
    headers = RouterSigner("router", file, time).headers(
        ASKED.method, "http://10.0.0.1:8001/graphql?a=1", ASKED.body, {"authorization": "Bearer x"}
    )
    assert headers["authorization"] == "Bearer x"
    assert guard.check(ASKED, headers[HEADER]) == "router"


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "GET"},
        {"path": "/graphql"},
        {"path": "/calls/hold"},
        {"body": b'{"query": "{ b }"}'},
        {"authorization": None},
        {"authorization": "Bearer y"},
    ],
)
def test_whatever_is_changed_of_it_breaks_the_signature(file, time, guard, changed):
    with pytest.raises(NotSigned):
        guard.check(replace(ASKED, **changed), signed(file, time))


@pytest.mark.parametrize("part", ["caller=router", "key=new", "time=1800000000", "nonce=", "mac="])
def test_every_part_of_the_header_counts(file, time, guard, part):
    header = signed(file, time)
    assert part in header
    name, _, value = part.partition("=")
    for other in (f"{name}=patients", f"{name}=old", f"{name}=1800000001", f"{name}=x"):
        spoiled = header.replace(part, other if value else other + "y")
        with pytest.raises(NotSigned):
            guard.check(ASKED, spoiled)


@pytest.mark.parametrize(
    "header",
    [None, "", "x", "caller=router", "caller=router, key=new, time=x, nonce=n, mac=m", "caller=é, key=², time=²"],
)
def test_what_is_no_signature_is_refused(guard, header):
    with pytest.raises(NotSigned):
        guard.check(ASKED, header)


def test_it_is_good_once(file, time, guard):
    header = signed(file, time)
    guard.check(ASKED, header)
    with pytest.raises(NotSigned, match="before"):
        guard.check(ASKED, header)


@pytest.mark.parametrize("seconds", [-31, 31])
def test_it_is_good_for_thirty_seconds(file, time, guard, seconds):
    header = signed(file, time)
    time.now += seconds
    with pytest.raises(NotSigned, match="clock"):
        guard.check(ASKED, header)


def test_what_is_too_old_to_come_again_is_forgotten(file, time, guard):
    for _ in range(100):
        guard.check(ASKED, signed(file, time))
        time.now += 10
    assert len(guard._seen) < 10


def test_a_caller_that_is_not_named_here_is_refused_whatever_key_it_has(file, time, guard):
    with pytest.raises(NotSigned, match="stranger is no caller here"):
        guard.check(ASKED, signed(file, time, "stranger"))


def test_keys_change_while_everybody_works(tmp_path, file, time):
    ticks = [0.0]
    keyring = Keyring(file, lambda: ticks[0])
    guard, signer = Guard(frozenset({"router"}), keyring, time), Signer("router", Keyring(file), time)
    before = signer.header(ASKED)
    assert "key=new" in before
    file.write_text(json.dumps({"router": {"newest": "x" * 32, "new": "n" * 32}}))
    ticks[0] += 2
    assert guard.check(ASKED, before) == "router"
    assert guard.check(ASKED, signed(file, time)) == "router"
    file.write_text(json.dumps({"router": {"newest": "y" * 32}}))
    ticks[0] += 2
    with pytest.raises(NotSigned):
        guard.check(ASKED, signer.header(ASKED))


def test_a_file_that_goes_away_later_stops_nobody(file, time):
    ticks = [0.0]
    keyring = Keyring(file, lambda: ticks[0])
    file.unlink()
    ticks[0] += 2
    assert keyring.of("router", "new") == b"n" * 32


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"router": "key"}', '{"router": {"k": 1}}', '{"router": {"k": "short"}}']
)
def test_a_file_that_holds_no_keys_is_named(file, text):
    file.write_text(text)
    with pytest.raises(BadKeyring, match=r"callers\.json"):
        Keyring(file)


def test_a_missing_file_and_a_missing_caller_are_named(tmp_path, file):
    with pytest.raises(BadKeyring, match=r"none\.json cannot be read"):
        Keyring(tmp_path / "none.json")
    with pytest.raises(BadKeyring, match="hospital keys"):
        Keyring(file).signing("nobody")
