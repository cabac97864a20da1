"""Commands as people give them, and one hospital that is open for all tests of its module."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hospital.folder import DataFolder
from hospital.runtime import Runtime, open_runtime
from subgraphs.kernel.settings import Settings
from tests.hospital.processes import Command, Running, hospital_up


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(capsys, monkeypatch)


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hospital") / "data"


@pytest.fixture(scope="module")
def running(shared_folder: Path) -> Iterator[Running]:
    with hospital_up(shared_folder) as opened:
        yield opened


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[Runtime]:
    folder = DataFolder(tmp_path / "data")
    with folder.opened():
        async with open_runtime(folder, Settings(data=folder.path)) as opened:
            yield opened
