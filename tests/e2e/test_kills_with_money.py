"""The hospital is killed while people book, pay and are paid back; then its files alone must add up.

`HOSPITAL_TEST_KILLS` says how often (with `--timeout 0` where that takes minutes), and
`HOSPITAL_TEST_SEED` repeats a run.
"""

import asyncio
import os
import random
import time
from collections import Counter, deque
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from hospital.folder import DataFolder
from hospital.runtime import keeping_time, open_runtime
from subgraphs.kernel.settings import Settings
from tests.e2e.books import Books
from tests.e2e.comparison import check, check_the_checks
from tests.e2e.hiring import ADMIN, Hired, hire
from tests.e2e.hospital import PASSWORD, MovableClock
from tests.e2e.lives import CONSOLE, STRIPE, Life, Staff, rivals
from tests.e2e.processes import Process, make_admin, running
from tests.subgraphs.billing.stripe_standin import SECRET, stripe

KILLS = int(os.environ.get("HOSPITAL_TEST_KILLS", "2"))
SEED = int(os.environ.get("HOSPITAL_TEST_SEED", random.randrange(10**6)))
CLIENTS, PATIENCE_SECONDS = 8, 3.0
LATER_SECONDS = 45.0
"""How much later it is at each start: what the payments' provider left open is due by then."""


async def live(lives: Sequence[Life], staff: Staff) -> int:
    """Some at once; gives how many were cut off. Who waits too long for an answer asks again."""
    waiting = deque(life for life in lives if not life.is_over)
    cut_off = 0

    async def client() -> None:
        nonlocal cut_off
        while waiting:
            life = waiting.popleft()
            try:
                await life.go_on(staff)
            except TimeoutError:
                waiting.append(life)
            except (aiohttp.ClientError, ConnectionError):
                cut_off += 1
                return

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return cut_off


async def killed_in_the_middle(process: Process, lives: Sequence[Life], staff: Staff, after_seconds: float) -> int:
    """After so long, but while half of what there was to do is still to be done."""
    living, half = asyncio.create_task(live(lives, staff)), sum(not life.is_over for life in lives) / 2
    deadline = time.monotonic() + after_seconds
    while time.monotonic() < deadline and sum(not life.is_over for life in lives) > half:  # noqa: ASYNC110  (nobody rings)
        await asyncio.sleep(0.01)
    await process.kill()
    return await living


async def settled(folder: Path, after_starts: int) -> None:
    """A last start, long after: what waited is asked, told and sent, as the files say."""
    clock, data, books = MovableClock(), DataFolder(folder), Books(folder)
    clock.ahead = timedelta(seconds=after_starts * LATER_SECONDS, hours=1)
    with data.opened():
        async with open_runtime(data, Settings(data=folder), clock) as runtime, keeping_time(runtime):
            async with asyncio.timeout(60):
                await runtime.delivery.settled()
                while books.waits():
                    await asyncio.sleep(0.1)
                    await runtime.delivery.settled()


async def lived_through(folder: Path, kills: int, tokens: Sequence[str]) -> list[Life]:
    """The lives that people led there, all of them over, while the hospital was killed so often."""
    chance = random.Random(SEED)
    print(f"HOSPITAL_TEST_SEED={SEED}")  # noqa: T201  (pytest shows it where the test fails)
    await make_admin(folder, ADMIN, PASSWORD)
    lives: list[Life] = []
    hired: Hired | None = None
    cut_off = 0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS)) as session:
        for start in range(kills + 1):
            async with running(folder, session, start * LATER_SECONDS) as process:
                if hired is None:
                    hired = await hire(process.gate)
                    doctors, slots = list(hired.doctors.values()), hired.slots[: 3 * (kills + 1)]
                    lives = rivals(chance, doctors, hired.patients, slots, tokens)
                staff = await hired.signed_in(process.gate)
                if start < kills:
                    cut_off += await killed_in_the_middle(process, lives, staff, chance.uniform(0.05, 1.0))
                else:
                    await live(lives, staff)
                    process.terminate()
                    assert await process.ended() == 0
    assert cut_off >= kills, "it was killed too late to tell anything"
    return lives


async def test_killed_while_money_moves_it_loses_and_doubles_nothing(tmp_path: Path):
    folder = tmp_path / "data"
    lives = await lived_through(folder, KILLS, CONSOLE)
    await settled(folder, after_starts=KILLS + 1)
    check(Books(folder), lives)
    check_the_checks(folder, lives, tmp_path / "copy")


async def test_killed_while_stripe_is_asked_it_charges_and_gives_back_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As the stand-in of Stripe counts it, which is not killed."""
    folder, kills = tmp_path / "data", (KILLS + 1) // 2
    async with stripe() as provider:
        monkeypatch.setenv("HOSPITAL_PAYMENT_PROVIDER", "stripe")
        monkeypatch.setenv("HOSPITAL_STRIPE_SECRET_KEY", SECRET)
        monkeypatch.setenv("HOSPITAL_STRIPE_URL", provider.url)
        lives = await lived_through(folder, kills, STRIPE)
        for intent in provider.intents.values():
            if intent["status"] == "processing":
                intent["status"] = "succeeded"
                provider.charged.append(intent["id"])
        await settled(folder, after_starts=kills + 1)
    books = Books(folder)
    check(books, lives)
    statement = "SELECT id FROM payments WHERE method IN ('CARD', 'UPI') AND status IN ({})"
    taken, back = (
        Counter(row["id"] for row in books.rows("billing", statement.format(statuses)))
        for statuses in ("'SUCCESS', 'REFUNDED'", "'REFUNDED'")
    )
    paid_by = {intent["id"]: intent["metadata[payment]"] for intent in provider.intents.values()}
    assert Counter(paid_by[id] for id in provider.charged) == taken
    assert Counter(paid_by[refund["payment_intent"]] for refund in provider.refunds) == back
