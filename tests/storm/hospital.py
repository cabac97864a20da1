"""A hospital as processes over a MariaDB and a Kafka of its own, whose mail a post office of the test takes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hospital.components.every_domain import domains_of
from hospital.names import NAMES
from subgraphs.kernel.clock import SystemClock
from tests.e2e.hiring import ADMIN
from tests.e2e.hospital import PASSWORD
from tests.hospital.supervisor.processes import Processes, up
from tests.services import kafka, mariadb
from tests.services.components import begin, environment_of, house_of
from tests.services.unread import Groups, groups_of
from tests.workers.post import PostOffice, open_office
from workers.kafka.settings import KafkaSettings

DURABLE = ("--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=ON")
SCALE = ("router=2", "relay=2", "copies=2", "appointments=2")


@dataclass(frozen=True)
class StormyHospital:
    processes: Processes
    database: mariadb.Server
    broker: kafka.Broker
    office: PostOffice
    data: Path
    environment: Mapping[str, str]


def missing() -> str | None:
    """What of the machine it cannot do without."""
    if not mariadb.can_run():
        return mariadb.MISSING
    return None if kafka.can_run() else kafka.MISSING


@asynccontextmanager
async def stormy_hospital(folder: Path, partitions: int) -> AsyncIterator[StormyHospital]:
    """As the README says that one is begun."""
    office, scale = PostOffice(), [word for each in SCALE for word in ("--scale", each)]
    with ExitStack() as servers:
        database = servers.enter_context(mariadb.running(_made(folder / "mariadb"), *DURABLE))
        broker = servers.enter_context(kafka.broker(_made(folder / "kafka"), mortal=True))
        async with open_office(office) as post:
            urls = {name: database.url(f"{name}:secret", name) for name in NAMES}
            environment = environment_of(folder, urls, broker.address, post.port) | {
                "HOSPITAL_KAFKA_PARTITIONS": str(partitions)
            }
            await begin(environment, database.url(), ADMIN, PASSWORD)
            async with up(*scale, environment=environment) as processes:
                yield StormyHospital(processes, database, broker, office, folder / "data", environment)


@asynccontextmanager
async def consumers_of(hospital: StormyHospital) -> AsyncIterator[Groups]:
    house = house_of(hospital.environment, SystemClock())
    domains = domains_of(house)
    try:
        async with groups_of(KafkaSettings(HOSPITAL_KAFKA=hospital.broker.address), domains.subscribers) as groups:
            yield groups
    finally:
        await domains.close()
        await house.session.aclose()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
