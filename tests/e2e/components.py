"""A hospital as processes over a MariaDB and a Kafka, whose mail a post office of the test takes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import text
from sqlmodel import col, func, select

from hospital.components.every_domain import domains_of
from subgraphs.kernel.database import Database
from subgraphs.kernel.events import topic_of
from subgraphs.kernel.tables import OutboxRow
from tests.e2e.hospital import ADMIN, ISSUER, PASSWORD, Gate, Hospital, MovableClock, schema_of
from tests.hospital.supervisor.processes import up
from tests.services.components import begin, databases_on, environment_of, house_of
from tests.services.unread import Groups, groups_of
from tests.workers.post import PostOffice, open_office
from workers.kafka.dead_letters import DeadLetterTopic
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.settings import KafkaSettings

SCALE = ("--scale", "router=2")
SECONDS = 60.0  # in which what was announced is read, on a busy machine too


@dataclass(frozen=True, kw_only=True)
class Components(Hospital):
    office: PostOffice
    groups: Groups
    publisher: KafkaPublisher
    dead_letters: DeadLetterTopic

    async def settled(self) -> None:
        async with asyncio.timeout(SECONDS):
            while not await self._is_settled():  # noqa: ASYNC110 (it asks others)
                await asyncio.sleep(0.05)

    async def _is_settled(self) -> bool:
        """What was read before the outboxes were looked at again has brought nothing about."""
        before = await self._announced()
        if any(published < written for written, published in before):
            return False
        return not await self.groups.unread() and await self._announced() == before

    async def _announced(self) -> list[tuple[int, int]]:
        """For each outbox, how many events stand there and how many of them the broker has."""
        return await asyncio.gather(*(_events_of(base.database) for base in self.domains.bases))

    async def outgoing(self) -> list[dict[str, Any]]:
        """SMS are in the mailbox: no provider takes them."""
        texts = [{"id": row.id, "to": row.to, "subject": "", "text": row.text} for row in await self._texts()]
        mails = {mail["id"]: mail for mail in [*texts, *map(_mail, self.office.taken)]}
        return [mails[id] for id in sorted(mails, reverse=True)]

    async def _texts(self) -> Any:
        return await self.domains.mailbox.newest()

    async def announce(self, domain: str, body: str) -> None:
        [hindered] = await self.publisher.publish(topic_of(domain), [(b"a test", body.encode())])
        assert hindered is None, hindered

    async def buried(self, consumer: str) -> list[str]:
        return [letter.body for letter in await self.dead_letters.waiting() if letter.consumer == consumer]

    async def written(self, domain: str) -> bytes:
        database: Database = getattr(self.domains, domain).base.database
        async with database.reading() as session:
            connection = await session.connection()
            tables = [name for (name,) in await connection.execute(text("SHOW TABLES"))]
            rows = [(await connection.execute(text(f"SELECT * FROM `{name}`"))).all() for name in tables]  # noqa: S608
        return repr(rows).encode()


async def _events_of(database: Database) -> tuple[int, int]:
    counted = select(func.count(), func.count(col(OutboxRow.published_at))).select_from(OutboxRow)
    async with database.reading() as session:
        written, published = (await session.exec(counted)).one()
    return written, published


def _mail(taken: tuple[str, Any]) -> dict[str, Any]:
    to, mail = taken
    plain = mail.get_body(("plain",))
    assert plain is not None
    id = str(mail["Message-ID"]).strip("<>").partition("@")[0]
    return {"id": id, "to": to, "subject": str(mail["Subject"]), "text": plain.get_content()}


@asynccontextmanager
async def open_components(folder: Path, mysql_url: str, broker: str) -> AsyncIterator[Components]:
    """With databases of its own on that server, whose administrator the address names; topics it shares with nobody."""
    office = PostOffice()
    async with databases_on(mysql_url) as urls, open_office(office) as post:
        environment = environment_of(folder, urls, broker, post.port) | {"HOSPITAL_PUBLIC_URL": ISSUER}
        await begin(environment, mysql_url, ADMIN, PASSWORD)
        async with up(*SCALE, environment=environment) as processes, aiohttp.ClientSession() as session:
            gate = Gate(processes.url, session)
            async with looked_into(gate, environment, office) as hospital:
                await hospital.hire()
                yield hospital


@asynccontextmanager
async def looked_into(gate: Gate, environment: Mapping[str, str], office: PostOffice) -> AsyncIterator[Components]:
    clock = MovableClock()
    house = house_of(environment, clock)
    domains = domains_of(house)
    settings = KafkaSettings(HOSPITAL_KAFKA=environment["HOSPITAL_KAFKA"])
    publisher = KafkaPublisher(settings, "test")
    served = domains, clock, await schema_of(gate)
    try:
        async with groups_of(settings, domains.subscribers) as groups:
            letters = DeadLetterTopic(settings, clock, publisher)
            asked = {"office": office, "groups": groups, "publisher": publisher, "dead_letters": letters}
            yield Components(gate.url, gate.session, *served, **asked)
    finally:
        await publisher.aclose()
        await domains.close()
        await house.session.aclose()
