"""What a command asks of a hospital: done here where the folder is free, over the socket where it is in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hospital.runtime import Runtime
from subgraphs.appointments.service.importing import ImportedVisit
from subgraphs.audit.service import Verification
from subgraphs.doctors.service.importing import ImportedDepartment, ImportedDoctor
from subgraphs.kernel.importing import Imported
from subgraphs.patients.service.importing import ImportedPatient
from workers.dead_letters import DeadLetter, DeadLetters


class Operations(Protocol):
    async def create_admin(self, email: str, password: str) -> str:
        """The e-mail of the new login. Raises Refused."""
        ...

    async def import_departments(self, batch: Sequence[ImportedDepartment]) -> Imported: ...
    async def import_doctors(self, batch: Sequence[ImportedDoctor]) -> Imported: ...
    async def import_patients(self, batch: Sequence[ImportedPatient]) -> Imported: ...
    async def import_visits(self, batch: Sequence[ImportedVisit]) -> Imported: ...

    async def settled(self) -> None:
        """Returns when all that was announced so far is known to every domain."""
        ...

    async def dead_letters(self) -> list[DeadLetter]: ...

    async def replay(self, id: str) -> DeadLetter:
        """Raises NoSuchDeadLetter, or what the consumer raises."""
        ...

    async def verify_audit(self) -> Verification: ...


@dataclass(frozen=True)
class LocalOperations:
    runtime: Runtime

    async def create_admin(self, email: str, password: str) -> str:
        return (await self.runtime.domains.accounts.service.create_admin(email, password)).email

    async def import_departments(self, batch: Sequence[ImportedDepartment]) -> Imported:
        return await self.runtime.domains.doctors.service.import_departments(batch)

    async def import_doctors(self, batch: Sequence[ImportedDoctor]) -> Imported:
        return await self.runtime.domains.doctors.service.import_doctors(batch)

    async def import_patients(self, batch: Sequence[ImportedPatient]) -> Imported:
        return await self.runtime.domains.patients.service.import_patients(batch)

    async def import_visits(self, batch: Sequence[ImportedVisit]) -> Imported:
        return await self.runtime.domains.appointments.service.import_visits(batch)

    async def settled(self) -> None:
        await self.runtime.delivery.settled()

    async def dead_letters(self) -> list[DeadLetter]:
        return await DeadLetters(self.runtime.delivery.subscribers).waiting()

    async def replay(self, id: str) -> DeadLetter:
        return await DeadLetters(self.runtime.delivery.subscribers).replay(id)

    async def verify_audit(self) -> Verification:
        return await self.runtime.domains.audit.service.verify_all()
