"""The use cases of audit."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.audit import access, repository, rules
from subgraphs.audit.heads import BadHead, Heads, SignedHead
from subgraphs.audit.repository import NEWEST_FIRST, Head, Unreadable, Wanted
from subgraphs.audit.rules import BEGINNING, Entry, Mark
from subgraphs.audit.tables import AuditEventRow
from subgraphs.kernel.access import seat_towards, signed_in
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.pagination import Page, page_of
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.rows import add_row, write_rows
from subgraphs.kernel.scalars import print_date_time

log = structlog.get_logger(__name__)

RECHECKED = 5000
_BATCH = 200


class ChainBroken(Exception):
    """The chain does not hold from the event of that sequence on."""

    def __init__(self, sequence: int, why: str | None = None) -> None:
        super().__init__(why or f"the audit chain is broken at event {sequence}")
        self.sequence = sequence


@dataclass(frozen=True, slots=True)
class Found:
    """One page, and what was looked for as far as the caller may see it."""

    page: Page[AuditEventRow]
    seen: Wanted


@dataclass(frozen=True, slots=True)
class ChainState:
    head: Mark
    first_broken: int | None


@dataclass(frozen=True, slots=True)
class Verification:
    """The whole chain against itself and the signed heads; `problems` say in words what does not hold."""

    head: Mark
    signed_heads: int
    signed_up_to: int
    first_broken: int | None
    problems: tuple[str, ...]

    @property
    def intact(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class AuditService:
    """`recheck`: how many of the newest events `chain` checks again though they were verified before."""

    base: Foundation
    heads: Heads
    recheck: int = RECHECKED

    async def record(self, session: AsyncSession, messages: Sequence[Envelope]) -> None:
        """Adds the messages to the trail, each once. Raises ValueError for one without sensible audit attributes."""
        entries = {message.id: rules.entry(message) for message in messages}
        head = await repository.locked_head(session)
        recorded = await repository.recorded_among(session, entries)
        newest = head
        for entry in entries.values():
            if entry.id not in recorded and not await _is_repeated(session, entry):
                chained = rules.chained(entry, newest, self.base.clock.now())
                add_row(session, AuditEventRow, **rules.values_of(chained))
                newest = Mark(chained.sequence, chained.hash)
        if newest != head:
            await repository.move_head(session, newest)

    async def events(self, principal: Principal | None, wanted: Wanted, first: int, after: str | None) -> Found:
        """The auditor's whole trail, or a patient's own. Raises Unauthenticated, Forbidden, BadUserInput."""
        access.EVENTS_OF_A_PATIENT.require(principal)
        request = NEWEST_FIRST.request(first, after)
        seen = _seen(signed_in(principal), wanted)
        async with self.base.database.reading() as session:
            rows = await repository.page(session, seen, request)
        return Found(page_of(rows, request), seen)

    async def count(self, seen: Wanted) -> int:
        async with self.base.database.reading() as session:
            return await repository.count(session, seen)

    async def chain(self, principal: Principal | None) -> ChainState:
        """Where the chain stands and breaks, checked from the checkpoint on. Raises Unauthenticated, Forbidden.

        The checkpoint follows on the way, so a walk that is cut off has not been for nothing.
        """
        access.WHOLE_TRAIL.require(principal)
        async with self.base.database.reading() as session:
            checkpoint = await repository.checkpoint(session)
            head = await repository.head(session)
        last, step, last_kept = checkpoint, max(self.recheck, 1), head.mark.sequence - self.recheck
        async for last in self._holding(checkpoint, head.mark.sequence):
            if last.sequence <= last_kept and last.sequence - checkpoint.sequence >= step:
                await self._move_checkpoint(last)
                checkpoint = last
        return ChainState(head.mark, _first_broken(last, head))

    async def sign_head(self) -> SignedHead | None:
        """Signs where the chain stands, when it has grown since the last time; gives the newest signed head.

        Raises ChainBroken when it does not hold since then, and BadHead when the last signature is not good.
        """
        try:
            return await self._newest_signed()
        except (ChainBroken, BadHead) as error:
            log.critical("audit.chain_does_not_hold", problem=str(error))
            raise

    async def _newest_signed(self) -> SignedHead | None:
        signed = await asyncio.to_thread(self.heads.last)
        start = BEGINNING if signed is None else signed.mark
        head = await self._head()
        if start.sequence > head.mark.sequence:
            raise ChainBroken(head.mark.sequence + 1, _ends_early(head, start.sequence))
        last, _ = await self._compared({}, start, head.mark.sequence)
        broken = _first_broken(last, head)
        if broken is not None:
            raise ChainBroken(broken)
        if head.mark == start:
            return signed
        newest = SignedHead(head.mark, print_date_time(self.base.clock.now()))
        await asyncio.to_thread(self.heads.append, newest)
        return newest

    async def verify_all(self) -> Verification:
        """Checks every event from the first on, and the chain against every signed head."""
        lines = await asyncio.to_thread(self.heads.all)
        signed = {line.mark.sequence: line.mark for line in lines if isinstance(line, SignedHead)}
        head = await self._head()
        last, contradicted = await self._compared(signed, BEGINNING, head.mark.sequence)
        found = _findings(last, head, contradicted, max(signed, default=0))
        return Verification(
            head=head.mark,
            signed_heads=len(signed),
            signed_up_to=max(signed, default=0),
            first_broken=min(found, default=None),
            problems=(*(str(line) for line in lines if isinstance(line, BadHead)), *found.values()),
        )

    async def _compared(self, signed: dict[int, Mark], start: Mark, length: int) -> tuple[Mark, int | None]:
        """How far the chain holds from `start` on, and the first event on the way that was signed as another."""
        last, contradicted = start, None
        async for last in self._holding(start, length):
            if contradicted is None and signed.get(last.sequence, last) != last:
                contradicted = last.sequence
        return last, contradicted

    async def _head(self) -> Head:
        async with self.base.database.reading() as session:
            return await repository.head(session)

    async def _holding(self, start: Mark, length: int) -> AsyncIterator[Mark]:
        """The marks of the events behind `start`, in order, until one does not hold or `length` is reached."""
        mark = start
        while mark.sequence < length:
            rows = await self._rows_behind(mark, min(_BATCH, length - mark.sequence))
            for row in rows:
                if not _holds(row, mark):
                    return
                mark = Mark(row.sequence, row.hash)
                yield mark
            if not rows:
                return

    async def _rows_behind(self, mark: Mark, limit: int) -> Sequence[AuditEventRow]:
        """Next to an event that cannot be read any more, the ones before it alone."""
        try:
            async with self.base.database.reading() as session:
                return await repository.events_behind(session, mark.sequence, limit)
        except Unreadable:
            return await self._rows_behind(mark, limit // 2) if limit > 1 else []

    async def _move_checkpoint(self, mark: Mark) -> None:
        async def work(session: AsyncSession) -> None:
            await repository.move_checkpoint(session, mark)

        await self.base.database.transaction(work)


async def _is_repeated(session: AsyncSession, entry: Entry) -> bool:
    """Whether it is a denial equal to one of the same minute, in the trail or on the way into it."""
    if not entry.is_denial:
        return False
    await write_rows(session)
    return await repository.has_equal_denial(session, entry)


def _seen(principal: Principal, wanted: Wanted) -> Wanted:
    """Narrowed to the events of their own for who does not see the whole trail."""
    if access.WHOLE_TRAIL.may_see(seat_towards(principal, None)):
        return wanted
    return replace(wanted, own_patient_id=principal.patient_id or "")


def _holds(row: AuditEventRow, behind: Mark) -> bool:
    try:
        expected = rules.chained_hash(behind.hash, rules.printed(row))
    except (ValueError, TypeError, AttributeError):
        return False
    return (row.sequence, row.previous_hash, row.hash) == (behind.sequence + 1, behind.hash, expected)


def _first_broken(last: Mark, head: Head) -> int | None:
    """The first event that does not hold when the chain holds up to `last`."""
    if last.sequence != head.mark.sequence:
        return min(last.sequence, head.mark.sequence) + 1
    if last.hash != head.mark.hash:
        return max(last.sequence, 1)
    return head.mark.sequence + 1 if head.top > head.mark.sequence else None


def _findings(last: Mark, head: Head, contradicted: int | None, signed_up_to: int) -> dict[int, str]:
    """What does not hold, by the first event that it touches."""
    found: dict[int, str] = {}
    broken = _first_broken(last, head)
    if broken is not None:
        found[broken] = f"The chain is broken at event {broken}."
    if contradicted is not None:
        found[contradicted] = f"Event {contradicted} is not the one that was signed."
    if signed_up_to > head.mark.sequence:
        found[head.mark.sequence + 1] = _ends_early(head, signed_up_to)
    return found


def _ends_early(head: Head, signed_up_to: int) -> str:
    why = "events were taken away, or a backup was put back without the file of heads that belongs to it"
    return f"The trail ends at event {head.mark.sequence}, but event {signed_up_to} was signed: {why}."
