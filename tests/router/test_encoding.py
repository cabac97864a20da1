"""What a subgraph gives and JSON cannot carry to a client."""

from typing import Any

import orjson
import pytest

from router.encoding import encoded


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("value", [nested(250), nested(253), nested(500), 10**30], ids=["250", "253", "500", "digits"])
def test_a_field_that_cannot_be_written_is_null_and_an_error(value: Any) -> None:
    for message in ({"data": {"a": value, "b": 1}}, {"type": "next", "payload": {"data": {"a": value, "b": 1}}}):
        written = orjson.loads(encoded(message))
        response = written.get("payload", written)
        if response["data"] != {"a": value, "b": 1}:
            assert response["data"] == {"a": None, "b": 1}
            assert [error["path"] for error in response["errors"]] == [["a"]]


def test_errors_that_were_there_stay_as_far_as_they_can_be_written() -> None:
    errors = [{"message": "one"}, {"message": "two", "extensions": {"code": nested(500)}}]
    written = orjson.loads(encoded({"data": None, "errors": errors}))
    assert written["data"] is None
    assert [error["message"] for error in written["errors"]] == [
        "one",
        "A subgraph gave something that cannot be passed on.",
    ]
    assert written["errors"][1]["extensions"].keys() == {"code", "errorId"}


def test_what_can_be_written_is_written_as_it_is() -> None:
    assert encoded({"data": {"a": nested(240)}}) == orjson.dumps({"data": {"a": nested(240)}})
