"""Asking who owns a patient or doctor whether they were written: what decides about a login that is held for them."""

import asyncio

import structlog

from subgraphs.accounts.tables import AccountRow
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.signup import SubjectOwner

log = structlog.get_logger(__name__)


class Owners:
    """Made before the owners are, which ask accounts in their turn: whoever builds all of them adds them then."""

    def __init__(self) -> None:
        self._owners: dict[RoleName, SubjectOwner] = {}

    def add(self, role: RoleName, owner: SubjectOwner) -> None:
        self._owners[role] = owner

    async def have_written(self, held: AccountRow, within_seconds: float) -> bool | None:
        """Whether there is whom the login is held for; None when the owner cannot say, or not in time."""
        owner, subject_id = self._owners.get(held.role_name), held.patient_id or held.doctor_id
        if owner is None or subject_id is None:
            return None
        try:
            async with asyncio.timeout(within_seconds):
                return await owner.exists(subject_id)
        except Exception as error:
            log.warning("accounts.owner_cannot_say", role=held.role, subject_id=subject_id, error=error)
            return None
