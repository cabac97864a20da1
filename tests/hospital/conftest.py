"""Commands as people give them, one hospital that is open for all tests of its module, and new ones to copy."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from hospital.folder import DataFolder
from hospital.runtime import Runtime, open_runtime
from subgraphs.kernel.settings import Settings
from tests.e2e.hospital import hash_cheaply
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
async def never_used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new hospital: all tables, and the list of codes, take a while to make."""
    folder = DataFolder(tmp_path_factory.mktemp("never-used") / "data")
    with folder.opened():
        async with open_runtime(folder, Settings(data=folder.path)):
            pass
    return folder.path


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory: pytest.TempPathFactory, never_used: Path) -> Callable[[], Path]:
    """Makes one of a hospital that was never used."""
    return lambda: Path(shutil.copytree(never_used, tmp_path_factory.mktemp("hospital") / "data"))


@pytest.fixture
async def runtime(new_folder: Callable[[], Path]) -> AsyncIterator[Runtime]:
    folder = DataFolder(new_folder())
    with folder.opened():
        async with open_runtime(folder, Settings(data=folder.path)) as opened:
            hash_cheaply(opened)
            yield opened
