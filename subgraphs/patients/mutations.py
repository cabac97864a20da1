"""The root fields of patients that change something."""

import strawberry

from subgraphs.kernel.errors import Refused
from subgraphs.kernel.given import given
from subgraphs.patients.context import Info
from subgraphs.patients.types import Patient, PatientPayload, RegisterPatientInput, UpdatePatientInput, UserError

_REGISTER = (
    "Open to anyone with a password (self sign-up: patient and login in one step, all or nothing), "
    "or to front desk staff without one."
)


@strawberry.type
class Mutation:
    @strawberry.mutation(description=_REGISTER)
    async def register_patient(self, info: Info, input: RegisterPatientInput) -> PatientPayload | None:
        try:
            row = await info.context.service.register(info.context.principal, input.registration())
        except Refused as refused:
            return PatientPayload(patient=None, errors=UserError.all_of(refused))
        return PatientPayload(patient=Patient.of(row), errors=[])

    @strawberry.mutation
    async def update_patient(self, info: Info, input: UpdatePatientInput) -> PatientPayload | None:
        principal, expected = info.context.principal, given(input.expected_version)
        try:
            row = await info.context.service.update(principal, input.id, input.changes(), expected)
        except Refused as refused:
            return PatientPayload(patient=None, errors=UserError.all_of(refused))
        return PatientPayload(patient=Patient.of(row), errors=[])
