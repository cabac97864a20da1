"""Recording a fact: its outbox row stands in the transaction of the fact itself, and nothing publishes directly."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import pending_events
from subgraphs.kernel.events import MAXIMUM_BYTES, Actor, Envelope, Event, envelope
from subgraphs.kernel.ids import ID_LENGTH, new_id
from subgraphs.kernel.rows import add_row
from subgraphs.kernel.tables import OutboxRow

log = structlog.get_logger(__name__)


class EventTooLarge(ValueError):
    """No broker would take it, and everything of its key would wait behind it for ever."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """The outbox of one domain."""

    domain: str
    clock: Clock

    def record(self, session: AsyncSession, event: Event, actor: Actor, *, occurred_at: datetime | None = None) -> None:
        """Adds the event to the transaction of `session`; it is handed over when that has committed.

        Raises EventTooLarge.
        """
        now = self.clock.now()
        message = envelope(event, id=new_id(), domain=self.domain, actor=actor, occurred_at=occurred_at or now)
        body = message.to_json()
        if len(body) > MAXIMUM_BYTES:
            raise EventTooLarge(f"{event.type} of {len(body)} bytes")
        add_row(
            session,
            OutboxRow,
            event_id=message.id,
            shard=message.shard,
            type=message.type,
            key=message.key[:ID_LENGTH],
            patient_id=_patient_beside(message),
            body=body.decode(),
            recorded_at=now,
        )
        pending_events(session).append(message)
        log.debug("event.recorded", event_id=message.id, type=message.type)


def _patient_beside(message: Envelope) -> str | None:
    """Of whom it is, where it is not found by its key."""
    patient_id: str | None = message.audit["patientid"]
    return None if patient_id is None or patient_id == message.key else patient_id[:ID_LENGTH]
