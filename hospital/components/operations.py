"""What a command asks of a hospital of components: done over their databases, whether the components run or not."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from hospital.components.building import House
from hospital.components.dead_letters import ComponentLetters
from hospital.components.every_domain import domains_of
from hospital.components.needs import check_database
from hospital.components.settings import ComponentSettings
from hospital.domains import Domains
from hospital.folder import DataFolder
from hospital.operations import IMPORTS
from hospital.preparing import fill_codes
from hospital.problems import CannotDo
from hospital.settings import read_settings
from subgraphs.accounts.app import AccountsDomain
from subgraphs.audit.app import AuditDomain
from subgraphs.audit.service import Verification
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.importing import Imported
from subgraphs.records.rules import Codes
from workers.dead_letters import DeadLetter

G = TypeVar("G")


class ComponentOperations:
    """Each method raises CannotDo where something that it needs is not set, or not there."""

    def __init__(self, house: House, closing: AsyncExitStack) -> None:
        self._house, self._closing, self._letters = house, closing, ComponentLetters()
        self._importing: Domains | None = None

    async def create_admin(self, email: str, password: str) -> str:
        accounts = self._house.domain("accounts")
        assert isinstance(accounts, AccountsDomain)
        await self._reached(accounts.base)
        return (await accounts.service.create_admin(email, password)).email

    async def take(self, kind: type[G], batch: Sequence[G]) -> Imported:
        return await IMPORTS[kind](await self._domains())(batch)

    async def codes(self, asked: Collection[str]) -> Codes:
        return await (await self._domains()).records.service.codes(asked)

    async def settled(self) -> None:
        """What was taken is known to every copy when `take` returns."""

    async def dead_letters(self) -> list[DeadLetter]:
        return await self._letters.dead_letters()

    async def retry(self, id: str) -> DeadLetter:
        return await self._letters.retry(id)

    async def discard(self, id: str) -> DeadLetter:
        return await self._letters.discard(id)

    async def verify_audit(self) -> Verification:
        """Against the heads that the worker `timers` has signed, in the data folder."""
        audit = self._house.domain("audit")
        assert isinstance(audit, AuditDomain)
        await self._reached(audit.base)
        heads = DataFolder(self._house.settings.data).audit_heads
        if not heads.exists():
            told = "no head was signed yet, or the worker `timers` keeps them elsewhere"
            raise CannotDo(f"HOSPITAL_DATA: there is no {heads}: {told}.")
        return await audit.service.verify_all()

    async def _domains(self) -> Domains:
        """For an import: what these announce, their copies are told at once."""
        if self._importing is None:
            domains = domains_of(self._house)
            self._closing.push_async_callback(domains.mailbox.close)
            for base in domains.bases:
                await self._reached(base)
            await fill_codes(domains.records.service)
            _tell_copies(domains)
            self._importing = domains
        return self._importing

    async def _reached(self, base: Foundation) -> None:
        self._closing.push_async_callback(base.database.close)
        await check_database(base.name, base.database)


@asynccontextmanager
async def component_operations(components: ComponentSettings) -> AsyncIterator[ComponentOperations]:
    house = House(read_settings()[0], components)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(house.session.aclose)
        yield ComponentOperations(house, closing)


def _tell_copies(domains: Domains) -> None:
    """Whoever imports needs no broker for what refers to what was imported before; consumers drop what it brings."""
    copies = [each for each in domains.subscribers if each.database is not domains.audit.base.database]

    async def told(events: list[Envelope]) -> None:
        for copy in copies:
            if wanted := [event for event in events if event.topic in copy.topics]:
                await copy.receive(wanted)

    for base in domains.bases:
        base.database.after_commit = told
