"""One hospital for all stories of a run: each brings its own people, and takes nothing for granted of the others."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.facts import Facts
from tests.e2e.hospital import OneProcess, open_hospital
from tests.hospital.conftest import never_used, new_folder

__all__ = ["never_used", "new_folder"]

pytest.register_assert_rewrite("tests.e2e.books", "tests.e2e.comparison", "tests.e2e.tellings")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hospital(new_folder: Callable[[], Path]) -> AsyncIterator[OneProcess]:
    async with open_hospital(new_folder()) as opened:
        yield opened


@pytest.fixture
def facts(hospital: OneProcess) -> Iterator[Facts]:
    """What stands in its databases."""
    opened = Facts(hospital.runtime.folder.path)
    yield opened
    opened.close()
