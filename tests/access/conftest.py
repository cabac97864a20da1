"""One furnished hospital for the whole of a walk: what it finds is only looked at, or put back."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.access.ward import Ward, furnished
from tests.e2e.hospital import open_hospital


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ward(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ward]:
    async with open_hospital(tmp_path_factory.mktemp("ward")) as hospital:
        yield await furnished(hospital)
