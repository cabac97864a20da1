"""Changing a doctor's data, and the end of a doctor's time here."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors import access, repository, rules
from subgraphs.doctors.events import DoctorDeactivated
from subgraphs.doctors.service.changing import Change, changed
from subgraphs.doctors.service.departments import check_department
from subgraphs.doctors.service.writing import derived
from subgraphs.doctors.tables import DoctorRow
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.versions import check_version


async def update(
    base: Foundation, principal: Principal | None, id: str, given: dict[str, Any], expected_version: int | None
) -> DoctorRow:
    """An inactive doctor's data can still be put right."""
    access.DATA.require(principal)
    values = rules.changes(given)

    async def work(session: AsyncSession, row: DoctorRow) -> None:
        check_version(row.version, expected_version)
        if "department_id" in values:
            await check_department(session, values["department_id"])
        for name, value in derived(values).items():
            setattr(row, name, value)
        if "name" in values:
            await repository.replace_words(session, row)

    return await changed(base, principal, Change(id, "id", work))


async def deactivate(
    base: Foundation, principal: Principal | None, id: str, reason: str | None, expected_version: int | None
) -> DoctorRow:
    """What is booked stays: appointments hears of it and takes no more. The reason stands in the audit trail."""
    access.DEACTIVATE.require(principal)
    why = rules.reason(reason)

    async def work(session: AsyncSession, row: DoctorRow) -> None:
        check_version(row.version, expected_version)
        rules.still_active(row.active, "id")
        row.active = False

    return await changed(base, principal, Change(id, "id", work, DoctorDeactivated, why))
