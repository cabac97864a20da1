"""The router's own checks of scalars: what is taken, what is refused, and the words for it."""

import json
from typing import Any

import pytest
from graphql import build_schema

from router.documents import Inputs, parse_document, validate_document
from router.errors import OperationRefused
from router.scalars import STANDARD_SCALARS, guard_scalars
from router.settings import Limits

SCHEMA = build_schema(
    "scalar Date scalar DateTime scalar Decimal scalar Time scalar Other "
    "type Query { f(date: Date, at: DateTime, amount: Decimal, hour: Time, days: [Date!], other: Other): Int }"
)
guard_scalars(SCHEMA, STANDARD_SCALARS)

GOOD = [
    ("date", '"2028-02-29"'),
    ("at", '"2026-03-31T08:30:00Z"'),
    ("at", '"2026-03-31T08:30:00.123456+05:30"'),
    ("amount", '"1000.00"'),
    ("amount", '"-0.01"'),
    ("hour", '"08:30"'),
    ("hour", '"08:30:15.5"'),
    ("days", '["2026-01-01", "2026-01-02"]'),
    ("days", '"2026-01-01"'),
    ("other", "{ a: [1] }"),
    ("date", "null"),
]

BAD = [
    ("date", '"2026-02-29"', "out of range"),
    ("date", '"20260101"', "YYYY-MM-DD"),
    ("date", '"2026-W01-1"', "YYYY-MM-DD"),
    ("date", '"２０２６-01-01"', "YYYY-MM-DD"),
    ("date", "20260101", "sent as a string"),
    ("at", '"2026-03-31T08:30:00"', "offset"),
    ("at", '"2026-03-31"', "RFC 3339"),
    ("at", '"2026-03-31T25:30:00Z"', "Hour must be"),
    ("at", '"0001-01-01T00:00:00+14:00"', "DateTime"),
    ("at", "1767225600", "sent as a string"),
    ("amount", "1000.00", "sent as a string"),
    ("amount", "1", "sent as a string"),
    ("amount", '"NaN"', "string of digits"),
    ("amount", '"Infinity"', "string of digits"),
    ("amount", '"1e400"', "string of digits"),
    ("amount", '"' + "9" * 50 + '"', "string of digits"),
    ("hour", '"08:30+02:00"', "without an offset"),
    ("hour", '"24:00"', "Hour must be"),
    ("days", '["2026-01-01", "soon"]', "YYYY-MM-DD"),
    ("date", "{ a: 1 }", "sent as a string"),
]

TYPES = {"date": "Date", "at": "DateTime", "amount": "Decimal", "hour": "Time", "days": "[Date!]", "other": "Other"}
JSON_VALUES: dict[str, Any] = {"null": None, "{ a: [1] }": {"a": [1]}, "{ a: 1 }": {"a": 1}}


def check_literal(argument: str, literal: str) -> None:
    validate_document(parse_document(f"{{ f({argument}: {literal}) }}", Limits()), SCHEMA, introspection=True)


def check_variable(argument: str, literal: str) -> Any:
    document = parse_document(f"query Q($v: {TYPES[argument]}) {{ f({argument}: $v) }}", Limits())
    validate_document(document, SCHEMA, introspection=True)
    value = JSON_VALUES[literal] if literal in JSON_VALUES else json.loads(literal)
    inputs = Inputs(document.definitions[0].variable_definitions, {}, {})  # type: ignore[attr-defined]
    return inputs.check({"v": value}, SCHEMA, Limits())["v"], value


@pytest.mark.parametrize(("argument", "literal"), GOOD)
def test_it_takes_a_good_value_and_forwards_it_as_sent(argument: str, literal: str) -> None:
    check_literal(argument, literal)
    forwarded, sent = check_variable(argument, literal)
    assert forwarded == sent


@pytest.mark.parametrize(("argument", "literal", "words"), BAD)
def test_it_refuses_a_bad_literal_in_words_that_help(argument: str, literal: str, words: str) -> None:
    with pytest.raises(OperationRefused, match=words) as refused:
        check_literal(argument, literal)
    assert refused.value.errors[0].extensions == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(("argument", "literal", "words"), BAD)
def test_it_refuses_a_bad_variable_in_words_that_help(argument: str, literal: str, words: str) -> None:
    with pytest.raises(OperationRefused, match=words) as refused:
        check_variable(argument, literal)
    assert refused.value.errors[0].extensions == {"code": "BAD_USER_INPUT"}


def test_a_schema_without_such_scalars_is_left_alone() -> None:
    guard_scalars(build_schema("type Query { a: Int }"), STANDARD_SCALARS)
