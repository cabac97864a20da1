"""Representations: each once, whichever way it was found."""

from typing import Any

import pytest

from router.executor.gathered import Gathered, Target
from router.planner.nodes import Flatten
from router.planner.selections import Field


def leaf(name: str, key: str = "") -> Field:
    return Field(None, key or name, name, name)


def gathered(*objects: dict[str, Any], requires: tuple[Field, ...] = (), key: Field = leaf("id")) -> Gathered:
    found = Gathered()
    found.add(Target.of(Flatten((), "Patient", (key,), requires)), list(objects))
    return found


def sent(found: Gathered) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name != "__typename"} for one in found.representations]


@pytest.mark.parametrize("values", [[1, True], [1, 1.0], [0, False, 0.0], ["1", 1], [[1], [True]]])
def test_values_that_are_sent_otherwise_are_told_apart(values: list[Any]) -> None:
    found = gathered(*({"id": value} for value in (*values, *values)))
    assert [[type(one["id"]), one["id"]] for one in found.representations] == [[type(v), v] for v in values]
    assert [len(objects) for objects in found.objects()] == [2] * len(values)


def test_one_odd_value_does_not_send_its_neighbours_twice() -> None:
    found = gathered({"id": "1"}, {"id": "2"})
    found.add(Target.of(Flatten((), "Patient", (leaf("id"),))), [{"id": "2"}, {"id": 2.5}, {"id": "1"}])
    assert sent(found) == [{"id": "1"}, {"id": "2"}, {"id": 2.5}]
    assert [len(objects) for objects in found.objects()] == [2, 2, 1]


def test_a_null_or_absent_key_is_skipped_and_said() -> None:
    found = gathered({"id": None}, {"id": "1"}, {})
    assert (sent(found), found.skipped) == ([{"id": "1"}], [(0, {"id": None}), (0, {})])
    assert not gathered({"id": "1"}).skipped


def test_what_is_required_may_be_null_but_not_absent() -> None:
    objects = [{"id": "1", "age": None}, {"id": "2"}, {"id": "3", "age": 7}]
    found = gathered(*objects, requires=(leaf("age"),))
    assert (sent(found), found.skipped) == ([{"id": "1", "age": None}, {"id": "3", "age": 7}], [(0, {"id": "2"})])
    assert not gathered({"id": "1", "age": None}, requires=(leaf("age"),)).skipped


def test_a_key_is_sent_under_its_own_name() -> None:
    found = gathered({'it"s': "1"}, key=leaf("id", key='it"s'))
    assert found.representations == [{"__typename": "Patient", "id": "1"}]


def test_types_of_the_same_key_are_told_apart() -> None:
    found = gathered({"id": "1"})
    found.add(Target.of(Flatten((), "Doctor", (leaf("id"),))), [{"id": "1"}])
    assert [one["__typename"] for one in found.representations] == ["Patient", "Doctor"]
