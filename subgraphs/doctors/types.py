"""The GraphQL types and inputs of doctors."""

from enum import Enum
from typing import Self

import strawberry

from subgraphs.doctors.context import Info
from subgraphs.doctors.tables import DepartmentRow
from subgraphs.kernel.refusals import Refusal


@strawberry.enum
class ErrorCode(Enum):
    INVALID_INPUT = "INVALID_INPUT"


@strawberry.federation.type(shareable=True)
class UserError(Refusal):
    codes = ErrorCode

    code: ErrorCode
    message: str
    field: list[str] | None = strawberry.field(description='Path into the input, e.g. ["medicines", "0", "dosage"].')


@strawberry.federation.type(keys=["id"])
class Department:
    id: strawberry.ID
    name: str

    @classmethod
    def of(cls, row: DepartmentRow) -> Self:
        return cls(id=strawberry.ID(row.id), name=row.name)

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Department | None":
        row = await info.context.loaders.departments.load(id)
        return None if row is None else cls.of(row)


@strawberry.input
class CreateDepartmentInput:
    name: str


@strawberry.type
class DepartmentPayload:
    department: Department | None
    errors: list[UserError]
