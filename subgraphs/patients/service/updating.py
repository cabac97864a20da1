"""Changing a patient's data."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import Hidden, NotFound, Target
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
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
    doer = signed_in(principal)

    async def work(session: AsyncSession) -> PatientRow:
        row = await _within_reach(session, doer, id)
        check_version(row.version, expected_version)
        changed = _changed(base, row, changes)
        if changed:
            await repository.change(session, row, {**derived(changed), "updated_at": base.clock.now()})
            base.outbox.record(session, PatientUpdated(**state_of(row)), Actor.of(doer))
        return row

    async with base.denials.concealing(doer, "updatePatient"):
        return await base.database.transaction(work)


async def _within_reach(session: AsyncSession, doer: Principal, id: str) -> PatientRow:
    """The patient, if it is theirs to update. Raises NotFound, Hidden."""
    row = await repository.patient(session, id) if is_id(id) else None
    if row is None:
        raise NotFound("patient", "id")
    if not access.may_update(doer, id):
        raise Hidden("patient", "id", Target("Patient", id, id))
    return row


def _changed(base: Foundation, row: PatientRow, changes: dict[str, Any]) -> dict[str, Any]:
    """The values that become others; what is given as it stands is not judged again. Raises Refused."""
    around = surroundings(base)
    given = {name: value for name, value in changes.items() if value != getattr(row, name)}
    values = rules.checked(given, around)
    rules.check_life(values.get("dob", row.dob), values.get("deceased_at", row.deceased_at), around)
    return {name: value for name, value in values.items() if value != getattr(row, name)}
