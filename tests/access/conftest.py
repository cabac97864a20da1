"""One furnished hospital for the whole of a walk: what it finds is only looked at, or put back."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio

from tests.access.ward import Ward, furnished
from tests.e2e.hospital import open_hospital
from tests.hospital.conftest import never_used, new_folder

__all__ = ["never_used", "new_folder"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ward(new_folder: Callable[[], Path]) -> AsyncIterator[Ward]:
    async with open_hospital(new_folder()) as hospital:
        yield await furnished(hospital)
