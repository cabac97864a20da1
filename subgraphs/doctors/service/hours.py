"""Setting a doctor's weekly hours."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors import access, repository, rules
from subgraphs.doctors.service.changing import Change, changed, check_hours_are_ones_own
from subgraphs.doctors.tables import DoctorRow
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.versions import check_version


async def set_availability(
    base: Foundation,
    principal: Principal | None,
    doctor_id: str,
    windows: Sequence[rules.Window],
    expected_version: int | None,
) -> DoctorRow:
    access.HOURS.require(principal)
    await check_hours_are_ones_own(base, principal, doctor_id)
    hours = rules.weekly_hours(windows)

    async def work(session: AsyncSession, row: DoctorRow) -> None:
        check_version(row.version, expected_version)
        rules.still_active(row.active, "doctorId")
        await repository.replace_hours(session, row.id, hours)

    return await changed(base, principal, Change(doctor_id, "doctorId", work))
