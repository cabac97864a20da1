"""A new version of a record by who wrote it; the old one stays."""

from dataclasses import dataclass
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import Forbidden
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.versions import check_version
from subgraphs.records import access, repository, rules
from subgraphs.records.events import MedicalRecordAmended
from subgraphs.records.rules import CodeSystem
from subgraphs.records.service import seeing, writing
from subgraphs.records.service.writing import Written
from subgraphs.records.tables import MedicalRecordRow


@dataclass(frozen=True, slots=True)
class Amendment:
    """`changes` by attribute: what was given, None where it is to be cleared."""

    id: str
    reason: str
    changes: dict[str, Any]
    expected_version: int | None = None


async def amend(base: Foundation, principal: Principal | None, asked: Amendment) -> Written:
    """What changes nothing gives the record as it is, without a new version. Raises Forbidden, Refused, …"""
    access.WRITE.require(principal)
    doctor, reason = signed_in(principal), rules.reason(asked.reason)
    listed = await writing.surroundings(base, asked.changes.get("diagnoses") or ())

    async def work(session: AsyncSession) -> Written:
        row = await _own(session, base, doctor, asked.id)
        check_version(row.version, asked.expected_version)
        around = _knowing_own(listed, row)
        values = writing.columns(rules.checked_changes(asked.changes, row.treated_at, around))
        changed = {name: value for name, value in values.items() if value != getattr(row, name)}
        if not changed:
            return Written(row, is_new=False)
        await repository.save(session, row, **changed, updated_at=around.now)
        writing.add_version(session, row, recorded_at=around.now, by_account_id=doctor.account_id, reason=reason)
        base.outbox.record(session, MedicalRecordAmended(**writing.state_of(row)), Actor.of(doctor))
        return Written(row, is_new=True)

    async with base.denials.concealing(doctor, "amendMedicalRecord"):
        return await base.database.transaction(work)


def _knowing_own(around: rules.Surroundings, row: MedicalRecordRow) -> rules.Surroundings:
    """A code that the record has already keeps its words, also where the list has it no more."""
    kept = (each for each in writing.diagnoses_of(row) if each.system is CodeSystem.ICD10CM)
    return around.knowing({each.code: each.display or "" for each in kept})


async def _own(session: AsyncSession, base: Foundation, doctor: Principal, id: str) -> MedicalRecordRow:
    row = await seeing.written_record(session, base, doctor, id)
    if row.doctor_id != doctor.doctor_id:
        raise Forbidden("Another doctor wrote this record.", seeing.target(row))
    return row
