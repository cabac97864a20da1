"""What may stand on which topic: the events that its domain announces, in the version that is known here."""

from collections.abc import Iterable, Mapping

from subgraphs.accounts import events as accounts
from subgraphs.appointments import events as appointments
from subgraphs.billing import events as billing
from subgraphs.doctors import events as doctors
from subgraphs.kernel.denials import AccessDenied
from subgraphs.kernel.events import MAXIMUM_BYTES, Envelope, Event, topic_of
from subgraphs.notifications import events as notifications
from subgraphs.patients import events as patients
from subgraphs.records import events as records

ANNOUNCED: Mapping[str, tuple[type[Event], ...]] = {
    "accounts": (*accounts.EVENTS, AccessDenied),
    "patients": (*patients.EVENTS, AccessDenied),
    "doctors": (*doctors.EVENTS, AccessDenied),
    "appointments": (*appointments.EVENTS, AccessDenied),
    "records": (*records.EVENTS, AccessDenied),
    "billing": (*billing.EVENTS, AccessDenied),
    "notifications": (*notifications.EVENTS, AccessDenied),
    "audit": (AccessDenied,),
}
"""By domain. Each announces as well what it denies."""


class BadMessage(ValueError):
    """What no domain announces on that topic."""


class Contract:
    """Of these events, by the domain that announces them."""

    def __init__(self, announced: Mapping[str, Iterable[type[Event]]]) -> None:
        self._by_topic = {
            topic_of(domain): {event.type: event for event in events} for domain, events in announced.items()
        }

    def read(self, topic: str, body: str) -> Envelope:
        """Raises ValueError for what is no envelope, too large, of an unknown type, or of another version."""
        if len(body) > MAXIMUM_BYTES:
            raise BadMessage(f"a message of {len(body)} characters")
        message = Envelope.from_json(body)
        event = self._by_topic.get(topic, {}).get(message.type) if message.topic == topic else None
        if event is None:
            raise BadMessage(f"{message.type} of {message.topic} is not announced on {topic}")
        event.check_version(message)
        return message


CONTRACT = Contract(ANNOUNCED)
