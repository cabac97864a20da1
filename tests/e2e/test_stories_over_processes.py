"""The stories of one process, told again of a hospital as processes: over MariaDB, Kafka and an SMTP server.

One such hospital for all of them, as it takes long to open. What is marked as being about one process is left out.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e import (
    test_known_faults,
    test_money,
    test_notifications,
    test_stories,
    test_streams,
    test_tabs,
)
from tests.e2e.components import Components, open_components

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(400)]

STORIES = (test_tabs, test_stories, test_money, test_streams, test_notifications, test_known_faults)
"""The tabs first: their screens show all that is there."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hospital(
    tmp_path_factory: pytest.TempPathFactory, broker_of_run: str, mysql_url: str
) -> AsyncIterator[Components]:
    async with open_components(tmp_path_factory.mktemp("processes"), mysql_url, broker_of_run) as opened:
        yield opened


def told_again() -> dict[str, Any]:
    """By name, the tests of the stories."""
    told: dict[str, Any] = {}
    for story in STORIES:
        own = {name: value for name, value in vars(story).items() if name.startswith("test_") and _is_for_both(value)}
        assert not told.keys() & own.keys(), "two stories have one name"
        told |= own
    return told


def _is_for_both(test: Any) -> bool:
    return all(mark.name != "one_process" for mark in getattr(test, "pytestmark", ()))


globals().update(told_again())
people = test_money.people
