"""A hospital as processes over a MariaDB and a Kafka of its own, whose mail a post office of the test takes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hospital.domains import NAMES
from tests.e2e.hiring import ADMIN
from tests.e2e.hospital import PASSWORD
from tests.hospital.supervisor.processes import Processes, up
from tests.services import kafka, mariadb
from tests.workers.post import PostOffice, open_office

DURABLE = ("--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=ON")
SCALE = ("router=2", "relay=2", "copies=2", "appointments=2")


@dataclass(frozen=True)
class StormyHospital:
    processes: Processes
    database: mariadb.Server
    broker: kafka.Broker
    office: PostOffice
    data: Path


def missing() -> str | None:
    """What of the machine it cannot do without."""
    if not mariadb.can_run():
        return mariadb.MISSING
    return None if kafka.can_run() else "no Kafka: `make services` says what it needs"


@asynccontextmanager
async def stormy_hospital(folder: Path) -> AsyncIterator[StormyHospital]:
    """As the README says that one is begun."""
    office, scale = PostOffice(), [word for each in SCALE for word in ("--scale", each)]
    with ExitStack() as servers:
        database = servers.enter_context(mariadb.running(_made(folder / "mariadb"), *DURABLE))
        broker = servers.enter_context(kafka.broker(_made(folder / "kafka")))
        async with open_office(office) as post:
            environment = _environment(folder, database, broker) | {"HOSPITAL_SMTP_PORT": str(post.port)}
            for command in (["keys", environment["HOSPITAL_CALLERS"]], ["databases"], ["topics"], _FIRST_LOGIN):
                await _ran(environment, *command)
            async with up(*scale, environment=environment) as processes:
                yield StormyHospital(processes, database, broker, office, folder / "data")


_FIRST_LOGIN = ["create-admin", "--email", ADMIN, "--password", PASSWORD]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _environment(folder: Path, database: mariadb.Server, broker: kafka.Broker) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("HOSPITAL_")}
    return own | {
        "HOSPITAL_DATA": str(folder / "data"),
        "HOSPITAL_CALLERS": str(folder / "callers.json"),
        "HOSPITAL_SECRET_KEY": "a secret of these components",
        "HOSPITAL_KAFKA": broker.address,
        "HOSPITAL_SMTP_HOST": "127.0.0.1",
        "HOSPITAL_SMTP_TLS": "none",
        "HOSPITAL_DATABASE_ADMIN_URL": database.url(),
        **{f"HOSPITAL_{name.upper()}_DATABASE_URL": database.url(f"{name}:secret", name) for name in NAMES},
    }


async def _ran(environment: dict[str, str], *command: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "hospital", *command, env=environment)
    assert await process.wait() == 0, command
