from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.clock import SystemClock
from subgraphs.kernel.database import pending_events
from subgraphs.kernel.denials import AccessDenied
from subgraphs.kernel.events import (
    MAXIMUM_BYTES,
    SHARDS,
    Action,
    Actor,
    Envelope,
    Event,
    UnknownVersion,
    decoder,
    envelope,
)
from subgraphs.kernel.outbox import EventTooLarge, Outbox
from subgraphs.kernel.principal import Principal, RoleName

TEXT = some.text(some.characters(codec="utf-8"), max_size=40)
MAYBE = some.one_of(some.none(), TEXT)


class Noted(Event):
    type = "thing.noted"
    action = Action.CREATE
    resource_type = "Thing"

    thing_id: str
    at: datetime
    note: str | None = None

    def key(self) -> str:
        return self.thing_id

    def audited_reason(self) -> str | None:
        return self.note


INSTANTS = some.datetimes(timezones=some.just(UTC))
EVENTS = some.builds(Noted, thing_id=TEXT, at=INSTANTS, note=MAYBE)
ACTORS = some.builds(Actor, account_id=MAYBE, name=MAYBE, role=MAYBE)


@given(EVENTS, ACTORS, INSTANTS)
def test_an_envelope_comes_back_whole(event, actor, occurred_at):
    sent = envelope(event, id="1", domain="things", actor=actor, occurred_at=occurred_at)
    received = Envelope.from_json(sent.to_json())
    assert received == sent
    assert decoder([Noted]).decode(received) == event
    assert 0 <= received.shard == sent.shard < SHARDS


def test_it_is_a_cloud_event_with_what_the_audit_trail_needs():
    event = Noted(thing_id="7", at=datetime(2026, 1, 1, tzinfo=UTC), note="seen")
    principal = Principal("account-1", RoleName.ADMIN, "admin@hospital.test")
    at = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)
    sent = envelope(event, id="1", domain="things", actor=Actor.of(principal), occurred_at=at)
    assert orjson.loads(sent.to_json()) == {
        "specversion": "1.0",
        "id": "1",
        "source": "/things",
        "type": "thing.noted",
        "subject": "7",
        "time": "2026-01-01T09:30:00+00:00",
        "datacontenttype": "application/json",
        "schemaversion": 1,
        "actorid": "account-1",
        "actorname": "admin@hospital.test",
        "actorrole": "ADMIN",
        "audittype": "thing.noted",
        "auditaction": "CREATE",
        "auditoutcome": "SUCCESS",
        "auditresourcetype": "Thing",
        "auditresourceid": "7",
        "auditreason": "seen",
        "data": {"thing_id": "7", "at": "2026-01-01T00:00:00Z", "note": "seen"},
    }


@given(some.one_of(some.binary(), some.text(some.characters(codec="utf-8"))))
def test_what_is_no_envelope_is_a_value_error(body):
    with pytest.raises(ValueError):
        Envelope.from_json(body)


@pytest.mark.parametrize("field", ["id", "source", "type", "subject", "time", "schemaversion", "data"])
def test_an_envelope_without_what_it_needs_is_a_value_error(field):
    event = Noted(thing_id="7", at=datetime(2026, 1, 1, tzinfo=UTC))
    fields = orjson.loads(envelope(event, id="1", domain="things", actor=Actor(), occurred_at=event.at).to_json())
    wrong = [fields | {field: value} for value in (None, [], [{}])]
    del fields[field]
    for broken in (*wrong, fields):
        with pytest.raises(ValueError, match="not an event envelope"):
            Envelope.from_json(orjson.dumps(broken))


def test_events_of_one_key_keep_to_one_shard():
    denied = AccessDenied(deed="patient", denied_type="Patient", denied_id="7", patient_id="7")
    noted = Noted(thing_id="7", at=datetime(2026, 1, 1, tzinfo=UTC))
    shards = {
        envelope(event, id=id, domain="things", actor=Actor(), occurred_at=noted.at).shard
        for event, id in ((denied, "1"), (noted, "2"))
    }
    assert len(shards) == 1


def test_an_event_of_an_unknown_type_is_none_and_one_that_does_not_fit_raises():
    noted = Noted(thing_id="7", at=datetime(2026, 1, 1, tzinfo=UTC))
    sent = envelope(noted, id="1", domain="things", actor=Actor(), occurred_at=noted.at)
    assert decoder([]).decode(sent) is None
    broken = Envelope.from_json(sent.to_json().replace(b'"at"', b'"when"'))
    with pytest.raises(ValueError, match="at"):
        decoder([Noted]).decode(broken)


def test_an_event_of_another_schema_version_is_not_read():
    class NotedAnew(Noted):
        schema_version = 2

    at = datetime(2026, 3, 2, tzinfo=UTC)
    old, new = (
        envelope(kind(thing_id="x", at=at), id="1", domain="things", actor=Actor(), occurred_at=at)
        for kind in (Noted, NotedAnew)
    )
    assert decoder([Noted]).decode(old) == Noted(thing_id="x", at=at)
    with pytest.raises(UnknownVersion, match="schema version 2, where 1 is known"):
        decoder([Noted]).decode(new)


async def test_an_outbox_refuses_what_no_broker_would_take():
    session, at = AsyncSession(), datetime(2026, 3, 2, tzinfo=UTC)
    with pytest.raises(EventTooLarge):
        Outbox("things", SystemClock()).record(session, Noted(thing_id="x" * MAXIMUM_BYTES, at=at), Actor())
    assert pending_events(session) == []
