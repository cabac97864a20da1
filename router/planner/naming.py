"""The names that fields have in fetched data.

One rule, without looking at neighbours, keeps what a client asks for and what keys and @requires need from
clashing: a field without arguments that a subgraph needs goes by its own name, one with arguments by a reserved
one; a client's alias or arguments that could be mistaken for either are moved aside.
"""

from collections.abc import Iterable
from zlib import crc32

RESERVED = "_qp_"


class Naming:
    """For clients' fields. `needed` are the field names found in any key or @requires."""

    def __init__(self, needed: Iterable[str]) -> None:
        self._needed = frozenset(needed)

    def key(self, response_key: str, name: str, arguments: str) -> str:
        if response_key == name and not arguments:
            return name
        clashes = response_key in self._needed or response_key.startswith(RESERVED)
        return f"{RESERVED}c_{response_key}" if clashes else response_key


class NeededNaming(Naming):
    """For the fields of keys and @requires: each set of arguments of a field has a name of its own."""

    def __init__(self) -> None:
        super().__init__(())

    def key(self, response_key: str, name: str, arguments: str) -> str:
        if not arguments:
            return name
        return f"{RESERVED}{crc32(arguments.encode()):08x}_{name}"
