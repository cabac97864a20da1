"""The use cases of doctors."""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors import access, rules
from subgraphs.doctors.events import DepartmentCreated
from subgraphs.doctors.tables import DepartmentRow
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.search import normalise


@dataclass(frozen=True)
class DoctorService:
    base: Foundation

    async def create_department(self, principal: Principal | None, name: str) -> DepartmentRow:
        """Raises Forbidden, Unauthenticated, InvalidInput."""
        access.DEPARTMENTS.require(principal)
        wanted = rules.department_name(name)

        async def work(session: AsyncSession) -> DepartmentRow:
            row = DepartmentRow(id=new_id(), name=wanted, sort_name=normalise(wanted), created_at=self.base.clock.now())
            session.add(row)
            event = DepartmentCreated(department_id=row.id, name=row.name)
            self.base.outbox.record(session, event, Actor.of(principal))
            return row

        return await self.base.database.transaction(work)
