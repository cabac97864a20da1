"""How events get about in one process: handed over after their commit, and read from the outboxes in any case."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from hospital.deciding import HANDED_OVER_AT_MOST, hearers
from hospital.domains import Domains
from subgraphs.kernel.events import Envelope, topic_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.handover import Handover, Receiver
from subgraphs.kernel.inbox import Subscriber
from workers.consumer import Consumer
from workers.contract import CONTRACT
from workers.outbox_source import OutboxFeed, OutboxSource, position_of, sources

_LOOKS_EVERY_SECONDS = 0.05
_AWAITED_AT_MOST_SECONDS = 3.0


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


async def _bring(own: Sequence[OutboxSource], keys: Collection[str]) -> None:
    """All that stands in the outboxes, whatever it is of. What takes too long is not waited for again until it came."""
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
    copies = {each.consumer: each.receive for each in subscribers if topic_of(base.name) in each.topics}
    return {
        type: tuple(copies[f"{domain}.copies"] for domain in domains) for type, domains in hearers(base.name).items()
    }
