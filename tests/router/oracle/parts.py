"""Types in one subgraph, being drawn."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

LEAVES = ["Int", "Int", "String", "String", "Boolean", "Float", "ID", "Kind", "State", "Blob"]
KEY_FIELDS = {"id": "ID!", "code": "String!", "number": "Int!", "meta": "Meta!"}
ROOTS = ("Query", "Mutation")


@dataclass
class Part:
    """A type in one subgraph."""

    name: str
    kind: str = "type"
    interfaces: list[str] = field(default_factory=list)
    directives: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)

    @property
    def is_stuck(self) -> bool:
        """Whether it cannot be found by one of its keys here."""
        return any("resolvable: false" in directive for directive in self.directives)

    def text(self) -> str:
        implements = f" implements {' & '.join(self.interfaces)}" if self.interfaces else ""
        head = " ".join([f"{self.kind} {self.name}{implements}", *self.directives])
        if self.kind == "union":
            return f"{head} = {' | '.join(self.members)}"
        return f"{head} {{\n" + "\n".join(f"  {name}{rest}" for name, rest in self.fields.items()) + "\n}"


Parts = dict[str, Part]


def named(signature: str) -> str:
    return signature.split("@")[0].split("): ")[-1].removeprefix(": ").strip(" []!")


class Drawing(Protocol):
    """What is drawn so far."""

    chance: random.Random
    subgraphs: dict[str, Parts]

    def parts(self, *prefixes: str) -> Iterator[tuple[str, Part]]: ...

    def new(self, letter: str) -> str: ...

    def some(self, items: list[str], least: int = 1) -> list[str]: ...

    def signature(self, subgraph: str) -> str: ...

    def wrapped(self, named: str) -> str: ...


def quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'
