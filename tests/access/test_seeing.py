"""Role by field, by every way to it: seen exactly where its row says so, on every kind of way alike."""

import asyncio
from typing import Any

import pytest

from tests.access.ward import Viewer, Ward, leaves_of
from tests.access.ways import Oracle, Way, arguments, ways

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("access")]

ALL_WAYS = {str(way): way for way in ways()}
VOLATILE = {"AuditChain"}
"""Grows while it is looked at: only whether it is seen is compared."""


def sorted_lists(value: Any) -> Any:
    """Orders are told elsewhere."""
    if isinstance(value, dict):
        return {name: sorted_lists(inner) for name, inner in value.items()}
    return sorted((sorted_lists(inner) for inner in value), key=repr) if isinstance(value, list) else value


async def check_all(ward: Ward, way: Way, leaves: list[str]) -> None:
    document = way.document(arguments(ward), leaves)
    await asyncio.gather(*(check(ward, viewer, way, leaves, document) for viewer in ward.viewers.values()))


async def check(ward: Ward, viewer: Viewer, way: Way, leaves: list[str], document: str) -> None:
    answer = await ward.ask(document, viewer)
    oracle, root = Oracle(ward, viewer), way.steps[0]
    code = oracle.refusal(root.coordinate)
    if code is not None:
        assert answer["data"] == {root.field: None}, (str(viewer), str(way))
        assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [([root.field], code)]
        return
    assert "errors" not in answer, (str(viewer), str(way), answer["errors"])
    if way.target in VOLATILE:
        assert set(answer["data"][root.field]) == set(leaves)
    else:
        expected = sorted_lists(oracle.answer(way, leaves))
        assert sorted_lists(answer["data"]) == expected, (str(viewer), str(way), leaves)


@pytest.mark.parametrize("name", ALL_WAYS)
async def test_all_values_of_a_type_are_seen_by_this_way_as_its_rows_say(ward: Ward, name: str):
    way = ALL_WAYS[name]
    await check_all(ward, way, leaves_of(way.target) or ["__typename"])


def shortest_by_last_step() -> dict[str, Way]:
    found: dict[str, Way] = {}
    for way in sorted(ways(), key=lambda way: len(way.steps)):
        found.setdefault(way.steps[-1].coordinate, way)
    return found


LAST_STEPS = shortest_by_last_step()
ALONE = [(coordinate, leaf) for coordinate, way in LAST_STEPS.items() for leaf in leaves_of(way.target)]


@pytest.mark.parametrize(("coordinate", "leaf"), ALONE)
async def test_each_value_is_seen_alone_as_its_row_says(ward: Ward, coordinate: str, leaf: str):
    """Alone, because beside another one that is null it would be hidden with it."""
    await check_all(ward, LAST_STEPS[coordinate], [leaf])
