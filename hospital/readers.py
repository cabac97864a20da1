"""Who reads which events, whatever brings them."""

from collections.abc import Mapping

from subgraphs.accounts import copies as accounts
from subgraphs.appointments import copies as appointments
from subgraphs.audit.app import CONSUMER as AUDIT_TRAIL
from subgraphs.billing import copies as billing
from subgraphs.kernel.events import Event, topic_of
from subgraphs.notifications import copies as notifications
from subgraphs.patients import copies as patients
from subgraphs.records import copies as records
from workers.contract import ANNOUNCED

_COPIES = (accounts, patients, appointments, records, billing, notifications)

READERS: Mapping[str, frozenset[type[Event]]] = {
    **{each.CONSUMER: frozenset(each.DECODER.classes.values()) for each in _COPIES},
    AUDIT_TRAIL: frozenset(event for events in ANNOUNCED.values() for event in events),
}
"""By consumer, the events that it does something with."""


def readers_of(domain: str, event: type[Event]) -> list[str]:
    """The consumers of that event where this domain announces it."""
    return [
        consumer for consumer, events in READERS.items() if event in events and topic_of(domain) in topics_of(consumer)
    ]


def topics_of(consumer: str) -> list[str]:
    """Those that it reads to the end, for what it wants of them."""
    return [topic_of(domain) for domain, events in ANNOUNCED.items() if not READERS[consumer].isdisjoint(events)]


def consumers_of(topic: str) -> list[str]:
    return [consumer for consumer in READERS if topic in topics_of(consumer)]
