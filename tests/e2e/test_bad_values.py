"""Values of another kind than was asked for: refused by name, whether as a variable or in the document."""

import json
from typing import Any

import pytest

from tests.e2e.facts import Facts
from tests.e2e.hospital import Hospital
from tests.e2e.refusing import check_refused, quickly

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("bad values")]

WRONG_VALUES: dict[str, list[Any]] = {
    "DateTime": [
        *(
            "2026-12-01T09:00:00",
            "2026-12-01",
            "09:00",
            "",
            " ",
            "tomorrow",
            "2026-13-01T09:00:00Z",
            "2026-02-30T09:00:00Z",
        ),
        *("2026-12-01T25:00:00Z", "2026-12-01T09:00:00+25:00", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59"),
        *("9999-12-31T23:59:59-23:59", "2026-12-01T09:00:00ZZ", "２０２６-12-01T09:00:00Z", "2026-12-01T09:00:00Z\0"),
        *(
            "1764579600",
            1764579600,
            1.5,
            True,
            [],
            {},
            "' OR 1=1 --",
            "{{7*7}}",
            "2026-W01-1T00:00:00Z",
            "-2026-12-01T09:00:00Z",
        ),
    ],
    "Date": [
        *(
            "2026-02-30",
            "2026-12-01T00:00:00Z",
            "20261201",
            "01/12/2026",
            "",
            "0000-01-01",
            "10000-01-01",
            "２０２６-12-01",
        ),
        *(20261201, True, [], {}, "2026-12-01\n", "' OR 1=1 --", "-001-01-01"),
    ],
    "Time": [
        *("24:00", "9:00", "09:60", "09:00Z", "09:00+05:30", "", "noon", "09:00:60", "09:00:00.1234567"),
        900,
        True,
        [],
        {},
    ],
    "Decimal": [
        *("", "NaN", "Infinity", "-Infinity", "1e3", "1,5", "0x10", "１０", " 1", "9" * 500),
        1.5,
        10,
        True,
        [],
        {},
    ],
    "Int": ["1", 1.5, 2**31, -(2**31) - 1, 10**400, True, [], {}, "NaN"],
    "Float": ["1.5", True, [], {}, "NaN", "Infinity"],
    "String": [1, 1.5, True, [], {}, ["a"]],
    "ID": [1.5, True, [], {}, ["a"]],
    "Sex": ["male", "", 1, True, "MALE OR 1=1", []],
}
PLACES = {
    "DateTime": ("bookAppointment", "slot", {"doctorId": "x"}),
    "Date": ("registerPatient", "dob", {"name": "Huzaifa"}),
    "Time": ("setAvailability", "availability", {"doctorId": "x"}),
    "Decimal": ("updateDoctor", "consultationFee", {"id": "x"}),
    "Int": ("updatePatient", "expectedVersion", {"id": "x"}),
    "Float": ("updatePatient", "weight", {"id": "x"}),
    "String": ("createDepartment", "name", {}),
    "ID": ("acceptAppointment", "id", {}),
    "Sex": ("registerPatient", "sex", {"name": "Huzaifa", "dob": "1990-01-01"}),
}


@pytest.mark.parametrize("kind", WRONG_VALUES)
async def test_a_value_of_another_type_is_refused(hospital: Hospital, facts: Facts, kind: str):
    """As a variable, and as it stands in the document."""
    mutation, field, others = PLACES[kind]
    before = facts.digests()
    for value in WRONG_VALUES[kind]:
        placed = [{"day": "MONDAY", "startTime": value, "endTime": "17:00"}] if kind == "Time" else value
        body = json.dumps({"query": hospital.document_of(mutation), "variables": {"input": {**others, field: placed}}})
        with quickly():
            answer = await hospital.post(body.encode(), hospital.admin)
        check_refused(answer)
        if not isinstance(value, dict | list) and value != 10**400:
            inline = ", ".join(f"{name}: {json.dumps(other)}" for name, other in others.items())
            literal = json.dumps(value, ensure_ascii=False)
            literal = f'[{{day: MONDAY, startTime: {literal}, endTime: "17:00"}}]' if kind == "Time" else literal
            document = f"mutation {{ {mutation}(input: {{{field}: {literal}, {inline}}}) {{ errors {{ code }} }} }}"
            with quickly():
                check_refused(await hospital.ask(document, hospital.admin))
    assert facts.digests() == before


async def test_a_date_without_an_offset_is_refused_by_name_everywhere_it_may_stand(hospital: Hospital):
    local = "2026-12-01T09:00:00"
    for document in (
        f'{{ appointments(filter: {{from: "{local}"}}) {{ totalCount }} }}',
        f'{{ auditEvents(filter: {{to: "{local}"}}) {{ totalCount }} }}',
        f'{{ doctors {{ nodes {{ leave(from: "{local}") {{ id }} }} }} }}',
        f'{{ doctors {{ nodes {{ appointments(from: "{local}") {{ totalCount }} }} }} }}',
    ):
        answer = await hospital.ask(document, hospital.desk)
        assert answer.codes == ["BAD_USER_INPUT"]
        assert "offset" in answer.body["errors"][0]["message"]


async def test_numbers_that_are_none_are_refused(hospital: Hospital, facts: Facts):
    patient = await hospital.patient()
    before = facts.digests()
    for field in ("weight", "height"):
        for text in ("1e400", "-1e400", "NaN", "Infinity", "-0.0", "-1", "1e300"):
            known = {"query": hospital.document_of("updatePatient", "patient { weight }")}
            body = json.dumps(known | {"variables": {"input": {"id": patient.id, field: "HERE"}}})
            answer = await hospital.post(body.replace('"HERE"', text).encode(), hospital.desk)
            if answer.status == 200 and "errors" not in answer.body:
                payload = answer.data["updatePatient"]
                assert [(e["code"], e["field"]) for e in payload["errors"]] == [("INVALID_INPUT", [field])], text
            else:
                check_refused(answer)
    assert facts.digests() == before
