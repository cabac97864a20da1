"""Every text of every root field, generated from the public schema: taken as text, or refused; never anything else."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)

from tests.e2e.facts import Facts
from tests.e2e.hospital import PASSWORD, Answer, OneProcess, Person
from tests.e2e.refusing import INSIDE
from tests.e2e.sockets import Changes, Ended

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("strings")]

HOSTILE = {
    "nothing": "",
    "a blank": " ",
    "SQL": "'; DROP TABLE patients; -- \" OR 1=1) UNION SELECT password_hash FROM accounts",
    "wildcards": "%_%",
    "a template": "{{ 7*7 }}${7*7}<%= 7*7 %>{% for x in ().__class__.__subclasses__() %}%s%n{0.__class__}",
    "markup and a path": "<script>alert(1)</script>../../../../etc/passwd",
    "emoji, right to left": "👩🏽‍⚕️🏥\u202eمستشفى\u202c \u05d7\u05d5\u05dc\u05d4",
    "accents upon accents": "Z" + "\u0351" * 300,
    "line breaks": "a\r\nb\u2028c\u0085d",
    "NUL": "a\0b",
    "controls": "\x01\x1b[31m\x7f\x9f",
    "a lone surrogate": "a\ud800b",
    "no character": "\uffff\ufdd0",
    "much": "a" * 20_000,
    "an id of nothing": "01900000-0000-7000-8000-000000000000",
    "an odd id": "01900000-0000-7000-8000-00000000000\n",
}
FOR_IDS = ("nothing", "SQL", "wildcards", "NUL", "a lone surrogate", "much", "an id of nothing", "an odd id")
"""An id is looked up or is none at all: fewer kinds of text tell as much."""

TEXTS = {"String", "ID"}
CODES = {"BAD_USER_INPUT", "TOO_MANY_REQUESTS", "GRAPHQL_PARSE_FAILED"}
SECONDS = 3.0
UNWRITTEN_BUT = {"signIn": {"accounts.sign_in_failures", "accounts.outbox"}}
"""What a refusal writes by design: the failed sign-ins are counted, and audited."""

UNWRITTEN_BUT["changePassword"] = UNWRITTEN_BUT["signIn"]
UNWRITTEN_BUT["registerPatient"] = {"patients.idempotency_keys"}
UNWRITTEN_BUT["registerDoctor"] = {"doctors.idempotency_keys"}

OF_THE_BILLING_DESK = {
    *("createBill", "payBill", "refundPayment", "voidBill"),
    *("addInsurancePolicy", "submitInsuranceClaim", "decideInsuranceClaim"),
}

_fresh = count(1)


@dataclass(frozen=True)
class Text:
    """One place in the arguments of a root field that takes a text: `path` leads to it."""

    kind: str
    name: str
    path: tuple[str, ...]
    type: str

    @property
    def hostile(self) -> list[str]:
        return [text for kind, text in HOSTILE.items() if self.type != "ID" or kind in FOR_IDS]

    def __str__(self) -> str:
        return f"{self.name}({'.'.join(self.path)})"


def texts(schema: GraphQLSchema) -> Iterator[Text]:
    """Every one of the public schema."""
    for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
        assert root is not None
        for name, root_field in root.fields.items():
            for argument, given in root_field.args.items():
                for path, kind in _paths(given.type, (argument,)):
                    yield Text(root.name.lower(), name, path, kind)


def _paths(kind: GraphQLInputType, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        for name, own in named.fields.items():
            yield from _paths(own.type, (*path, name))
    elif named.name in TEXTS:
        yield path, named.name


@dataclass
class Scene:
    """Good values for whatever else a field needs, and who may ask for it."""

    hospital: OneProcess
    patient: Person
    doctor: Person
    department: str
    appointment: str
    record: str
    slots: Iterator[str]
    facts: Facts = field(repr=False)

    def bearer(self, name: str) -> str | None:
        hospital = self.hospital
        if name in {"auditEvents", "auditChain"}:
            return hospital.auditor
        if name in {"acceptAppointment", "rejectAppointment", "completeAppointment"} or name.endswith("MedicalRecord"):
            return self.doctor.bearer
        if name in {"checkInAppointment", "markNoShow"}:
            return hospital.desk
        if name in OF_THE_BILLING_DESK:
            return hospital.staff["BILLING_CLERK"].bearer
        anybody = {"signIn", "refreshSession", "requestPasswordReset", "resetPassword", "registerPatient"}
        return None if name in anybody else hospital.admin

    def value(self, name: str, path: tuple[str, ...], kind: GraphQLInputType) -> Any:
        """Something good there."""
        named = get_named_type(kind)
        if isinstance(named, GraphQLEnumType):
            return next(iter(named.values))
        known = self._known(name, path[-1], named.name)
        return [known] if is_list_type(get_nullable_type(kind)) and not isinstance(known, list) else known

    def _known(self, field_of: str, name: str, kind: str) -> Any:
        fixed: dict[str, Any] = {
            "patientId": self.patient.id,
            "doctorId": self.doctor.id,
            "departmentId": self.department,
            "password": PASSWORD,
            "newPassword": PASSWORD,
            "currentPassword": PASSWORD,
            "dob": "1990-01-01",
            "timeZone": "UTC",
            "phone": "+919876543210",
            "from": "2031-01-01T00:00:00Z",
            "to": "2031-01-02T00:00:00Z",
        }
        if name == "slot":
            return next(self.slots)
        if name == "email":
            return f"strings{next(_fresh)}@example.com"
        if name == "id":
            return self._id_for(field_of)
        if name in fixed:
            return fixed[name]
        by_kind = {
            "Int": 30,
            "Float": 70.5,
            "Decimal": "10.00",
            "Time": "09:00",
            "Date": "2026-01-01",
            "DateTime": "2020-01-01T00:00:00Z",
        }
        return by_kind.get(kind, "Good")

    def _id_for(self, name: str) -> str:
        if "Patient" in name or name == "patient":
            return self.patient.id
        if "Doctor" in name or name == "doctor":
            return self.doctor.id
        if name == "amendMedicalRecord":
            return self.record
        return (
            self.appointment if "ppointment" in name or name == "markNoShow" else "01900000-0000-7000-8000-00000000000a"
        )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(hospital: OneProcess) -> Any:
    doctor = await hospital.doctor(slotMinutes=5)
    patient, department = await hospital.patient(), await hospital.department()
    slots = iter(await hospital.slots(doctor, days=20))
    appointment = await hospital.booked(patient, doctor, next(slots))
    accepted = await hospital.booked(patient, doctor, next(slots))
    await hospital.done("acceptAppointment", doctor.bearer, id=accepted["id"])
    written = {"patientId": patient.id, "description": "Good"}
    record = await hospital.done("createMedicalRecord", doctor.bearer, "medicalRecord { id }", **written)
    facts = Facts(hospital.runtime.folder.path)
    yield Scene(hospital, patient, doctor, department, appointment["id"], record["id"], slots, facts)
    facts.close()


def arguments(scene: Scene, text: Text, hostile: str) -> dict[str, Any]:
    """All that the field needs, and the hostile text in its place."""
    root = getattr(scene.hospital.schema, f"{text.kind}_type")
    return {
        name: _given(scene, text, (name,), argument.type, hostile)
        for name, argument in root.fields[text.name].args.items()
        if is_required_argument(argument) or text.path[0] == name
    }


def _given(scene: Scene, text: Text, path: tuple[str, ...], kind: GraphQLInputType, hostile: str) -> Any:
    if path == text.path:
        return [hostile] if is_list_type(get_nullable_type(kind)) else hostile
    named = get_named_type(kind)
    if not isinstance(named, GraphQLInputObjectType):
        return scene.value(text.name, path, kind)
    made = {
        name: _given(scene, text, (*path, name), own.type, hostile)
        for name, own in named.fields.items()
        if is_required_input_field(own) or text.path[: len(path) + 1] == (*path, name)
    }
    if text.name == "registerPatient":
        made |= {
            name: scene.value(text.name, (name,), named.fields[name].type)
            for name in {"email", "password"} - made.keys()
        }
    return [made] if is_list_type(get_nullable_type(kind)) else made


def document(schema: GraphQLSchema, text: Text) -> str:
    root = getattr(schema, f"{text.kind}_type").fields[text.name]
    declared = ", ".join(f"${name}: {argument.type}" for name, argument in root.args.items())
    passed = ", ".join(f"{name}: ${name}" for name in root.args)
    inner = get_named_type(root.type).fields
    selection = (
        "errors { code message field }"
        if text.kind == "mutation"
        else "totalCount"
        if "totalCount" in inner
        else "__typename"
    )
    return f"{text.kind} ({declared}) {{ {text.name}({passed}) {{ {selection} }} }}"


def check(text: Text, hostile: str, answer: Answer) -> bool:
    """Whether it was refused."""
    place = f"{text} with {hostile[:40]!r}: {answer.text[:300]}"
    assert answer.status in {200, 400}, place
    assert set(answer.codes) <= CODES, place
    said = answer.text.replace(json.dumps(hostile)[1:-1], "").replace(hostile, "") if hostile.strip() else answer.text
    assert INSIDE.search(said) is None, place
    assert len(answer.text) < 5_000, place
    payload = (answer.body.get("data") or {}).get(text.name) or {}
    return bool(answer.codes or payload.get("errors"))


async def test_every_text_of_every_root_field_is_taken_as_text_or_refused(scene: Scene):
    hospital, asked, refused = scene.hospital, 0, 0
    for text in texts(hospital.schema):
        if text.kind == "subscription" or not _has_selection(hospital.schema, text):
            continue
        for hostile in text.hostile:
            variables = arguments(scene, text, hostile)
            body = json.dumps({"query": document(hospital.schema, text), "variables": variables})
            before, start = scene.facts.digests(), time.monotonic()
            answer = await hospital.post(body.encode(), scene.bearer(text.name))
            assert time.monotonic() - start < SECONDS, text
            after = scene.facts.digests()
            asked += 1
            if check(text, hostile, answer) or text.kind == "query":
                refused += 1
                written = {name for name in after if before[name] != after[name]}
                assert written <= UNWRITTEN_BUT.get(text.name, set()), (text, hostile, answer.text)
    assert asked > 1_000
    assert refused > 800


def _has_selection(schema: GraphQLSchema, text: Text) -> bool:
    return hasattr(get_named_type(getattr(schema, f"{text.kind}_type").fields[text.name].type), "fields")


async def test_a_text_that_is_no_unicode_is_refused_as_an_escape_in_the_document_too(hospital: OneProcess):
    for escape in ("\\ud800", "\\udfff", "\\u{D800}", "\\u{110000}"):
        answer = await hospital.ask(f'{{ doctors(search: "{escape}") {{ totalCount }} }}')
        assert answer.codes == ["GRAPHQL_PARSE_FAILED"]
    paired = await hospital.data('{ doctors(search: "\\ud83c\\udfe5") { totalCount } }')
    assert paired == {"doctors": {"totalCount": 0}}


async def test_the_stream_takes_hostile_arguments_as_text(hospital: OneProcess):
    for name in ("doctorId", "patientId", "departmentId", "after"):
        for hostile in HOSTILE.values():
            if "\ud800" in hostile:
                continue
            changes = await Changes.opened(hospital.url, hospital.desk, **{name: hostile})
            with pytest.raises(Ended if name == "after" else TimeoutError) as ended:
                await changes.next(5 if name == "after" else 0.02)
            assert getattr(ended.value, "codes", ["BAD_USER_INPUT"]) == ["BAD_USER_INPUT"]
            changes.cut()


async def test_names_and_notes_are_kept_as_they_were_written(hospital: OneProcess):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    slots = iter(await hospital.slots(doctor, days=3))
    kept = 0
    for text in HOSTILE.values():
        if "\ud800" in text:
            continue
        payload = await hospital.do(
            "registerPatient", hospital.desk, "patient { id name address }", name=text, address=text, dob="1990-01-01"
        )
        if payload["patient"]:
            assert (payload["patient"]["name"], payload["patient"]["address"]) == (text.strip(), text)
            kept += 1
        notes = await hospital.do("bookAppointment", patient.bearer, doctorId=doctor.id, slot=next(slots), notes=text)
        if notes["appointment"]:
            assert notes["appointment"]["notes"] == (text.strip() or None)
            kept += 1
    assert kept > 12
