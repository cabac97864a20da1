"""What tests of several folders stand on: databases, and logs that are plain."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from subgraphs.kernel.database import Database
from tests.logs import plain_logs
from tests.services import kafka, mariadb
from tests.services.compiled import share_compiled
from tests.services.databases import Databases, OnServer, SqliteFiles
from tests.services.shared import KINDS, Shared, reach

plain_logs()
share_compiled()

pytest_plugins = ["tests.hangs"]


LONGEST = (
    "storm",
    "e2e/test_stories_over_processes",
    "workers/kafka",
    "hospital/supervisor",
    "gateways",
    "hospital/components",
    "hospital/test_backup",
    "e2e/test_kills",
)
"""They wait for servers more than they work: begun first, the others run beside them."""


SHARED = pytest.StashKey[Shared]()
SHARED_AT = "servers are asked for at"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[SHARED] = Shared(KINDS)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[SHARED_AT] = node.config.stash[SHARED].address


def pytest_unconfigure(config: pytest.Config) -> None:
    if SHARED in config.stash:
        config.stash[SHARED].close()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing of what is collected is garbage, now or later: to look for it would take a fifth of the time.

    It comes back into sight with `gc.unfreeze`: a collection takes half a second from then on.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(tuple(f"tests/{each}" for each in LONGEST)))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What comes to a database is tested over each kind, unless it is marked as being about one of them."""
    if "databases" in metafunc.fixturenames:
        about = [kind for kind in ("sqlite", "mysql") if metafunc.definition.get_closest_marker(kind)]
        metafunc.parametrize("databases", about or ["sqlite", "mysql"], indirect=True)


@pytest.fixture
def databases(request: pytest.FixtureRequest) -> Databases:
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    return databases


@pytest.fixture
async def database_of(databases: Databases) -> AsyncIterator[Callable[[str], Awaitable[Database]]]:
    """Opens a database with the tables of a domain, for this test alone."""
    async with AsyncExitStack() as stack:

        async def opened(domain: str) -> Database:
            return await stack.enter_async_context(databases.migrated(domain))

        yield opened


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def mysql_databases(mysql_url: str) -> Iterator[OnServer]:
    databases = OnServer(mysql_url)
    yield databases
    asyncio.run(databases.close())


@pytest.fixture(scope="session")
def reached(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """How a server that this whole run shares is reached, by its kind."""
    config = request.config
    at = config.stash[SHARED].address if SHARED in config.stash else getattr(config, "workerinput")[SHARED_AT]  # noqa: B009
    return lambda kind: reach(kind, tmp_path_factory.mktemp(kind), at=at)


@pytest.fixture(scope="session")
def mysql_url(reached: Callable[[str], Any]) -> str:
    """An administrator's, on the server that HOSPITAL_TEST_MYSQL_URL names or on one for this run."""
    given = os.environ.get("HOSPITAL_TEST_MYSQL_URL")
    if given:
        return given
    need(mariadb.can_run(), mariadb.MISSING)
    return str(reached("mariadb"))


@pytest.fixture(scope="session")
def kafka_jars() -> None:
    """There is what a broker is made of."""
    need(kafka.can_run(), kafka.MISSING)


@pytest.fixture(scope="session")
def kafka_of_run(kafka_jars: None, reached: Callable[[str], Any]) -> kafka.Reached:
    found: kafka.Reached = reached("kafka")
    return found


@pytest.fixture(scope="session")
def broker_of_run(kafka_of_run: kafka.Reached) -> str:
    """The address of a broker that nobody has used before this run. The topics of domains are for one file alone."""
    return kafka_of_run.plain


@pytest.fixture(scope="session")
def broker_address(request: pytest.FixtureRequest) -> str:
    """HOSPITAL_TEST_KAFKA, or the broker of the run: topics there have names that nobody else gives."""
    return os.environ.get("HOSPITAL_TEST_KAFKA") or str(request.getfixturevalue("broker_of_run"))


def need(is_there: bool, missing: str) -> None:
    if not is_there:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
