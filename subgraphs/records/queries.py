"""The root field of records that reads."""

import strawberry

from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import NotFound
from subgraphs.records import access
from subgraphs.records.context import Info
from subgraphs.records.types import MedicalRecord


@strawberry.type
class Query:
    @strawberry.field
    async def medical_record(self, info: Info, id: strawberry.ID) -> MedicalRecord | None:
        principal, context = info.context.principal, info.context
        access.RECORD.require(principal)
        try:
            async with context.service.base.denials.concealing(signed_in(principal), "medicalRecord"):
                row = await context.loaders.seen(id)
        except NotFound:
            return None
        return await MedicalRecord.read(info, row)
