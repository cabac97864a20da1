"""The root fields of doctors that change something."""

import strawberry

from subgraphs.doctors.context import Info
from subgraphs.doctors.types import CreateDepartmentInput, Department, DepartmentPayload, UserError
from subgraphs.kernel.errors import Refused


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def create_department(self, info: Info, input: CreateDepartmentInput) -> DepartmentPayload | None:
        try:
            row = await info.context.service.create_department(info.context.principal, input.name)
        except Refused as refused:
            return DepartmentPayload(department=None, errors=UserError.all_of(refused))
        return DepartmentPayload(department=Department.of(row), errors=[])
