"""The kernel under test: its own tables alone, on a database of its own."""

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import settings
from sqlmodel import func, select

from subgraphs.kernel.foundation import Foundation

settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")


@pytest.fixture
async def base(make_base) -> Foundation:
    return await make_base("kernel")


@pytest.fixture
def count_of(base) -> Callable[[type], Awaitable[int]]:
    """How many rows of a table are committed."""

    async def count(row_class: type) -> int:
        async with base.database.reading() as session:
            return (await session.exec(select(func.count()).select_from(row_class))).one()

    return count
