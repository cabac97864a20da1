"""The root fields of patients that read."""

import strawberry

from subgraphs.kernel.given import given
from subgraphs.kernel.pagination import Connection, connection
from subgraphs.patients import access, repository
from subgraphs.patients.context import Info
from subgraphs.patients.types import Patient


@strawberry.type
class Query:
    @strawberry.field
    async def patient(self, info: Info, id: strawberry.ID) -> Patient | None:
        principal, loaders = info.context.principal, info.context.loaders
        access.PATIENT.require(principal)
        row = await loaders.visible(id)
        if row is not None:
            return Patient.of(row)
        if principal is not None and await loaders.patients.load(id) is not None:
            await info.context.service.note_unseen(principal, id)
        return None

    @strawberry.field
    async def patients(
        self, info: Info, search: str | None = strawberry.UNSET, first: int = 20, after: str | None = strawberry.UNSET
    ) -> Connection[Patient] | None:
        service, principal = info.context.service, info.context.principal
        page, count = await service.search(principal, given(search), first, given(after))
        return connection(page, repository.BY_NAME, Patient.of, count)
