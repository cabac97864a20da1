"""Opening one patient to one account for an hour, for a reason that the patient reads in their own trail."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import NotFound
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import Principal
from subgraphs.records import access, repository, rules
from subgraphs.records.events import GlassBroken


async def break_glass(base: Foundation, principal: Principal | None, patient_id: str, reason: str) -> datetime:
    """Gives the instant until which it is open. Raises Forbidden, Unauthenticated, Refused."""
    access.BREAK.require(principal)
    doer, why = signed_in(principal), rules.reason(reason)

    async def work(session: AsyncSession) -> datetime:
        if not is_id(patient_id) or not await repository.known_patients(session, [patient_id]):
            raise NotFound("patient", "patientId")
        now = base.clock.now()
        until = now + rules.GLASS_BROKEN_FOR
        event = GlassBroken(
            account_id=doer.account_id, patient_id=patient_id, reason=why, broken_at=now, expires_at=until
        )
        await repository.keep_glass(session, event)
        base.outbox.record(session, event, Actor.of(doer))
        return until

    async with base.denials.concealing(doer, "breakGlass"):
        return await base.arrivals.decided(lambda: base.database.transaction(work), NotFound, keys=[patient_id])
