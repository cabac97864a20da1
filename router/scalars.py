"""Checks of custom scalars, by name: the router refuses a bad value before any subgraph sees it."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, TypeAlias

from graphql import ConstValueNode, GraphQLError, GraphQLScalarType, GraphQLSchema, print_ast
from graphql.language import StringValueNode

from router.errors import ErrorCode

ScalarCheck: TypeAlias = Callable[[str], object]

DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
DECIMAL = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?", re.ASCII)


def check_date(text: str) -> None:
    if not DATE.fullmatch(text):
        raise ValueError('Write a calendar day as YYYY-MM-DD, such as "2026-03-31".')
    date.fromisoformat(text)


def check_time(text: str) -> None:
    if not TIME.fullmatch(text):
        raise ValueError('Write a wall time without an offset as HH:MM or HH:MM:SS, such as "08:30".')
    time.fromisoformat(text)


def check_date_time(text: str) -> None:
    if not DATE_TIME.fullmatch(text):
        raise ValueError(
            'Write an instant as RFC 3339 with its offset from UTC, such as "2026-03-31T08:30:00+02:00" or "…Z".'
        )
    datetime.fromisoformat(text.upper()).utctimetuple()


def check_decimal(text: str) -> None:
    if not DECIMAL.fullmatch(text):
        raise ValueError('Write an exact number as a string of digits, such as "1000.00".')


STANDARD_SCALARS: Mapping[str, ScalarCheck] = {
    "Date": check_date,
    "DateTime": check_date_time,
    "Decimal": check_decimal,
    "Time": check_time,
}


def guard_scalars(schema: GraphQLSchema, checks: Mapping[str, ScalarCheck]) -> None:
    """Puts each check on the schema's scalar of its name; a schema without such a scalar is left as it is."""
    for name, check in checks.items():
        scalar = schema.type_map.get(name)
        if isinstance(scalar, GraphQLScalarType):
            _guard(scalar, check)


def _guard(scalar: GraphQLScalarType, check: ScalarCheck) -> None:
    def checked(value: object, shown: str) -> object:
        try:
            if not isinstance(value, str):
                raise ValueError("It is sent as a string.")
            check(value)
        except (ValueError, OverflowError) as error:
            raise bad_scalar(scalar.name, shown, error) from None
        return value

    def coerce_value(value: Any) -> object:
        return checked(value, shorten(json.dumps(value, ensure_ascii=False)))

    def coerce_literal(node: ConstValueNode) -> object:
        return checked(node.value if isinstance(node, StringValueNode) else None, shorten(print_ast(node)))

    scalar.coerce_input_value = coerce_value
    scalar.coerce_input_literal = coerce_literal


def bad_scalar(name: str, shown: str, error: Exception) -> GraphQLError:
    return GraphQLError(
        f"{shown} is not a valid {name}. {str(error)[:1].upper()}{str(error)[1:]}",
        extensions={"code": ErrorCode.BAD_USER_INPUT.value},
    )


def shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
