"""What no client should send: a clear error in bounded time, never a failure of the server, nothing of its inside."""

import orjson
import pytest

from tests.e2e.facts import Facts
from tests.e2e.hospital import Gate, Hospital
from tests.e2e.refusing import INSIDE, check_refused, quickly

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("bad input")]

NO_REQUESTS = {
    "nothing": b"",
    "a bracket": b"{",
    "null": b"null",
    "a number": b"1",
    "a text": b'"{ departments { id } }"',
    "true": b"true",
    "NaN": b'{"query": "{ departments { id } }", "variables": {"x": NaN}}',
    "an array": b"[]",
    "a batch": b'[{"query": "{ departments { id } }"}]',
    "a hundred thousand arrays": b"[" * 100_000,
    "closed arrays": b"[" * 50_000 + b"]" * 50_000,
    "objects in objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a wide array": b'{"query": "{ departments { id } }", "variables": {"x": [' + b"{}," * 100_000 + b"{}]}}",
    "a long integer": b"1" * 5_000,
    "a long integer in variables": b'{"query": "{ departments { id } }", "variables": {"x": ' + b"9" * 5_000 + b"}}",
    "no UTF-8": b'{"query": "{ departments { id } }\xff\xfe"}',
    "UTF-16": '{"query": "{ departments { id } }"}'.encode("utf-16"),
    "a lone surrogate": b'{"query": "{ doctors(search: \\"\\ud800\\") { totalCount } }"}',
    "no query": b'{"variables": {}}',
    "a query that is null": b'{"query": null}',
    "a query that is a number": b'{"query": 7}',
    "a query that is an object": b'{"query": {"a": 1}}',
    "an empty query": b'{"query": ""}',
    "blanks": b'{"query": "  \\n "}',
    "variables that are a text": b'{"query": "{ departments { id } }", "variables": "x"}',
    "variables that are an array": b'{"query": "{ departments { id } }", "variables": [1]}',
    "an operation name that is a number": b'{"query": "{ departments { id } }", "operationName": 1}',
    "an unknown operation name": b'{"query": "query A { departments { id } }", "operationName": "B"}',
    "two operations without a name": b'{"query": "query A { departments { id } } query B { departments { id } }"}',
    "extensions that are a text": b'{"query": "{ departments { id } }", "extensions": "x"}',
    "NUL": b"\0" * 100,
}


@pytest.mark.parametrize("kind", NO_REQUESTS)
async def test_a_body_that_is_no_request_is_refused(hospital: Hospital, kind: str):
    for accept in ("application/json", "application/graphql-response+json"):
        with quickly():
            answer = await hospital.post(NO_REQUESTS[kind], hospital.admin, accept=accept)
        check_refused(answer)


async def test_a_body_of_ten_megabytes_is_refused_before_it_is_read(hospital: Hospital):
    huge = orjson.dumps({"query": "{ departments { id } }", "variables": {"x": "a" * 10_000_000}})
    with quickly():
        answer = await hospital.post(huge, hospital.admin)
    assert (answer.status, answer.codes) == (413, ["BAD_USER_INPUT"])
    just_fits = orjson.dumps({"query": "{ __typename }", "variables": {"x": "a" * 900_000}})
    assert (await hospital.post(just_fits)).data == {"__typename": "Query"}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", ""]
)
async def test_a_body_of_another_type_is_refused(hospital: Hospital, kind: str):
    answer = await hospital.post(b'{"query": "{ departments { id } }"}', None, content_type=kind)
    assert (answer.status, answer.codes) == (415, ["BAD_USER_INPUT"])


def bombs() -> dict[str, str]:
    doubling = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(25))
    return {
        "doubling fragments": f"{{ ...F0 }} {doubling} fragment F25 on Query {{ departments {{ id }} }}",
        "a cycle of fragments": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "a fragment of itself": (
            "{ departments { ...D } } fragment D on Department { doctors { nodes { department { ...D } } } }"
        ),
        "aliases": "{ " + " ".join(f"a{n}: departments {{ id }}" for n in range(1_000)) + " }",
        "the same field": "{ " + "departments { id } " * 2_000 + " }",
        "directives": "{ departments { id " + "@include(if: true) " * 1_000 + "} }",
        "unknown directives": "{ departments { id " + "@x " * 900 + "} }",
        "depth": "{ doctors { nodes { department { "
        + "doctors { nodes { department { " * 40
        + "id"
        + " } } }" * 41
        + " }",
        "brackets": "{" * 30_000,
        "lists in an argument": "{ doctors(search: " + "[" * 900 + "]" * 900 + ") { totalCount } }",
        "cost": "{ doctors(first: 100) { nodes { department { doctors(first: 100) { nodes { id } } } } } }",
        "many definitions": " ".join(f"query Q{n} {{ departments {{ id }} }}" for n in range(500)),
        "variables": "query (" + " ".join(f"$v{n}: Int" for n in range(500)) + ") { departments { id } }",
        "a long text": '{ doctors(search: "' + "a" * 100_000 + '") { totalCount } }',
        "comments": "#\n" * 50_000 + "{ departments { id } }",
        "inline fragments": "{ " + "... on Query { " * 400 + "__typename" + " }" * 401,
        "introspection": "{ __schema { types { fields " + "{ type { fields " * 12 + "{ name }" + " } }" * 12 + " } } }",
        "overlapping fields": "{ "
        + " ".join(f"departments {{ d{n}: doctors {{ nodes {{ id }} }} }}" for n in range(200))
        + " }",
    }


@pytest.mark.parametrize("kind", bombs())
async def test_a_document_that_asks_too_much_is_refused(hospital: Hospital, kind: str):
    with quickly():
        check_refused(await hospital.ask(bombs()[kind], hospital.admin))


