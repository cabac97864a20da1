"""The root fields of doctors that read."""

import strawberry

from subgraphs.doctors.context import Info
from subgraphs.doctors.types import Department, Doctor, doctor_connection
from subgraphs.kernel.given import given
from subgraphs.kernel.pagination import Connection


@strawberry.type
class Query:
    @strawberry.field
    async def departments(self, info: Info) -> list[Department] | None:
        return [Department.of(row) for row in await info.context.service.departments()]

    @strawberry.field
    async def doctor(self, info: Info, id: strawberry.ID) -> Doctor | None:
        row = await info.context.loaders.doctors.load(id)
        return None if row is None else Doctor.of(row)

    @strawberry.field
    async def doctors(
        self,
        info: Info,
        specialty: str | None = strawberry.UNSET,
        department_id: strawberry.ID | None = strawberry.UNSET,
        search: str | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> Connection[Doctor] | None:
        service = info.context.service
        page, count = await service.search(given(specialty), given(department_id), given(search), first, given(after))
        return doctor_connection(page, count)
