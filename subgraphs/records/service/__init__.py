"""The use cases of records, one file each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.importing import Imported
from subgraphs.kernel.principal import Principal
from subgraphs.records import repository
from subgraphs.records.codes import FILE
from subgraphs.records.rules import Codes
from subgraphs.records.service import amending, breaking_glass, creating, filling_codes, importing
from subgraphs.records.service.amending import Amendment
from subgraphs.records.service.creating import NewRecord
from subgraphs.records.service.importing import ImportedAllergy, ImportedRecord
from subgraphs.records.service.writing import Written

__all__ = ["Amendment", "ImportedAllergy", "ImportedRecord", "NewRecord", "RecordService", "Written"]


@dataclass(frozen=True)
class RecordService:
    """What changes something raises Forbidden, Unauthenticated and Refused."""

    base: Foundation

    async def create(self, principal: Principal | None, given: NewRecord) -> Written:
        return await creating.create(self.base, principal, given)

    async def amend(self, principal: Principal | None, asked: Amendment) -> Written:
        return await amending.amend(self.base, principal, asked)

    async def break_glass(self, principal: Principal | None, patient_id: str, reason: str) -> datetime:
        """Gives the instant until which the patient is open to them."""
        return await breaking_glass.break_glass(self.base, principal, patient_id, reason)

    async def import_records(self, batch: Sequence[ImportedRecord], actor_name: str = "import") -> Imported:
        """Some hundreds at a time, in one transaction; safe to repeat."""
        return await importing.import_records(self.base, batch, Actor(name=actor_name))

    async def import_allergies(self, batch: Sequence[ImportedAllergy], actor_name: str = "import") -> Imported:
        return await importing.import_allergies(self.base, batch, Actor(name=actor_name))

    async def codes(self, asked: Collection[str]) -> Codes:
        """What there is of these codes of ICD-10-CM."""
        async with self.base.database.reading() as session:
            return await repository.codes(session, asked)

    async def fill_codes(self, path: Path = FILE) -> None:
        """At each start: takes in the list of codes that set-up made, if it is another than the last.

        Raises NoCodes where there is no list, and never was one.
        """
        await filling_codes.fill_codes(self.base, path)
