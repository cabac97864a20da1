"""Departments, which doctors belong to."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors import access, repository, rules
from subgraphs.doctors.events import DepartmentCreated
from subgraphs.doctors.service.writing import new_department
from subgraphs.doctors.tables import DepartmentRow
from subgraphs.kernel.errors import NotFound
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id, new_id
from subgraphs.kernel.principal import Principal


async def create_department(base: Foundation, principal: Principal | None, name: str) -> DepartmentRow:
    access.DEPARTMENTS.require(principal)
    wanted = rules.name(name, "A department's name")

    async def work(session: AsyncSession) -> DepartmentRow:
        row = new_department(new_id(), wanted, base.clock.now())
        session.add(row)
        base.outbox.record(session, DepartmentCreated(department_id=row.id, name=row.name), Actor.of(principal))
        return row

    return await base.database.transaction(work)


async def check_department(session: AsyncSession, id: str) -> None:
    """Raises NotFound for one that is not there."""
    if not is_id(id) or id not in await repository.departments_by_id(session, [id]):
        raise NotFound("department", "departmentId")
