"""The use cases of appointments, one file each, and the one who rings for the stream when something has changed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from subgraphs.appointments import access, changes, repository
from subgraphs.appointments.repository import Filter
from subgraphs.appointments.service import booking, importing, pruning, rescheduling, transitions
from subgraphs.appointments.service.booking import Booking
from subgraphs.appointments.service.importing import ImportedVisit
from subgraphs.appointments.service.seeing import seen
from subgraphs.appointments.service.transitions import Request, Transition
from subgraphs.appointments.stream import ChangeSignal
from subgraphs.appointments.tables import AppointmentRow
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import NotFound
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.importing import Imported
from subgraphs.kernel.pagination import Page, PageRequest, page_of
from subgraphs.kernel.principal import Principal

__all__ = ["AppointmentService", "Booking", "ImportedVisit", "Request", "Transition"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, and how many there are, asked only where it is wanted."""

    page: Page[AppointmentRow]
    count: Callable[[], Awaitable[int]]


@dataclass(frozen=True)
class AppointmentService:
    """What changes something raises Forbidden, Unauthenticated and Refused, and gives the appointment as it now is."""

    base: Foundation
    signal: ChangeSignal

    async def book(self, principal: Principal | None, wanted: Booking) -> AppointmentRow:
        return await self._told(booking.book(self.base, principal, wanted))

    async def perform(self, principal: Principal | None, transition: Transition, asked: Request) -> AppointmentRow:
        return await self._told(transitions.perform(self.base, principal, transition, asked))

    async def reschedule(self, principal: Principal | None, asked: Request, start: datetime) -> AppointmentRow:
        return await self._told(rescheduling.reschedule(self.base, principal, asked, start))

    async def appointment(self, principal: Principal | None, id: str) -> AppointmentRow | None:
        """None for what one may not see, which is noted. Raises Forbidden, Unauthenticated."""
        access.APPOINTMENT.require(principal)
        asking = signed_in(principal)
        try:
            async with self.base.denials.concealing(asking, "appointment"), self.base.database.reading() as session:
                return await seen(session, asking, id, self.base.clock.now())
        except NotFound:
            return None

    async def appointments(self, principal: Principal | None, narrowed: Filter, wanted: PageRequest) -> Listed:
        """The page of what the principal sees. Raises Forbidden, Unauthenticated."""
        access.APPOINTMENT.require(principal)
        async with self.base.database.reading() as session:
            where = await repository.listed_for(session, signed_in(principal), self.base.clock.now(), narrowed)
            rows = await repository.page(session, where, wanted)

        async def count() -> int:
            async with self.base.database.reading() as session:
                return await repository.count(session, where)

        return Listed(page_of(rows, wanted), count)

    async def changes_cursor(self, principal: Principal | None) -> str:
        """Raises Forbidden, Unauthenticated."""
        access.APPOINTMENT.require(principal)
        async with self.base.database.reading() as session:
            return changes.cursor((await changes.reach(session)).last)

    async def import_visits(self, batch: Sequence[ImportedVisit]) -> Imported:
        return await importing.import_visits(self.base, batch)

    async def prune_changes(self, before: datetime) -> int:
        return await pruning.prune_changes(self.base, before)

    async def prune_claims(self, before: datetime) -> int:
        return await pruning.prune_claims(self.base, before)

    async def _told(self, doing: Awaitable[AppointmentRow]) -> AppointmentRow:
        row = await doing
        self.signal.ring()
        return row
