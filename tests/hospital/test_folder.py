"""The data folder: one process at a time, and secrets for its owner alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from hospital.folder import DataFolder, InUse, write_privately


def test_one_process_has_it_open(tmp_path: Path):
    folder = DataFolder(tmp_path / "data")
    with folder.opened():
        with pytest.raises(InUse) as taken, folder.opened():
            pass
        assert taken.value.occupant.socket == str(tmp_path / "data" / "control.sock")
    with folder.opened():
        pass


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path):
    folder = DataFolder(tmp_path / "data")
    code = f"""
import os, pathlib, signal
from hospital.folder import DataFolder
with DataFolder(pathlib.Path({str(folder.path)!r})).opened() as socket:
    socket.write_text("left behind")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with folder.opened() as socket:
        assert not socket.exists()


def test_a_long_path_has_its_socket_elsewhere(tmp_path: Path):
    with DataFolder(tmp_path / ("d" * 100)).opened() as socket:
        assert len(str(socket)) < 100
        assert socket.parent.stat().st_mode & 0o777 == 0o700
    assert not socket.parent.exists()


def test_the_secret_is_made_once(tmp_path: Path):
    folder = DataFolder(tmp_path / "data")
    with folder.opened():
        first = folder.secret_key()
        assert len(first) >= 32
        assert folder.secret_key() == first
    assert (folder.path / "secret-key").stat().st_mode & 0o777 == 0o600


def test_a_private_file_is_written_whole(tmp_path: Path):
    path = tmp_path / "note"
    write_privately(path, "first")
    write_privately(path, "second")
    assert path.read_text() == "second"
    assert [entry.name for entry in tmp_path.iterdir()] == ["note"]


def test_a_private_file_that_cannot_be_written_leaves_what_was_there_and_nothing_beside_it(tmp_path: Path):
    path = tmp_path / "note"
    write_privately(path, "first")
    with pytest.raises(UnicodeEncodeError):
        write_privately(path, "half a surrogate: \ud800")
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"note": "first"}
