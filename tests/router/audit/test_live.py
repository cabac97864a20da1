from pathlib import Path

import pytest

from tests.router.audit.live import WHERE, main


async def told(capsys: pytest.CaptureFixture[str]) -> str:
    assert await main() == 2
    return capsys.readouterr().out


async def test_it_says_what_is_missing_to_run_the_audit_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(WHERE, raising=False)
    assert f"{WHERE} names no folder" in await told(capsys)

    monkeypatch.setenv(WHERE, str(tmp_path))
    assert "is no clone" in await told(capsys)

    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "cli.ts").touch()
    assert "npm install" in await told(capsys)
