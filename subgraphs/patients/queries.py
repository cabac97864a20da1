"""The root fields of patients that read."""

import strawberry

from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import NotFound
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
        try:
            async with info.context.service.base.denials.concealing(signed_in(principal), "patient"):
                return Patient.of(await loaders.seen(id))
        except NotFound:
            return None

    @strawberry.field
    async def patients(
        self, info: Info, search: str | None = strawberry.UNSET, first: int = 20, after: str | None = strawberry.UNSET
    ) -> Connection[Patient] | None:
        service, principal = info.context.service, info.context.principal
        page, count = await service.search(principal, given(search), first, given(after))
        return connection(page, repository.BY_NAME, Patient.of, count)
