"""What every domain announces when it says no: `access.denied`, in a transaction of its own."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import bindparam, delete, insert
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database
from subgraphs.kernel.errors import Hidden, NotFound, Target
from subgraphs.kernel.events import Action, Actor, Event, Outcome
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.last_minute import LastMinute
from subgraphs.kernel.outbox import Outbox
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.rows import run, table_of
from subgraphs.kernel.tables import PositionRow

EVEN_SECONDS = 0.03

_NOTHING = table_of(PositionRow)
_ADD_NOTHING = insert(_NOTHING)
_DROP_NOTHING = delete(_NOTHING).where(_NOTHING.c.consumer == bindparam("added"))


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
    """Announces refusals; equal ones of one actor within a minute are announced once.

    `even_seconds`: what is hidden and what is unknown are both told a whole number of these after they were asked for.
    """

    def __init__(self, database: Database, outbox: Outbox, clock: Clock, *, even_seconds: float = EVEN_SECONDS) -> None:
        self._database, self._outbox = database, outbox
        self._even_seconds = even_seconds
        self._noted = LastMinute(clock)

    @asynccontextmanager
    async def concealing(self, principal: Principal, deed: str) -> AsyncIterator[None]:
        """Around a look-up or a change by id, outside its transaction: notes what was Hidden from the principal.

        Nobody learns from the time that it takes whether a thing is unknown or hidden: both wait for a turn to write,
        and for the same moment.
        """
        asked_at = time.monotonic()
        try:
            yield
        except NotFound as refused:
            if not (isinstance(refused, Hidden) and await self.note(principal, deed, refused.target)):
                await self._database.transaction(write_nothing)
            await asyncio.sleep(self._even_seconds - (time.monotonic() - asked_at) % self._even_seconds)
            raise

    async def note(self, principal: Principal, deed: str, target: Target | None) -> bool:
        """Whether it was announced now."""
        refused = target or Target()
        equal = (principal.account_id, deed, refused)
        denied = AccessDenied(deed=deed, denied_type=refused.type, denied_id=refused.id, patient_id=refused.patient_id)

        async def work(session: AsyncSession) -> None:
            self._outbox.record(session, denied, Actor.of(principal))

        with self._noted.announcing(equal) as is_new:
            if is_new:
                await self._database.transaction(work)
        return is_new


async def write_nothing(session: AsyncSession) -> None:
    """A transaction that costs what one with a denial costs: it writes a row, and takes it away again."""
    id = new_id()
    await run(session, _ADD_NOTHING, {"consumer": id, "topic": "", "position": 0})
    await run(session, _DROP_NOTHING, {"added": id})
