"""A backup of MySQL, the loss of everything, and the way back, as docs/operations.md says it."""

import asyncio
import time

from tests.containers.compose import PROJECT, Compose, run
from tests.containers.day import Staff, Town
from tests.containers.telling import SECONDS, a_visit, say, told

DOMAINS = ("accounts", "patients", "doctors", "appointments", "records", "billing", "notifications", "audit")
CONSUMERS = ("copies", "audit-trail")
HEADS = "/data/audit-heads.jsonl"
WORKERS = ("relay", *CONSUMERS, "email", "sms", "timers")


async def what_was_saved_comes_back(compose: Compose, town: Town, staff: Staff) -> None:
    compose("stop", *CONSUMERS)  # so that Kafka has what nobody has handled
    visit = await town.lives_through(staff)
    await _published(compose)
    heads = await _signed(compose)
    saved = compose.mysql("mysqldump", "--single-transaction", "--set-gtid-purged=OFF", "--databases", *DOMAINS)
    compose.start()
    lost = await town.lives_through(staff)
    await told(town, staff, lost)
    await _signed(compose, heads)
    _lose(compose)
    _restore(compose, saved, heads)
    compose.start("--scale", "router=2")
    assert await town.bills(visit) == ["PAID"]
    await told(town, staff, visit)
    assert not await town.is_known(lost.email)
    await a_visit(town, staff)
    await _signed(compose, heads)
    compose("exec", "--no-TTY", "timers", "hospital", "verify-audit")
    say("saved, lost and restored: what was saved is there, the trail is intact, and work goes on")


async def _published(compose: Compose) -> None:
    """Until Kafka has everything that happened."""
    waiting = _in_each("SELECT COUNT(*) FROM {}.outbox WHERE published_at IS NULL;")
    until = time.monotonic() + SECONDS
    while set(compose.mysql("mysql", "--skip-column-names", given=waiting).split()) != {b"0"}:
        assert time.monotonic() < until
        await asyncio.sleep(0.3)


async def _signed(compose: Compose, before: bytes = b"") -> bytes:
    """The heads when the timers, which sign soon after they start, have signed one more."""
    compose("restart", "timers")
    until = time.monotonic() + SECONDS
    while len(heads := compose("exec", "--no-TTY", "timers", "sh", "-c", f"touch {HEADS}; cat {HEADS}")) <= len(before):
        assert time.monotonic() < until
        await asyncio.sleep(0.5)
    return heads


def _lose(compose: Compose) -> None:
    compose("stop", *DOMAINS, *WORKERS)
    compose("rm", "--stop", "--force", "kafka", "mail")  # what was mailed since is mailed again: here it is forgotten
    run("docker", "volume", "rm", f"{PROJECT}_kafka")
    compose.mysql("mysql", given=_in_each("DROP DATABASE {};"))


def _restore(compose: Compose, saved: bytes, heads: bytes) -> None:
    compose.mysql("mysql", given=saved)
    written = ("--no-deps", "--no-TTY", "--entrypoint", "sh", "timers", "-c", f"cat > {HEADS}")
    compose("run", "--rm", *written, given=heads)
    compose.mysql("mysql", given=_in_each("UPDATE {}.outbox SET published_at = NULL;"))


def _in_each(statement: str) -> bytes:
    return "".join(statement.format(name) for name in DOMAINS).encode()
