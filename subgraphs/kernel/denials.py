"""What every domain announces when it says no: `access.denied`, in a transaction of its own."""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database
from subgraphs.kernel.errors import Target
from subgraphs.kernel.events import Action, Actor, Event, Outcome
from subgraphs.kernel.outbox import Outbox
from subgraphs.kernel.principal import Principal

_ONE_MINUTE = timedelta(minutes=1)
_REMEMBERED = 10_000


class AccessDenied(Event):
    """A FORBIDDEN, or a thing asked for by id that exists and may not be seen. `deed` is the field asked for."""

    type = "access.denied"
    action = Action.EXECUTE
    resource_type = "Operation"
    outcome = Outcome.DENIED

    deed: str
    denied_type: str
    denied_id: str | None = None
    patient_id: str | None = None

    def key(self) -> str:
        return self.denied_id or self.deed

    def audited_resource(self) -> str | None:
        return self.denied_id

    def audited_resource_type(self) -> str:
        return self.denied_type

    def audited_patient(self) -> str | None:
        return self.patient_id

    def audited_reason(self) -> str | None:
        return self.deed


class DenialLog:
    """Announces refusals; equal ones of one actor within a minute are announced once."""

    def __init__(self, database: Database, outbox: Outbox, clock: Clock) -> None:
        self._database, self._outbox, self._clock = database, outbox, clock
        self._noted: dict[tuple[str, str, Target], datetime] = {}

    async def note(self, principal: Principal, deed: str, target: Target | None) -> None:
        refused = target or Target()
        if not self._is_new((principal.account_id, deed, refused)):
            return
        denied = AccessDenied(deed=deed, denied_type=refused.type, denied_id=refused.id, patient_id=refused.patient_id)

        async def work(session: AsyncSession) -> None:
            self._outbox.record(session, denied, Actor.of(principal))

        try:
            await self._database.transaction(work)
        except Exception:
            self._noted.pop((principal.account_id, deed, refused), None)
            raise

    def _is_new(self, denial: tuple[str, str, Target]) -> bool:
        now = self._clock.now()
        if len(self._noted) > _REMEMBERED:
            self._noted.clear()
        noted_at = self._noted.get(denial)
        if noted_at is not None and now - noted_at < _ONE_MINUTE:
            return False
        self._noted[denial] = now
        return True
