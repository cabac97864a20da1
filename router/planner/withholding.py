"""Parting what a caller may not see from what is fetched: who decides it is outside of planning."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from router.planner.naming import RESERVED
from router.planner.selections import Field, Selections


@dataclass(frozen=True, slots=True)
class Parted:
    """`asked` is what the client sees, `fetched` that of it which is fetched; `withheld` leads to what is not."""

    asked: Selections
    fetched: Selections
    withheld: Selections = ()


Withhold = Callable[[str, Selections], Parted]
"""For the name of a root type and all that is asked of it."""


def nothing(_: str, selections: Selections) -> Parted:
    return Parted(selections, selections)


def withheld(field: Field) -> Field:
    """The field under a name that nothing is fetched by: its own may be there, for a key or a @requires."""
    return replace(field, key=f"{RESERVED}withheld_{field.response_key}", children=(), is_withheld=True)
