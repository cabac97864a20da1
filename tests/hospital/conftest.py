"""Commands as people give them, and one hospital that is open for all tests of its module."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from hospital.folder import DataFolder
from hospital.runtime import Runtime, open_runtime
from subgraphs.accounts.hashing import PasswordHashing
from subgraphs.kernel.settings import Settings
from tests.e2e.hospital import CHEAP
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


@pytest.fixture
async def runtime(tmp_path: Path, never_used: Path) -> AsyncIterator[Runtime]:
    folder = DataFolder(Path(shutil.copytree(never_used, tmp_path / "data")))
    with folder.opened():
        async with open_runtime(folder, Settings(data=folder.path)) as opened:
            object.__setattr__(opened.domains.accounts.service, "hashing", PasswordHashing(CHEAP))
            yield opened
