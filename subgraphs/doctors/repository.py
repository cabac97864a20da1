"""Every SELECT and INSERT of doctors."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors.tables import DepartmentRow


async def all_departments(session: AsyncSession) -> Sequence[DepartmentRow]:
    statement = select(DepartmentRow).order_by(col(DepartmentRow.sort_name), col(DepartmentRow.id))
    return (await session.exec(statement)).all()


async def departments_by_id(session: AsyncSession, ids: Sequence[str]) -> dict[str, DepartmentRow]:
    rows = (await session.exec(select(DepartmentRow).where(col(DepartmentRow.id).in_(ids)))).all()
    return {row.id: row for row in rows}
