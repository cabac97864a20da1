"""Commands as people give them, and one hospital that is open for all tests of its module."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from hospital.folder import DataFolder
from hospital.runtime import Runtime, open_runtime
from subgraphs.kernel.settings import Settings
from tests.hospital.processes import Running, command, hospital_up

__all__ = ["command"]


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hospital") / "data"


@pytest.fixture(scope="module")
def running(shared_folder: Path) -> Iterator[Running]:
    with hospital_up(shared_folder) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def records_with_codes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of records with the list of codes in it, which takes a while to fill."""
    folder = DataFolder(tmp_path_factory.mktemp("codes") / "data")
    with folder.opened():
        async with open_runtime(folder, Settings(data=folder.path)):
            pass
    return folder.path / "records.db"


@pytest.fixture
async def runtime(tmp_path: Path, records_with_codes: Path) -> AsyncIterator[Runtime]:
    folder = DataFolder(tmp_path / "data")
    with folder.opened():
        shutil.copy(records_with_codes, folder.path)
        async with open_runtime(folder, Settings(data=folder.path)) as opened:
            yield opened
