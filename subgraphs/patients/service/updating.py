"""Changing a patient's data."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import NotFound, Target
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.hidden import Hidden, noting_denials
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.versions import check_version
from subgraphs.patients import access, repository, rules
from subgraphs.patients.events import PatientUpdated
from subgraphs.patients.service.writing import derived, state_of, surroundings
from subgraphs.patients.tables import PatientRow


async def update(
    base: Foundation, principal: Principal | None, id: str, changes: dict[str, Any], expected_version: int | None
) -> PatientRow:
    """What changes nothing gives the patient as it is, without a new version."""
    access.UPDATE.require(principal)
    async with noting_denials(base, signed_in(principal), "updatePatient"):
        await _check_reach(base, principal, id)

    async def work(session: AsyncSession) -> PatientRow:
        row = await repository.patient(session, id)
        if row is None:
            raise NotFound("patient", "id")
        check_version(row.version, expected_version)
        changed = _changed(base, row, changes)
        if changed:
            await repository.change(session, row, {**derived(changed), "updated_at": base.clock.now()})
            base.outbox.record(session, PatientUpdated(**state_of(row)), Actor.of(principal))
        return row

    return await base.database.transaction(work)


async def _check_reach(base: Foundation, principal: Principal | None, id: str) -> None:
    """Raises NotFound, or Hidden, for a patient who is not one's own to see."""
    if is_id(id) and access.may_update(principal, id):
        return
    async with base.database.reading() as session:
        known = is_id(id) and await repository.patient(session, id) is not None
    if known:
        raise Hidden("patient", "id", Target("Patient", id, id))
    raise NotFound("patient", "id")


def _changed(base: Foundation, row: PatientRow, changes: dict[str, Any]) -> dict[str, Any]:
    """The values that become others; what is given as it stands is not judged again. Raises Refused."""
    around = surroundings(base)
    given = {name: value for name, value in changes.items() if value != getattr(row, name)}
    values = rules.checked(given, around)
    rules.check_life(values.get("dob", row.dob), values.get("deceased_at", row.deceased_at), around)
    return {name: value for name, value in values.items() if value != getattr(row, name)}
