"""Writes docs/events.md and schema/events.json from the events' classes, and refuses what readers could not bear."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from inspect import cleandoc
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import orjson
from pydantic import BaseModel

from hospital.readers import readers_of
from subgraphs.kernel.events import Event, topic_of
from workers.contract import ANNOUNCED

PAGE = Path(__file__).resolve().parents[1] / "docs" / "events.md"
RECORD = Path(__file__).parent / "events.json"

_NAMED = {str: "text", int: "integer", bool: "boolean", Decimal: "decimal as text", datetime: "instant"}

Told = dict[str, Any]
"""Of one event: `version`, `key`, and `fields` by path (`hours[].weekday`), each with `type` and `required`."""


class Incompatible(SystemExit):
    """A change that a reader of the recorded version could not bear."""


def told_of(event: type[Event]) -> Told:
    return {"version": event.schema_version, "key": key_of(event), "fields": dict(_fields(event))}


def key_of(event: type[Event]) -> str:
    """The name of the field that the key is taken from."""
    return event.model_construct(None, **{name: name for name in event.model_fields}).key()


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in model.model_fields.items():
        kind, nested = _type_of(field.annotation)
        yield prefix + name, {"type": kind, "required": field.is_required()}
        if nested is not None:
            yield from _fields(nested, f"{prefix}{name}[].")


def _type_of(annotation: Any) -> tuple[str, type[BaseModel] | None]:
    """In words, and the model of which it is a list, if it is one."""
    if get_origin(annotation) in (Union, UnionType):
        [inner] = [each for each in get_args(annotation) if each is not NoneType]
        kind, nested = _type_of(inner)
        return f"{kind} or null", nested
    if get_origin(annotation) is list:
        [inner] = get_args(annotation)
        return "list", inner
    return _NAMED[annotation], None


def told() -> Mapping[str, Mapping[str, Told]]:
    """By topic and type."""
    return {topic_of(domain): {event.type: told_of(event) for event in events} for domain, events in ANNOUNCED.items()}


def problems(recorded: Mapping[str, Mapping[str, Told]], now: Mapping[str, Mapping[str, Told]]) -> Iterator[str]:
    """What must not be as it is now without another schema version, in words."""
    for topic, events in recorded.items():
        for type, old in events.items():
            new = now.get(topic, {}).get(type)
            if new is None:
                yield f"{type} of {topic} is gone: take it out of {RECORD.name} once no topic holds it"
            elif new["version"] == old["version"]:
                yield from (f"{type}: {each}: raise its schema_version" for each in _broken(old, new))
            elif new["version"] < old["version"]:
                yield f"{type}: its schema_version went back from {old['version']} to {new['version']}"


def _broken(old: Told, new: Told) -> Iterator[str]:
    if old["key"] != new["key"]:
        yield f"its key is {new['key']} and was {old['key']}"
    for name, field in old["fields"].items():
        if name not in new["fields"]:
            yield f"the field {name} is gone"
        elif new["fields"][name]["type"] != field["type"]:
            yield f"the field {name} is {new['fields'][name]['type']} and was {field['type']}"
        elif new["fields"][name]["required"] and not field["required"]:
            yield f"the field {name} is required now"
    for name in new["fields"].keys() - old["fields"].keys():
        if new["fields"][name]["required"]:
            yield f"the new field {name} is required"


def recorded(text: str) -> str:
    """The record as it is to be after `text`. Raises Incompatible."""
    found = sorted(problems(orjson.loads(text), told()))
    if found:
        raise Incompatible("Events changed so that who reads them could not:\n" + "\n".join(found))
    return orjson.dumps(told(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def page() -> str:
    chapters = [_chapter(domain, events) for domain, events in ANNOUNCED.items()]
    return "\n".join([HEAD, *chapters])


def _chapter(domain: str, events: tuple[type[Event], ...]) -> str:
    return "\n".join([f"## {topic_of(domain)}\n", *(_paragraph(domain, event) for event in events)])


def _paragraph(domain: str, event: type[Event]) -> str:
    known = told_of(event)
    lines = [f"### {event.type}, version {known['version']}\n", f"{meaning_of(event)}\n"]
    lines.append(f"Key: `{known['key']}`. Read by: {', '.join(readers_of(domain, event))}.\n")
    lines += ["| field | type | |", "|---|---|---|"]
    lines += [f"| `{name}` | {field['type']} | {_left_out(field)} |" for name, field in known["fields"].items()]
    return "\n".join([*lines, ""])


def _left_out(field: Mapping[str, Any]) -> str:
    return "" if field["required"] else "may be missing"


def meaning_of(event: type[Event]) -> str:
    """Its own words, and behind them those of what it is a kind of."""
    own = [kind.__doc__ for kind in event.__mro__ if issubclass(kind, Event) and kind is not Event]
    return " ".join(" ".join(cleandoc(text).split()) for text in own if text)


HEAD = """\
# Events

What each domain announces, and who reads it. `make schema` writes this page from the classes in
`subgraphs/<domain>/events.py`, and `schema/events.json`, against which it refuses a change that readers could not bear:
a field that is gone, of another type or newly required goes with another `schema_version`.

A message is a CloudEvents 1.0 envelope in JSON, on the topic of its domain, under the key that is named here: what has
one key keeps its order. Beside `data`, with the fields below, it says who did it (`actorid`, `actorname`, `actorrole`),
which request it comes from (`requestid`, `traceparent`, where they are known; the latter is a header of Kafka as well),
and what the audit trail keeps (`auditaction`, `auditoutcome`, `auditresourcetype`, `auditresourceid`, `auditpatientid`,
`auditreason`). Each has its effect once: consumers drop an `id` that they have handled. A consumer that cannot handle
one (no JSON, an unknown type, another version, too large, or a failure that does not pass) puts it on
`hospital.dead-letters`, with the headers `consumer`, `topic`, `partition`, `offset`, `reason` and `failed-at`, and goes
on ([decision 14](decisions/0014-dead-letters-have-a-topic-that-forgets.md)).

No event carries what a record says, a password or a token. E-mail addresses and telephone numbers ride where mail or
SMS follow from it, and nowhere else.
"""
