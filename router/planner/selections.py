"""What is asked for at one position: fields, each for every type there or for one, without fragments."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from router.planner.conditions import ALWAYS, Condition, both, either

ANY = -1
Asked = Mapping[int, tuple[int, Condition]]
"""By the block that tells a field: at which turn among its neighbours, and when."""
UNASKED: Asked = {}


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """`on` is the object type it counts for (None: all); `key` names it in fetched data, `response_key` to the client,
    who does not see what is implied, and sees null for what is withheld.

    `block` is the deferred block that fetches it (0: none, ANY: whichever needs it); `asked` says, of an operation that
    defers, which blocks tell it to the client.

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

    def with_children(self, children: tuple["Field", ...]) -> "Field":
        return replace(self, children=children)

    def within(self, on: str | None) -> "Field":
        return self if on == self.on else replace(self, on=on)


Selections = tuple[Field, ...]
TYPENAME = "__typename"


def implied_typename(block: int = 0) -> Field:
    return Field(None, TYPENAME, TYPENAME, TYPENAME, is_implied=True, block=block)


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
    if left.is_leaf:
        return replace(left, condition=condition, block=block, asked=left.asked or right.asked)
    children = merged([*_narrowed(left, condition), *_narrowed(right, condition)])
    return replace(left, condition=condition, children=children, block=block)


def _narrowed(field: Field, condition: Condition) -> Iterable[Field]:
    """The field's children, once the field is fetched under a wider condition than its own."""
    if field.condition == condition:
        return field.children
    return (replace(child, condition=both(field.condition, child.condition)) for child in field.children)


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
