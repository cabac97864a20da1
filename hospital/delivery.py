"""How events get about in one process: handed over after their commit, and read from the outboxes in any case."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from hospital.domains import Domains
from subgraphs.appointments.events import EVENTS as APPOINTMENTS_EVENTS
from subgraphs.appointments.events import AppointmentBooked
from subgraphs.audit.app import CONSUMER as AUDIT_TRAIL
from subgraphs.billing.copies import CONSUMER as BILLING
from subgraphs.doctors.events import EVENTS as DOCTORS_EVENTS
from subgraphs.doctors.events import DepartmentCreated
from subgraphs.kernel.events import Envelope, topic_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.handover import Handover, Receiver
from subgraphs.kernel.inbox import Subscriber
from subgraphs.notifications.app import CONSUMER as NOTIFICATIONS
from subgraphs.patients.events import EVENTS as PATIENTS_EVENTS
from subgraphs.records.copies import CONSUMER as RECORDS
from subgraphs.records.events import GlassBroken
from workers.consumer import Consumer
from workers.contract import CONTRACT
from workers.outbox_source import OutboxFeed, OutboxSource, position_of, sources

HANDED_OVER_AT_MOST = 5
"""A transaction of more events (an import) leaves them to the consumers, which take many at a time."""

_DECIDES_NOTHING = {AUDIT_TRAIL, NOTIFICATIONS}
"""Consumers that nobody need wait for."""

_WAITS_FOR = dict.fromkeys((BILLING, RECORDS), (AppointmentBooked,))
"""Events that a consumer says nothing by without asking first for what is on its way (`Arrivals`)."""

_LOOKS_EVERY_SECONDS = 0.05
_AWAITED_AT_MOST_SECONDS = 3.0

_DECIDED_BY = {
    "patients": PATIENTS_EVENTS,
    "doctors": tuple(event for event in DOCTORS_EVENTS if event is not DepartmentCreated),
    "appointments": APPOINTMENTS_EVENTS,
    "records": (GlassBroken,),
}


@dataclass(frozen=True)
class Delivery:
    feeds: tuple[OutboxFeed, ...]
    subscribers: tuple[Subscriber, ...]
    sources: tuple[OutboxSource, ...]

    @classmethod
    def of(cls, domains: Domains) -> "Delivery":
        """Wires the hand-over into every domain's database, and tells each how to wait for what is on its way."""
        feeds = tuple(OutboxFeed(base.name, base.database) for base in domains.bases)
        for base, feed in zip(domains.bases, feeds, strict=True):
            receivers, written = _receivers(base, domains.subscribers), base.database.is_written
            handover = Handover(receivers, feed.wake, more_comes=written)
            base.database.after_commit = partial(_deliver, handover, feed)
        read = tuple(sources(domains.subscribers, feeds))
        for base in domains.bases:
            own = [source for source in read if source.subscriber.database is base.database]
            base.arrivals.bring = partial(_bring, own)
        return cls(feeds, domains.subscribers, read)

    def consumers(self) -> list[Consumer]:
        return [Consumer(source.subscriber, source, CONTRACT) for source in self.sources]

    @contextmanager
    def without_handover(self) -> Iterator[None]:
        """For work of many transactions whose copies may lag meanwhile: the consumers take many events at a time."""
        kept = [feed.database.after_commit for feed in self.feeds]
        for feed in self.feeds:
            feed.database.after_commit = partial(_announce, feed)
        try:
            yield
        finally:
            for feed, after_commit in zip(self.feeds, kept, strict=True):
                feed.database.after_commit = after_commit

    async def settled(self) -> None:
        """Returns when every consumer has read all that stands in the outboxes, and what that brought about."""
        while True:
            if not (await self._unread() or await self._unread()):  # the first look may miss what arrived behind it
                return
            for source in self.sources:
                if await source.position() < await source.feed.end():
                    source.wake()
            await asyncio.sleep(_LOOKS_EVERY_SECONDS)

    async def _unread(self) -> bool:
        for feed in self.feeds:
            for subscriber in self.subscribers:
                if feed.topic in subscriber.topics:
                    position = await position_of(subscriber, feed.topic)
                    if await feed.behind(position, limit=1):
                        return True
        return False


async def _bring(own: Sequence[OutboxSource]) -> None:
    """What takes too long is not waited for again until it has come."""
    ends: Sequence[int] = ()
    try:
        async with asyncio.timeout(_AWAITED_AT_MOST_SECONDS):
            ends = await asyncio.gather(*(source.feed.end() for source in own))
            await asyncio.gather(*(source.has_passed(end) for source, end in zip(own, ends, strict=True)))
    except TimeoutError:
        for source, end in zip(own, ends, strict=False):
            source.give_up(end)


async def _announce(feed: OutboxFeed, events: list[Envelope]) -> None:
    feed.wake()


async def _deliver(handover: Handover, feed: OutboxFeed, events: list[Envelope]) -> None:
    if len(events) > HANDED_OVER_AT_MOST:
        feed.wake()
    else:
        await handover(events)


def _receivers(base: Foundation, subscribers: Sequence[Subscriber]) -> dict[str, tuple[Receiver, ...]]:
    """By event type, the copies that other domains decide by."""
    topic = topic_of(base.name)
    deciding = [each for each in subscribers if topic in each.topics and each.consumer not in _DECIDES_NOTHING]
    copies = {
        event.type: tuple(each.receive for each in deciding if event not in _WAITS_FOR.get(each.consumer, ()))
        for event in _DECIDED_BY.get(base.name, ())
    }
    return {type: receivers for type, receivers in copies.items() if receivers}


def types_decided_by(domain: str) -> list[str]:
    """The types of the domain's events that others decide by."""
    return [event.type for event in _DECIDED_BY.get(domain, ())]
