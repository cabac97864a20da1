"""The page of events, their record, and what none of them may carry."""

import copy
import re
from typing import Any, ClassVar

import orjson
import pytest

from hospital.readers import READERS
from schema import events
from schema.events import PAGE, RECORD, Incompatible, key_of, meaning_of, page, problems, recorded, told, told_of
from subgraphs.doctors.events import DoctorUpdated
from subgraphs.kernel.events import Action, Event
from subgraphs.patients.events import PatientUpdated
from workers.contract import ANNOUNCED

EVERY = sorted({event for announced in ANNOUNCED.values() for event in announced}, key=lambda event: event.type)

FORBIDDEN = re.compile(
    r"note|diagnos|symptom|prescri|medicat|drug_?name|allergen|finding|body|text|password|hash|token|secret|card"
    r"|iban|upi|address|birth|dob|gender"
)
CONTACT = re.compile(r"mail|phone")
CONTACTS = {
    "patient": {"email", "phone"},
    "doctor": {"email"},
    "appointment": {"patient_email", "patient_phone"},
    "bill": {"patient_email", "patient_phone"},
    "payment": {"patient_email", "patient_phone"},
    "claim": {"patient_email", "patient_phone"},
    "account.invited": {"email"},
    "password.reset_requested": {"email"},
}
"""By type or what it begins with: mail or SMS follow from these."""


def fields_of(event: type[Event]) -> set[str]:
    return {name.rpartition(".")[2].removesuffix("[]") for name in told_of(event)["fields"]}


def test_the_page_and_the_record_are_as_the_classes_are():
    assert page() == PAGE.read_text(), "run `make schema`"
    assert recorded(RECORD.read_text()) == RECORD.read_text(), "run `make schema`"


def test_every_event_of_a_domain_has_a_paragraph_with_its_meaning_key_and_readers():
    for event in EVERY:
        assert f"### {event.type}, version {event.schema_version}" in page()
        assert event.__dict__.get("__doc__"), f"{event.__name__} does not say what it means"
        assert meaning_of(event) in page()
        assert key_of(event) in told_of(event)["fields"]
    assert "Read by: appointments.copies" in page()


def test_every_event_class_is_announced_by_a_domain():
    def leaves(kind: type[Event]) -> set[type[Event]]:
        below = {leaf for each in kind.__subclasses__() for leaf in leaves(each)}
        return below or {kind}

    made = {leaf for leaf in leaves(Event) if leaf.__module__.startswith("subgraphs.")}
    assert made == set(EVERY)


def test_types_are_of_one_topic_but_for_denials():
    types = [event.type for announced in ANNOUNCED.values() for event in announced if event.type != "access.denied"]
    assert len(types) == len(set(types))


@pytest.mark.parametrize("event", EVERY, ids=lambda event: event.type)
def test_no_event_carries_notes_diagnoses_passwords_or_tokens(event):
    names = fields_of(event)
    assert not [name for name in names if FORBIDDEN.search(name)]
    allowed = CONTACTS.get(event.type, CONTACTS.get(event.type.partition(".")[0], set()))
    assert {name for name in names if CONTACT.search(name)} <= allowed


def test_a_field_that_could_carry_anything_is_refused():
    class Anything(Event):
        type: ClassVar[str] = "anything.done"
        action: ClassVar[Action] = Action.UPDATE

        data: dict[str, Any]

        def key(self) -> str:
            return "anything"

    with pytest.raises(KeyError):
        told_of(Anything)


def changed(type: str, topic: str = "hospital.patients", **parts: Any) -> dict[str, Any]:
    now = copy.deepcopy(orjson.loads(orjson.dumps(told())))
    now[topic][type] |= parts
    return now


def fields(**changes: Any) -> dict[str, Any]:
    known = copy.deepcopy(told_of(PatientUpdated)["fields"]) | changes
    return {name: field for name, field in known.items() if field is not None}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (fields(name=None), "the field name is gone"),
        (fields(version={"type": "text", "required": True}), "the field version is text and was integer"),
        (fields(phone={"type": "text", "required": False}), "the field phone is text and was text or null"),
        (fields(email={"type": "text or null", "required": True}), "the field email is required now"),
        (fields(title={"type": "text", "required": True}), "the new field title is required"),
    ],
)
def test_a_change_that_readers_could_not_bear_is_refused_without_another_version(now, said):
    found = list(problems(told(), changed("patient.updated", fields=now)))
    assert found == [f"patient.updated: {said}: raise its schema_version"]
    assert list(problems(told(), changed("patient.updated", fields=now, version=2))) == []


def test_another_key_a_version_that_goes_back_and_an_event_that_is_gone_are_refused():
    assert "its key is name and was patient_id" in next(problems(told(), changed("patient.updated", key="name")))
    back = changed("patient.updated", version=2)
    assert "went back from 2 to 1" in next(problems(back, told()))
    gone = changed("patient.updated")
    del gone["hospital.patients"]["patient.updated"]
    assert "patient.updated of hospital.patients is gone" in next(problems(told(), gone))


def test_what_may_be_left_out_and_new_events_may_come(monkeypatch):
    assert (
        list(problems(told(), changed("patient.updated", fields=fields(nick={"type": "text", "required": False}))))
        == []
    )
    old = changed("patient.updated")
    del old["hospital.patients"]["patient.updated"]
    assert list(problems(old, told())) == []


def test_a_class_that_changes_is_noticed_where_the_schema_is_made(monkeypatch):
    class Renamed(Event):
        """A patient who lost the name."""

        type: ClassVar[str] = "patient.updated"
        action: ClassVar[Action] = Action.UPDATE
        patient_id: str

        def key(self) -> str:
            return self.patient_id

    monkeypatch.setattr(events, "ANNOUNCED", {**ANNOUNCED, "patients": (Renamed,)})
    with pytest.raises(Incompatible, match=r"patient\.updated: the field name is gone: raise its schema_version"):
        recorded(RECORD.read_text())


def test_lists_are_told_by_what_they_hold():
    hours = told_of(DoctorUpdated)["fields"]
    assert hours["hours"] == {"type": "list", "required": True}
    assert hours["hours[].weekday"] == {"type": "integer", "required": True}
    assert hours["leave[].ends_at"] == {"type": "instant", "required": True}


def test_every_event_is_told_to_somebody():
    assert {event for heard in READERS.values() for event in heard} == set(EVERY)
