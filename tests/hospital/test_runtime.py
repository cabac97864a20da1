"""Opening a hospital in this process, and closing it in order."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from hospital import runtime as runtimes
from hospital.folder import DataFolder
from hospital.problems import CannotDo
from hospital.runtime import open_runtime
from subgraphs.audit.service import AuditService
from subgraphs.kernel.settings import Settings
from subgraphs.records.service import RecordService

PASSWORD = "a long pass phrase"


async def open_and_close(path: Path, email: str = "a@example.com", work: Any = None) -> None:
    folder = DataFolder(path)
    with folder.opened():
        async with open_runtime(folder, Settings(data=path)) as runtime:
            await runtime.domains.accounts.service.create_admin(email, PASSWORD)
            if work is not None:
                await work()


def signed(path: Path) -> list[int]:
    """The sequences of the signed heads."""
    return [json.loads(line)["sequence"] for line in (path / "audit-heads.jsonl").read_text().splitlines()]


@pytest.fixture
def unused(new_folder: Callable[[], Path]) -> Path:
    return new_folder()


async def test_the_head_that_covers_everything_is_signed_when_it_closes(unused: Path):
    await open_and_close(unused)
    await open_and_close(unused, "b@example.com")
    assert signed(unused) == [1, 2]


async def test_it_is_signed_when_the_work_failed_too(unused: Path):
    async def fail() -> None:
        raise RuntimeError("so it goes")

    with pytest.raises(RuntimeError, match="so it goes"):
        await open_and_close(unused, work=fail)
    assert signed(unused) == [1]


async def test_closing_waits_for_a_head_some_seconds_at_most(unused: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runtimes, "LAST_HEAD_SECONDS", 0.1)
    monkeypatch.setattr(AuditService, "sign_head", lambda self: asyncio.sleep(60))
    started = time.monotonic()
    await open_and_close(unused)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("left", ["{}", "{}\n"])
async def test_no_failure_is_in_the_way_of_closing(unused: Path, left: str):
    """Half a line is dropped; a whole one that nobody signed is kept to be found."""
    (unused / "audit-heads.jsonl").write_text(left)
    await open_and_close(unused)
    lines = (unused / "audit-heads.jsonl").read_text().splitlines()
    assert (lines[0] == "{}", len(lines)) == (left.endswith("\n"), 1)


async def test_another_secret_than_its_own_opens_nothing_and_changes_nothing(unused: Path):
    await open_and_close(unused)
    before = dump(unused)
    folder, wrong = DataFolder(unused), Settings(data=unused, secret_key=SecretStr("quite another secret key"))
    with folder.opened(), pytest.raises(CannotDo, match="HOSPITAL_SECRET_KEY"):
        async with open_runtime(folder, wrong):
            pass
    assert dump(unused) == before
    await open_and_close(unused, "b@example.com")


async def test_a_hospital_without_a_list_of_codes_says_how_to_get_one(
    tmp_path: Path, unused: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(RecordService.fill_codes, "__defaults__", (tmp_path / "none.tsv",))
    with pytest.raises(CannotDo, match="`make setup` makes it"):
        await open_and_close(tmp_path / "new")
    await open_and_close(unused)


def dump(path: Path) -> list[str]:
    with sqlite3.connect(path / "accounts.db") as database:
        return list(database.iterdump())
