from typing import Any

import pytest

from tests.router.oracle.compare import differences

DATA = {"patients": [{"name": None, "ward": {"beds": None}}, None]}


def response(data: Any, *paths: list[str | int]) -> dict[str, Any]:
    return {"data": data, "errors": [{"message": "", "path": path} for path in paths]}


def test_the_same_is_no_difference() -> None:
    assert differences(response(DATA, ["patients", 1, "due"]), response(DATA, ["patients", 1, "due"])) == []


def test_another_error_that_leads_to_the_same_null_will_do() -> None:
    assert differences(response(DATA, ["patients", 1, "due"]), response(DATA, ["patients", 1, "age"])) == []


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        (response({"a": 1, "b": 2}), response({"b": 2, "a": 1})),
        (response({"a": 1}), response({"a": None})),
        (response({"a": 1}), response({"a": True})),
        (response(DATA, ["patients", 0, "name"]), response(DATA)),
        (response(DATA), response(DATA, ["patients", 0, "name"])),
        (response(DATA, ["patients", 0, "name"]), response(DATA, ["patients", 0, "ward", "beds"])),
        (response(DATA), response(DATA, ["patients", 0, "_hidden"])),
        (response(DATA), response(DATA, ["patients", 0, "ward"])),
    ],
)
def test_it_tells_what_differs(expected: dict[str, Any], given: dict[str, Any]) -> None:
    assert differences(expected, given)
