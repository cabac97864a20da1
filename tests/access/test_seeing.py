"""Role by field, by every way to it: seen exactly where its row says so, on every kind of way alike."""

import asyncio
from typing import Any

import pytest

from tests.access.ward import Viewer, Ward, leaves_of
from tests.access.ways import Oracle, Way, arguments, ways

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("access")]

VOLATILE = {"AuditChain"}
"""Grows while it is looked at: only whether it is seen is compared."""

Walk = tuple[Way, list[str]]
"""A way, and the values that are looked at where it ends."""


def sorted_lists(value: Any) -> Any:
    """Orders are told elsewhere."""
    if isinstance(value, dict):
        return {name: sorted_lists(inner) for name, inner in value.items()}
    return sorted((sorted_lists(inner) for inner in value), key=repr) if isinstance(value, list) else value


async def check_all(ward: Ward, walks: list[Walk]) -> None:
    """All in one request, each from a root field of its own: what is null on one way hides nothing on another."""
    given = arguments(ward)
    document = " ".join(way.selection(given, leaves, f"walk{place}") for place, (way, leaves) in enumerate(walks))
    await asyncio.gather(*(check(ward, viewer, walks, f"{{ {document} }}") for viewer in ward.viewers.values()))


async def check(ward: Ward, viewer: Viewer, walks: list[Walk], document: str) -> None:
    answer, oracle = await ward.ask(document, viewer), Oracle(ward, viewer)
    refused = {}
    assert set(answer["data"]) == {f"walk{place}" for place in range(len(walks))}
    for place, (way, leaves) in enumerate(walks):
        name = f"walk{place}"
        told, root = answer["data"][name], way.steps[0]
        code = oracle.refusal(root.coordinate)
        if code is not None:
            refused[name] = code
            assert told is None, (str(viewer), str(way), leaves)
        elif way.target in VOLATILE:
            assert set(told) == set(leaves)
        else:
            expected = oracle.answer(way, leaves)[root.field]
            assert sorted_lists(told) == sorted_lists(expected), (str(viewer), str(way), leaves)
    errors = [(tuple(error["path"]), error["extensions"]["code"]) for error in answer.get("errors", ())]
    assert sorted(errors) == sorted(((name,), code) for name, code in refused.items()), (
        str(viewer),
        answer.get("errors"),
    )


def begun_alike() -> dict[str, list[Way]]:
    found: dict[str, list[Way]] = {}
    for way in ways():
        found.setdefault(".".join(step.field for step in way.steps[:2]), []).append(way)
    return found


BEGUN_ALIKE = begun_alike()


@pytest.mark.parametrize("beginning", BEGUN_ALIKE)
async def test_all_values_of_a_type_are_seen_by_every_way_as_its_rows_say(ward: Ward, beginning: str):
    await check_all(ward, [(way, leaves_of(way.target) or ["__typename"]) for way in BEGUN_ALIKE[beginning]])


def shortest_by_last_step() -> dict[str, Way]:
    found: dict[str, Way] = {}
    for way in sorted(ways(), key=lambda way: len(way.steps)):
        if leaves_of(way.target):
            found.setdefault(way.steps[-1].coordinate, way)
    return found


LAST_STEPS = shortest_by_last_step()


@pytest.mark.parametrize("coordinate", LAST_STEPS)
async def test_each_value_is_seen_alone_as_its_row_says(ward: Ward, coordinate: str):
    """Alone, because beside another one that is null it would be hidden with it."""
    way = LAST_STEPS[coordinate]
    await check_all(ward, [(way, [leaf]) for leaf in leaves_of(way.target)])
