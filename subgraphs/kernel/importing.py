"""The import of another system's facts, batch by batch: each is taken once, and a bad one is refused alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from subgraphs.kernel.errors import InvalidInput, Refused
from subgraphs.kernel.ids import new_id

MAXIMUM_KEY = 200


class Keyed(Protocol):
    """`import_key` names the thing in the other system for good."""

    @property
    def import_key(self) -> str: ...


@dataclass(slots=True)
class Imported:
    """By import key: the ids of what is now here (made just now or before), and why the rest was refused."""

    ids: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    made: int = 0


Given = TypeVar("Given", bound=Keyed)
Made = TypeVar("Made")


def keys_of(batch: Sequence[Keyed]) -> set[str]:
    """Those that may be known here."""
    return {given.import_key for given in batch if _is_key(given.import_key)}


def taken(batch: Sequence[Given], outcome: Imported, make: Callable[[str, Given], Made]) -> list[Made]:
    """What `make(id, given)` makes of each that is new; the outcome says of each what became of it.

    `make` raises Refused for what is not taken.
    """
    made = []
    for given in batch:
        if given.import_key in outcome.ids:
            continue
        id = new_id()
        try:
            _check_key(given.import_key)
            made.append(make(id, given))
        except Refused as refused:
            outcome.refused[given.import_key] = str(refused)
            continue
        outcome.ids[given.import_key] = id
        outcome.made += 1
    return made


def _check_key(key: str) -> None:
    if not _is_key(key):
        raise InvalidInput(f"An import key has 1 to {MAXIMUM_KEY} printable characters.")


def _is_key(key: str) -> bool:
    return 1 <= len(key) <= MAXIMUM_KEY and key.isprintable()