@pytest.mark.parametrize(
    "document",
    [
        "{ nothing }",
        "{ departments }",
        "{ departments { id { x } } }",
        "{ departments { secret } }",
        "{ patient { id } }",
        "{ patient(id: {a: 1}) { id } }",
        '{ patient(id: ["a", "b"]) { id } }',
        "{ patient(id: 1.5) { id } }",
        '{ doctors(first: "20") { totalCount } }',
        "{ doctors(first: 2147483648) { totalCount } }",
        "{ doctors(first: 1e400) { totalCount } }",
        "{ doctors(specialty: 7) { totalCount } }",
        "{ doctors(nothing: 7) { totalCount } }",
        "{ _service { sdl } }",
        "{ _entities(representations: []) { __typename } }",
        "query ($x: Nothing) { departments { id } }",
        "query ($x: Int!) { doctors(first: $x) { totalCount } }",
        "query ($x: String) { doctors(first: $x) { totalCount } }",
        "{ doctors(first: $x) { totalCount } }",
        "mutation { departments { id } }",
        "mutation { createDepartment(input: {name: 7}) { errors { code } } }",
        "mutation { createDepartment(input: {name: null}) { errors { code } } }",
        "mutation { createDepartment(input: null) { errors { code } } }",
        "mutation { createDepartment(input: {}) { errors { code } } }",
        'mutation { createDepartment(input: {name: "x", id: "1"}) { errors { code } } }',
        'mutation { createDepartment(input: {name: "x", name: "y"}) { errors { code } } }',
        'mutation { createStaffAccount(input: {email: "a@b", password: "x", role: GOD}) { errors { code } } }',
        'mutation { createStaffAccount(input: {email: "a@b", password: "x", role: "ADMIN"}) { errors { code } } }',
        "subscription { appointmentStatusChanged { cursor } departments: appointmentStatusChanged { cursor } }",
        "type Query { x: Int }",
        "extend type Query { x: Int }",
        "schema { query: Query }",
        "{ departments { id } ",
        "query { departments { id } } }",
        "{ departments { id } } \u0000",
        '{ doctors(search: "\\ud800") { totalCount } }',
        '{ doctors(search: "\\u{110000}") { totalCount } }',
        "query 🏥 { departments { id } }",
    ],
)
async def test_a_document_that_does_not_fit_is_refused(hospital: Hospital, facts: Facts, document: str):
    before = facts.digests()
    with quickly():
        check_refused(await hospital.ask(document, hospital.admin))
    assert facts.digests() == before


async def test_nothing_is_changed_by_get(hospital: Hospital, facts: Facts):
    before = facts.digests()
    query = 'mutation { createDepartment(input: {name: "By GET"}) { errors { code } } }'
    async with hospital.session.get(
        f"{hospital.url}/graphql", params={"query": query}, headers={"authorization": hospital.admin}
    ) as answer:
        assert answer.status == 405
    assert facts.digests() == before
    for odd in ({}, {"query": ""}, {"query": "{"}, {"query": "{ departments { id } }", "variables": "{"}):
        async with hospital.session.get(
            f"{hospital.url}/graphql", params=odd, headers={"accept": "application/graphql-response+json"}
        ) as answer:
            assert answer.status == 400


async def test_the_oauth_paths_take_nothing_odd_either(hospital: Hospital):
    gate: Gate = hospital
    for path in ("/oauth/token", "/oauth/revoke"):
        for body, kind in (
            (b"", "application/x-www-form-urlencoded"),
            (b"grant_type=password&username=admin&password=x", "application/x-www-form-urlencoded"),
            (b"grant_type=refresh_token&refresh_token=%00%ff", "application/x-www-form-urlencoded"),
            (b"grant_type=refresh_token&refresh_token=' OR 1=1 --", "application/x-www-form-urlencoded"),
            (b"a=1&" * 50_000, "application/x-www-form-urlencoded"),
            (b'{"grant_type": "refresh_token"}', "application/json"),
            (b"\xff\xfe", "application/x-www-form-urlencoded"),
        ):
            with quickly():
                async with gate.session.post(gate.url + path, data=body, headers={"content-type": kind}) as answer:
                    text = await answer.text()
            assert answer.status in {400, 401, 413} or (path, answer.status) == ("/oauth/revoke", 200), (
                path,
                body[:60],
            )
            assert INSIDE.search(text) is None


BACKWARDS = 'leave(from: "2026-12-01T00:00:00Z", to: "2020-01-01T00:00:00Z") { id }'


async def test_what_is_wrong_in_one_place_is_answered_and_breaks_nothing_else(hospital: Hospital):
    """A field that fails beside others that wait for the same rows."""
    department = await hospital.department()
    for _ in range(2):
        await hospital.doctor(departmentId=department)
    inner = "department { doctors(first: 2) { totalCount nodes { availability { day } } } }"
    for document in (
        f"{{ departments {{ doctors(first: 2) {{ totalCount nodes {{ {inner} {BACKWARDS} }} }} }} }}",
        f"{{ doctors(first: 5) {{ totalCount nodes {{ availability {{ day }} {inner} {BACKWARDS} }} }} }}",
    ):
        for bearer in (None, hospital.admin):
            answer = await hospital.ask(document, bearer)
            assert (answer.status, set(answer.codes)) == (200, {"BAD_USER_INPUT"}), answer.text[:200]


async def test_every_error_has_a_code(hospital: Hospital):
    """Also where null in one place makes null of what is around it."""
    doctor = await hospital.doctor()
    document = f"{{ viewer {{ doctor {{ name availability {{ day }} {BACKWARDS} }} }} }}"
    answer = await hospital.ask(document, doctor.bearer)
    assert answer.body["data"] == {"viewer": {"doctor": None}}
    assert set(answer.codes) == {"BAD_USER_INPUT"}
