"""Whose records somebody sees, and finding the patient or the record that they name."""

from collections.abc import Collection

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.errors import Hidden, NotFound, Target
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import Principal
from subgraphs.records import access, repository
from subgraphs.records.tables import MedicalRecordRow


def target(row: MedicalRecordRow) -> Target:
    return Target("MedicalRecord", row.id, row.patient_id)


async def seen_patients(
    session: AsyncSession, base: Foundation, principal: Principal | None, ids: Collection[str]
) -> set[str]:
    """Those of the patients whose records they see: their own, whom they treat, and whose glass they have broken."""
    by_seat = {id for id in ids if access.sees_by_seat(principal, id, treating=False)}
    if principal is None or not access.may_break(principal):
        return by_seat
    known = [id for id in ids if is_id(id)]
    if not known:
        return by_seat
    doctor_id = access.doctor_id_of(principal)
    return by_seat | await repository.reached(session, doctor_id, principal.account_id, known, base.clock.now())


async def sees(session: AsyncSession, base: Foundation, principal: Principal | None, patient_id: str) -> bool:
    return patient_id in await seen_patients(session, base, principal, [patient_id])


async def written_record(session: AsyncSession, base: Foundation, principal: Principal, id: str) -> MedicalRecordRow:
    """The record, if they may see it. Raises NotFound, Hidden."""
    row = await repository.record(session, id) if is_id(id) else None
    if row is None:
        raise NotFound("medical record", "id")
    if not await sees(session, base, principal, row.patient_id):
        raise Hidden("medical record", "id", target(row))
    return row
