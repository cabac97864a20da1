"""The root fields of doctors that read."""

import strawberry

from subgraphs.doctors import repository
from subgraphs.doctors.context import Info
from subgraphs.doctors.types import Department


@strawberry.type
class Query:
    @strawberry.field
    async def departments(self, info: Info) -> list[Department] | None:
        async with info.context.service.base.database.reading() as session:
            return [Department.of(row) for row in await repository.all_departments(session)]
