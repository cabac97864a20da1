"""What holds for the audit trail, without any I/O: what an entry says, and how entries are chained."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from subgraphs.kernel.errors import BadUserInput
from subgraphs.kernel.events import Action, Envelope, Outcome
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.scalars import print_date_time
from subgraphs.kernel.text import is_text

ACCESS_DENIED = "access.denied"
EQUAL_DENIALS_WITHIN = timedelta(minutes=1)
LENGTHS = {
    "id": 36,
    "type": 64,
    "resource_type": 64,
    "resource_id": 200,
    "patient_id": 36,
    "actor_id": 36,
    "actor_name": 320,
    "reason": 100_000,
}
_GREATEST_EXACT = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of the chain: the event of that sequence has that hash. Sequence 0 is before the first event."""

    sequence: int
    hash: str


BEGINNING = Mark(0, "0" * 64)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the trail keeps of a message, before it has a place in the chain."""

    id: str
    action: str
    outcome: str
    type: str
    resource_type: str
    resource_id: str | None
    patient_id: str | None
    actor_id: str | None
    actor_name: str | None
    actor_role: str | None
    reason: str | None
    occurred_at: datetime

    @property
    def is_denial(self) -> bool:
        return self.type == ACCESS_DENIED


@dataclass(frozen=True, slots=True)
class ChainedEntry(Entry):
    """`hash` is that of what is printed, behind the event of `previous_hash`."""

    sequence: int
    recorded_at: datetime
    previous_hash: str
    hash: str


def chained(entry: Entry, behind: Mark, recorded_at: datetime) -> ChainedEntry:
    """The entry as the next of the chain."""
    unsealed = ChainedEntry(
        **values_of(entry), sequence=behind.sequence + 1, recorded_at=recorded_at, previous_hash=behind.hash, hash=""
    )
    return replace(unsealed, hash=chained_hash(behind.hash, printed(unsealed)))


def values_of(entry: Entry) -> dict[str, Any]:
    """Its fields by name; there is nothing in them to be copied."""
    return {field.name: getattr(entry, field.name) for field in fields(entry)}


def printed(event: Any) -> dict[str, str | int | None]:
    """What is hashed of a chained entry, or of its row: the fields as the API spells them."""
    return {
        "id": event.id,
        "sequence": event.sequence,
        "action": event.action,
        "outcome": event.outcome,
        "type": event.type,
        "resourceType": event.resource_type,
        "resourceId": event.resource_id,
        "patientId": event.patient_id,
        "actorId": event.actor_id,
        "actorName": event.actor_name,
        "actorRole": event.actor_role,
        "reason": event.reason,
        "occurredAt": print_date_time(event.occurred_at),
        "recordedAt": print_date_time(event.recorded_at),
    }


def entry(message: Envelope) -> Entry:
    """Raises ValueError for a message whose audit attributes are absent or make no sense."""
    audit, actor = message.audit, message.actor
    if message.occurred_at.tzinfo is None:
        raise ValueError("occurred_at has no offset")
    return Entry(
        id=_required("id", message.id),
        action=Action(str(audit.get("action"))).value,
        outcome=Outcome(str(audit.get("outcome"))).value,
        type=_required("type", audit.get("type")),
        resource_type=_required("resource_type", audit.get("resourcetype")),
        resource_id=_text("resource_id", audit.get("resourceid")),
        patient_id=_text("patient_id", audit.get("patientid")),
        actor_id=_text("actor_id", actor.account_id),
        actor_name=_text("actor_name", actor.name),
        actor_role=None if actor.role is None else RoleName(actor.role).value,
        reason=_text("reason", audit.get("reason")),
        occurred_at=message.occurred_at,
    )


def chained_hash(previous_hash: str, fields: Mapping[str, str | int | None]) -> str:
    """The hash of an event whose fields are as the API spells them, behind the event of the previous hash."""
    return sha256(previous_hash.encode() + canonical_json(fields)).hexdigest()


def canonical_json(fields: Mapping[str, str | int | None]) -> bytes:
    """The RFC 8785 form of a flat object. Raises ValueError for what has none (lone surrogates, huge integers)."""
    for value in fields.values():
        _check(value)
    ordered = {name: fields[name] for name in sorted(fields, key=_code_units)}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()


def searchable(name: str, text: str) -> str:
    """The text as it may be looked for. Raises BadUserInput for text that no database takes."""
    if not is_text(text):
        raise BadUserInput(f"`{name}` is not valid Unicode text.")
    return text


def _check(value: Any) -> None:
    if value is None or isinstance(value, str):
        return
    if type(value) is not int or abs(value) > _GREATEST_EXACT:
        raise ValueError(f"{value!r} has no exact form here")


def _code_units(name: str) -> bytes:
    """Sorts as RFC 8785 sorts: by UTF-16 code units."""
    return name.encode("utf-16-be")


def _required(name: str, value: Any) -> str:
    text = _text(name, value)
    if not text:
        raise ValueError(f"{name} is missing: not an audited message")
    return text


def _text(name: str, value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or len(value) > LENGTHS[name]):
        raise ValueError(f"{name} is not a text of at most {LENGTHS[name]} characters")
    return value
