"""Facts that a domain announces, and the envelope they travel in (CloudEvents 1.0, JSON).

An event class is a domain's public face: its fields travel as `data`; what the audit trail needs (action, type,
resource, patient, reason, outcome) and who did it travel beside it as extension attributes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Self
from zlib import crc32

import orjson
from pydantic import BaseModel, ConfigDict

from subgraphs.kernel.correlation import current
from subgraphs.kernel.principal import Principal

SHARDS = 16
MAXIMUM_BYTES = 900_000
"""Of an envelope: with its key and headers it fits into what a broker takes, which is about a million."""

_TEXTS = ("id", "source", "type", "subject", "time")
_AUDIT_NAMES = ("type", "action", "outcome", "resourcetype", "resourceid", "patientid", "reason")


class Action(StrEnum):
    CREATE = "CREATE"
    READ = "READ"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    EXECUTE = "EXECUTE"


class Outcome(StrEnum):
    SUCCESS = "SUCCESS"
    DENIED = "DENIED"
    FAILED = "FAILED"


class UnknownVersion(ValueError):
    """An event of another schema version than its class has here."""


class Event(BaseModel):
    """One fact in the past tense. Subclasses name their `type`, `action`, `resource_type` and `schema_version`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    action: ClassVar[Action]
    resource_type: ClassVar[str]
    outcome: ClassVar[Outcome] = Outcome.SUCCESS
    schema_version: ClassVar[int] = 1

    @classmethod
    def check_version(cls, message: "Envelope") -> None:
        """Raises UnknownVersion."""
        if message.schema_version != cls.schema_version:
            told = f"{message.type} of schema version {message.schema_version}"
            raise UnknownVersion(f"{told}, where {cls.schema_version} is known")

    def key(self) -> str:
        """The id of the entity the fact is about: events of one key keep their order."""
        raise NotImplementedError(f"{type(self).__name__} names no key")

    def audited_patient(self) -> str | None:
        return None

    def audited_reason(self) -> str | None:
        return None

    def audited_resource(self) -> str | None:
        return self.key()

    def audited_type(self) -> str:
        return self.type

    def audited_resource_type(self) -> str:
        return self.resource_type


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, as the audit trail keeps it; all None for the system itself."""

    account_id: str | None = None
    name: str | None = None
    role: str | None = None

    @classmethod
    def of(cls, principal: Principal | None) -> Self:
        if principal is None:
            return cls()
        return cls(principal.account_id, principal.name, principal.role.value)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event on its way. `id` is unique for good; `key` orders; `data` holds the event's own fields."""

    id: str
    topic: str
    type: str
    schema_version: int
    key: str
    occurred_at: datetime
    actor: Actor
    audit: dict[str, Any]
    data: dict[str, Any]
    request_id: str | None = None
    traceparent: str | None = None

    @property
    def shard(self) -> int:
        return crc32(self.key.encode()) % SHARDS

    def to_json(self) -> bytes:
        attributes = {
            "specversion": "1.0",
            "id": self.id,
            "source": f"/{self.topic.removeprefix('hospital.')}",
            "type": self.type,
            "subject": self.key,
            "time": self.occurred_at.isoformat(),
            "datacontenttype": "application/json",
            "schemaversion": self.schema_version,
            "actorid": self.actor.account_id,
            "actorname": self.actor.name,
            "actorrole": self.actor.role,
            "requestid": self.request_id,
            "traceparent": self.traceparent,
            **{f"audit{name}": value for name, value in self.audit.items()},
        }
        present = {name: value for name, value in attributes.items() if value is not None}
        return orjson.dumps(present | {"data": self.data})

    @classmethod
    def from_json(cls, body: bytes | str) -> Self:
        """Raises ValueError for what is not an envelope."""
        try:
            fields = orjson.loads(body)
            if not all(isinstance(fields[name], str) for name in _TEXTS) or not isinstance(fields["data"], dict):
                raise TypeError("attributes of the wrong type")
            return cls(
                id=fields["id"],
                topic="hospital." + fields["source"].removeprefix("/"),
                type=fields["type"],
                schema_version=int(fields["schemaversion"]),
                key=fields["subject"],
                occurred_at=datetime.fromisoformat(fields["time"]).astimezone(UTC),
                actor=Actor(fields.get("actorid"), fields.get("actorname"), fields.get("actorrole")),
                audit={name: fields.get(f"audit{name}") for name in _AUDIT_NAMES},
                data=fields["data"],
                request_id=fields.get("requestid"),
                traceparent=fields.get("traceparent"),
            )
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not an event envelope: {error!r}") from error


def envelope(event: Event, *, id: str, domain: str, actor: Actor, occurred_at: datetime) -> Envelope:
    """Of what the request is known by that brings it about."""
    correlation = current()
    audit = {
        "type": event.audited_type(),
        "action": event.action.value,
        "outcome": event.outcome.value,
        "resourcetype": event.audited_resource_type(),
        "resourceid": event.audited_resource(),
        "patientid": event.audited_patient(),
        "reason": event.audited_reason(),
    }
    return Envelope(
        id=id,
        topic=topic_of(domain),
        type=event.type,
        schema_version=event.schema_version,
        key=event.key(),
        occurred_at=occurred_at,
        actor=actor,
        audit=audit,
        data=event.model_dump(mode="json"),
        request_id=correlation.request_id,
        traceparent=correlation.traceparent,
    )


def topic_of(domain: str) -> str:
    return f"hospital.{domain}"


def decoder(classes: Iterable[type[Event]]) -> "Decoder":
    return Decoder({event_class.type: event_class for event_class in classes})


@dataclass(frozen=True)
class Decoder:
    classes: dict[str, type[Event]]

    def decode(self, message: Envelope) -> Event | None:
        """The event, or None where its type is none of ours. Raises ValueError for another version or unfit data."""
        event_class = self.classes.get(message.type)
        if event_class is None:
            return None
        event_class.check_version(message)
        return event_class.model_validate(message.data)
