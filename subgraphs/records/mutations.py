"""The root fields of records that change something."""

from collections.abc import Awaitable

import strawberry

from subgraphs.kernel.errors import Refused
from subgraphs.records.context import Info
from subgraphs.records.inputs import AmendMedicalRecordInput, BreakGlassInput, CreateMedicalRecordInput
from subgraphs.records.service import Written
from subgraphs.records.types import BreakGlassPayload, MedicalRecord, MedicalRecordPayload, Patient, UserError


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def create_medical_record(self, info: Info, input: CreateMedicalRecordInput) -> MedicalRecordPayload | None:
        return await _payload(info, info.context.service.create(info.context.principal, input.meant()))

    @strawberry.mutation(description="Never overwrites: a new version, the old one stays readable.")
    async def amend_medical_record(self, info: Info, input: AmendMedicalRecordInput) -> MedicalRecordPayload | None:
        return await _payload(info, info.context.service.amend(info.context.principal, input.meant()))

    @strawberry.mutation(
        description="DOCTOR, ADMIN: opens one patient's data and records for an hour, for a reason, audited."
    )
    async def break_glass(self, info: Info, input: BreakGlassInput) -> BreakGlassPayload | None:
        info.context.renew()
        doing = info.context.service.break_glass(info.context.principal, input.patient_id, input.reason)
        try:
            until = await doing
        except Refused as refused:
            return BreakGlassPayload(patient=None, expires_at=None, errors=UserError.all_of(refused))
        return BreakGlassPayload(patient=Patient(id=input.patient_id), expires_at=until, errors=[])


async def _payload(info: Info, doing: Awaitable[Written]) -> MedicalRecordPayload:
    """What was just written is in the trail as that; what was there before is read."""
    info.context.renew()
    try:
        written = await doing
    except Refused as refused:
        return MedicalRecordPayload(medical_record=None, errors=UserError.all_of(refused))
    if not written.is_new:
        await info.context.reads.note(written.row)
    return MedicalRecordPayload(medical_record=MedicalRecord.of(written.row), errors=[])
