"""What a command asks of a hospital: done here where the folder is free, over the socket where it is in use."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from hospital.domains import Domains
from hospital.runtime import Runtime
from subgraphs.appointments.service.importing import ImportedVisit
from subgraphs.audit.service import Verification
from subgraphs.doctors.service.importing import ImportedDepartment, ImportedDoctor
from subgraphs.kernel.importing import Imported
from subgraphs.patients.service.importing import ImportedPatient
from subgraphs.records.rules import Codes
from subgraphs.records.service import ImportedAllergy, ImportedRecord
from workers.contract import CONTRACT
from workers.dead_letters import DeadLetter, DeadLetters

G = TypeVar("G")
Taker = Callable[[Sequence[Any]], Awaitable[Imported]]

IMPORTS: dict[type, Callable[[Domains], Taker]] = {
    ImportedDepartment: lambda domains: domains.doctors.service.import_departments,
    ImportedDoctor: lambda domains: domains.doctors.service.import_doctors,
    ImportedPatient: lambda domains: domains.patients.service.import_patients,
    ImportedVisit: lambda domains: domains.appointments.service.import_visits,
    ImportedRecord: lambda domains: domains.records.service.import_records,
    ImportedAllergy: lambda domains: domains.records.service.import_allergies,
}
"""What can be imported, and which use case takes it."""


class Operations(Protocol):
    async def create_admin(self, email: str, password: str) -> str:
        """The e-mail of the new login. Raises Refused."""
        ...

    async def take(self, kind: type[G], batch: Sequence[G]) -> Imported:
        """Imports a batch of one of IMPORTS, whole, in one transaction."""
        ...

    async def codes(self, asked: Collection[str]) -> Codes:
        """What there is of these codes of ICD-10-CM."""
        ...

    async def settled(self) -> None:
        """Returns when all that was announced so far is known to every domain."""
        ...

    async def dead_letters(self) -> list[DeadLetter]: ...

    async def retry(self, id: str) -> DeadLetter:
        """Raises NoSuchDeadLetter, or what the consumer raises."""
        ...

    async def discard(self, id: str) -> DeadLetter:
        """Forgets it, unhandled. Raises NoSuchDeadLetter."""
        ...

    async def verify_audit(self) -> Verification: ...


@dataclass(frozen=True)
class LocalOperations:
    runtime: Runtime

    async def create_admin(self, email: str, password: str) -> str:
        return (await self.runtime.domains.accounts.service.create_admin(email, password)).email

    async def take(self, kind: type[G], batch: Sequence[G]) -> Imported:
        return await IMPORTS[kind](self.runtime.domains)(batch)

    async def codes(self, asked: Collection[str]) -> Codes:
        return await self.runtime.domains.records.service.codes(asked)

    async def settled(self) -> None:
        await self.runtime.delivery.settled()

    async def dead_letters(self) -> list[DeadLetter]:
        return await self._dead_letters.waiting()

    async def retry(self, id: str) -> DeadLetter:
        return await self._dead_letters.retry(id)

    async def discard(self, id: str) -> DeadLetter:
        return await self._dead_letters.discard(id)

    @property
    def _dead_letters(self) -> DeadLetters:
        return DeadLetters(self.runtime.delivery.subscribers, CONTRACT)

    async def verify_audit(self) -> Verification:
        return await self.runtime.domains.audit.service.verify_all()
