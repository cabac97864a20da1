"""What is asked for at one position: fields, each for every type there or for one, without fragments."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from router.planner.conditions import ALWAYS, Condition, both, either, holds

ANY = -1
Asked = Mapping[int, tuple[int, Condition]]
"""By the block that tells a field: at which turn among its neighbours, and when."""
UNASKED: Asked = {}
Turn = tuple[int, int]
Turns = tuple[tuple[Turn, Condition], ...]
"""Each place where a field stands: in which occurrence of the object's own field, and at which turn there; and when."""


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """`on` is the object type it counts for (None: all); `key` names it in fetched data, `response_key` to the client,
    who does not see what is implied, and sees null for what is withheld.

    `block` is the deferred block that fetches it (0: none, ANY: whichever needs it); `asked` says, of an operation that
    defers, which blocks tell it to the client. `turns` decide the order, unless it defers; children count their places
    by those of the field.

    Equal by identity, so that a search can remember what it found for the very same field.
    """

    on: str | None
    key: str
    response_key: str
    name: str
    arguments: str = ""
    variables: frozenset[str] = frozenset()
    condition: Condition = ALWAYS
    children: tuple["Field", ...] = ()
    is_leaf: bool = True
    is_implied: bool = False
    is_withheld: bool = False
    block: int = 0
    asked: Asked = dataclasses.field(default_factory=lambda: UNASKED)
    turns: Turns = ()

    def with_children(self, children: tuple["Field", ...]) -> "Field":
        return replace(self, children=children)

    def within(self, on: str | None) -> "Field":
        return self if on == self.on else replace(self, on=on)


Selections = tuple[Field, ...]
TYPENAME = "__typename"


def implied_typename(block: int = 0) -> Field:
    return Field(None, TYPENAME, TYPENAME, TYPENAME, is_implied=True, block=block)


def in_turn(fields: Iterable[Field]) -> list[Field]:
    """In the order of their first places."""
    return sorted(fields, key=lambda field: field.turns[0][0] if field.turns else (0, 0))


def first_turn(turns: Turns, switches: Mapping[str, Any]) -> Turn:
    """The place that counts first; anywhere if none does."""
    return next((turn for turn, condition in turns if holds(condition, switches)), (0, 0))


def selections_for(selections: Selections, object_type: str) -> Selections:
    """What counts for one object type, each key once, in the order asked."""
    return merged(field.within(None) for field in selections if field.on is None or field.on == object_type)


def merged(fields: Iterable[Field]) -> Selections:
    """Fields of the same type and key made one; the first of them decides the order.

    What is implied stays beside what is asked, as each counts under a condition of its own.
    """
    found: dict[tuple[str | None, str, bool], Field] = {}
    for field in fields:
        key = field.on, field.key, field.is_implied
        found[key] = _merged_pair(found[key], field) if key in found else field
    return tuple(found.values())


def _merged_pair(left: Field, right: Field) -> Field:
    condition, block = either(left.condition, right.condition), min(left.block, right.block)
    turns = tuple(sorted([*left.turns, *right.turns], key=lambda place: place[0]))
    if left.is_leaf:
        return replace(left, condition=condition, block=block, asked=left.asked or right.asked, turns=turns)
    children = merged([*_below(left, condition, turns), *_below(right, condition, turns)])
    return replace(left, condition=condition, children=children, block=block, turns=turns)


def _below(field: Field, condition: Condition, turns: Turns) -> Iterable[Field]:
    """The children, once the field is fetched under a wider condition than its own, and stands elsewhere too."""
    places = [turns.index(place) for place in field.turns]
    if field.condition == condition and places == list(range(len(places))):
        return field.children
    return (_within(child, field.condition, condition, places) for child in field.children)


def _within(child: Field, own: Condition, wider: Condition, places: list[int]) -> Field:
    turns = tuple(
        ((places[above], turn), when if own == wider else both(own, when)) for (above, turn), when in child.turns
    )
    return replace(child, condition=child.condition if own == wider else both(own, child.condition), turns=turns)


def clash(left: Selections, right: Selections) -> bool:
    """Whether the two cannot be sent in one representation: a name that stands for different arguments."""
    known: dict[tuple[str | None, str], list[Field]] = {}
    for field in left:
        known.setdefault((field.on, field.name), []).append(field)
    return any(
        other.key != field.key or clash(other.children, field.children)
        for field in right
        for other in known.get((field.on, field.name), ())
    )
