"""A hospital as processes over a MySQL or MariaDB and a Kafka: what is set for it, and how it is begun."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from hospital.components.building import House
from hospital.components.settings import ComponentSettings, database_setting
from hospital.names import NAMES
from subgraphs.kernel.clock import Clock
from subgraphs.kernel.settings import Settings
from tests.forking.commands import started

_COMMAND_SECONDS = 240.0


def environment_of(folder: Path, urls: Mapping[str, str], broker: str, smtp_port: int) -> dict[str, str]:
    """`urls`: of the databases, by domain; `broker`: its address."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HOSPITAL_")}
    return own | {
        "HOSPITAL_DATA": str(folder / "data"),
        "HOSPITAL_CALLERS": str(folder / "callers.json"),
        "HOSPITAL_SECRET_KEY": "a secret of these components",
        "HOSPITAL_TIME_ZONE": "UTC",
        "HOSPITAL_KAFKA": broker,
        "HOSPITAL_SMTP_HOST": "127.0.0.1",
        "HOSPITAL_SMTP_PORT": str(smtp_port),
        "HOSPITAL_SMTP_TLS": "none",
        **{database_setting(name): url for name, url in urls.items()},
    }


def house_of(environment: Mapping[str, str], clock: Clock) -> House:
    """For a look into the same databases from this process."""
    given = {name.removeprefix("HOSPITAL_").lower(): value for name, value in environment.items()}
    own = {name: given[name] for name in Settings.model_fields if name in given}
    return House(Settings(**own), ComponentSettings(**given), clock)


@asynccontextmanager
async def databases_on(mysql_url: str) -> AsyncIterator[dict[str, str]]:
    """Addresses with users of their own, for `hospital databases` to make; both are gone afterwards."""
    names = {name: f"t{uuid4().hex[:8]}_{name}" for name in NAMES}
    server = make_url(mysql_url)
    try:
        yield {
            name: server.set(username=own, password="secret", database=own).render_as_string(hide_password=False)
            for name, own in names.items()
        }
    finally:
        engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for own in names.values():
                await connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {own}")
                await connection.exec_driver_sql(f"DROP USER IF EXISTS {own}")
        await engine.dispose()


async def begin(environment: Mapping[str, str], admin_url: str, email: str, password: str) -> None:
    """As the README says that one is begun, with a first login."""
    by_admin = {**environment, "HOSPITAL_DATABASE_ADMIN_URL": admin_url}
    await _ran(environment, "keys", environment["HOSPITAL_CALLERS"])
    await asyncio.gather(_ran(environment, "topics"), _ran(by_admin, "databases"))
    await _ran(environment, "create-admin", "--email", email, "--password", password)


async def _ran(environment: Mapping[str, str], *command: str) -> None:
    process = await asyncio.to_thread(started, *command, environment=environment)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_COMMAND_SECONDS):
            said = await asyncio.to_thread(process.stdout.read)
            assert await asyncio.to_thread(process.wait) == 0, said
    finally:
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
