"""@requires, @provides and @override, over what has been drawn by then."""

from collections.abc import Iterator

from tests.router.oracle.parts import KEY_FIELDS, LEAVES, Drawing, Part, Parts, named, quoted

LABELS = ("half", "percent(50)")
VALUES = {
    "number": ["1", "3"],
    "text": ['"x"'],
    "kind": ["K2"],
    "filter": ["{number: 4}"],
    "filters": ["[]"],
    "ids": ["[]"],
    "blob": ["{a: [1]}"],
    "flag": ["true"],
    "choice": ["C1"],
    "extra": ["{a: 1}"],
}
Found = tuple[str, Part, str, str]
"""A subgraph, its part of an entity, and a field of that which another alone resolves, with its signature."""


class Refinements:
    def __init__(self, drawing: Drawing) -> None:
        self.drawing, self.chance, self.subgraphs = drawing, drawing.chance, drawing.subgraphs

    def add(self) -> None:
        for _ in range(self.chance.randint(0, 4)):
            self.chance.choice([self._requires, self._requires, self._provides, self._override])()

    def _may(self, probability: float) -> bool:
        return self.chance.random() < probability

    def _elsewhere(self, *, of_interfaces: bool = False, keys: bool = False) -> Found | None:
        """Of object types; `of_interfaces` also what other subgraphs give all objects of an interface; or `keys`."""
        found = [
            (subgraph, part, name, signature)
            for subgraph, part in self.drawing.parts("E", "P")
            for other, parts in self.subgraphs.items()
            for known in (part.name, *(["P"] if of_interfaces and part.name.startswith("EP") else []))
            if other != subgraph and known in parts and (known == part.name or parts[known].kind == "type")
            for name, signature in parts[known].fields.items()
            if name not in part.fields and "@" not in signature and (not keys or name in KEY_FIELDS)
        ]
        objects = [one for one in found if named(one[3]) in self.subgraphs[one[0]]]
        return self.chance.choice(objects if objects and self._may(0.4) else found) if found else None

    def _requires(self) -> None:
        found = self._elsewhere(of_interfaces=True)
        if found is None:
            return
        subgraph, part, name, signature = found
        fields = self._field_set(subgraph, name, signature)
        if fields and not part.is_stuck:
            part.fields[name] = f"{signature} @external"
            self._add_requiring(subgraph, part, fields)
            if self._may(0.5) and (others := self._field_set(subgraph, name, signature)):
                self._add_requiring(subgraph, part, others)

    def _add_requiring(self, subgraph: str, part: Part, fields: str) -> None:
        name, signature = self.drawing.new("r"), self.drawing.signature(subgraph)
        part.fields[name] = f"{signature} @requires(fields: {quoted(fields)})"

    def _field_set(self, subgraph: str, name: str, signature: str) -> str | None:
        called = f"{name}{self._sent_arguments(signature)}"
        type_name = named(signature)
        if type_name in LEAVES:
            return called
        part = self.subgraphs[subgraph].get(type_name)
        below = self._below(self.subgraphs[subgraph], part) if part else ""
        return f"{called} {{ {below} }}" if below else None

    def _below(self, parts: Parts, part: Part) -> str:
        found = [*self._leaves(part), *(self._fragments(parts, part) if part.kind == "union" or self._may(0.5) else ())]
        return " ".join(found)

    def _fragments(self, parts: Parts, part: Part) -> Iterator[str]:
        for member in parts.values():
            belongs = member.name in part.members or part.name in member.interfaces
            if belongs and (below := self._leaves(member)):
                yield f"... on {member.name} {{ {' '.join(below)} }}"

    def _leaves(self, part: Part) -> list[str]:
        found = [name for name, signature in part.fields.items() if _is_plain_leaf(signature)]
        return self.drawing.some(found) if found else []

    def _sent_arguments(self, signature: str) -> str:
        if not signature.startswith("("):
            return ""
        declared = signature[1:].split(":")[0]
        must = "!:" in signature.split(")")[0] or ("!" in signature.split(")")[0] and "=" not in signature)
        if not must and self._may(0.3):
            return ""
        return f"({declared}: {self.chance.choice(VALUES[declared])})"

    def _provides(self) -> None:
        found = self._elsewhere()
        if found is None:
            return
        subgraph, part, name, signature = found
        fields = self._field_set(subgraph, name, signature)
        if not fields or "(" in fields or self._is_stuck(part.name, name) or self._has_stuck(subgraph, signature):
            return
        part.fields[name] = f"{signature} @external"
        for parts in self.subgraphs.values():
            if part.name in parts and name in parts[part.name].fields and "@" not in parts[part.name].fields[name]:
                parts[part.name].fields[name] = f"{signature} @shareable"
        self._add_providing(subgraph, part, fields)

    def _add_providing(self, subgraph: str, part: Part, fields: str) -> None:
        """By a field of its type, or of a union or an interface that it belongs to."""
        parts = self.subgraphs[subgraph]
        abstract = [p.name for p in parts.values() if part.name in p.members or p.name in part.interfaces]
        type_name = self.chance.choice([part.name, *abstract])
        if type_name != part.name:
            fields = f"... on {part.name} {{ {fields} }}"
        providing = f": {self.drawing.wrapped(type_name)} @provides(fields: {quoted(fields)})"
        self._owner(parts).fields[self.drawing.new("q")] = providing

    def _has_stuck(self, subgraph: str, signature: str) -> bool:
        """Whether some of the objects there have fields to which no key leads."""
        parts, type_name = self.subgraphs[subgraph], named(signature)
        objects = (
            p for p in parts.values() if type_name in (p.name, *p.interfaces) or p.name in parts[type_name].members
        )
        return type_name in parts and any(part.is_stuck for part in objects)

    def _is_stuck(self, type_name: str, name: str) -> bool:
        """Whether no key leads to the field: once it is provided too, the composer sees that no more."""
        found = (parts.get(type_name, Part("")) for parts in self.subgraphs.values())
        return any(part.is_stuck for part in found if name in part.fields)

    def _owner(self, parts: Parts) -> Part:
        entities = [p for p in parts.values() if p.kind == "type" and p.name.startswith("E") and not p.is_stuck]
        if self._may(0.5) and entities:
            return self.chance.choice(entities)
        return parts.setdefault("Query", Part("Query"))

    def _override(self) -> None:
        found = self._elsewhere(keys=self._may(0.3)) or self._elsewhere()
        if not found or found[1].is_stuck:
            return
        subgraph, part, name, signature = found
        owners = [s for s, parts in self.subgraphs.items() if name in parts.get(part.name, Part("")).fields]
        if len(owners) == 1 and (named(signature) in LEAVES or named(signature) in self.subgraphs[subgraph]):
            # The composer loses labels on interface objects.
            labelled = part.name != "P" and self._may(0.5)
            label = f', label: "{self.chance.choice(LABELS)}"' if labelled else ""
            part.fields[name] = f'{signature} @override(from: "{owners[0]}"{label})'


def _is_plain_leaf(signature: str) -> bool:
    return named(signature) in LEAVES and "@external" not in signature and "(" not in signature.split("@")[0]
