"""Subgraphs by chance. What the composer refuses is drawn anew."""

import random
from collections.abc import Iterator, Mapping

from tests.router.oracle.composer import Composer, Refused
from tests.router.oracle.parts import KEY_FIELDS, LEAVES, ROOTS, Part, Parts, named
from tests.router.oracle.refinements import LABELS, Refinements
from tests.router.oracle.subject import Subject
from tests.router.oracle.world import Chances

MOST_ATTEMPTS = 200
LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@requires", "@provides",'
    ' "@external", "@shareable", "@override", "@interfaceObject"])'
)
COMMON = "\n".join(
    [
        "enum Kind { K1 K2 K3 }",
        "input Filter { number: Int = 1 text: String kind: Kind ids: [ID!] below: Filter blob: Blob }",
        "scalar Blob",
    ]
)
ARGUMENTS = [
    "number: Int = 2",
    "number: Int! = 2",
    "number: Int!",
    "text: String",
    "kind: Kind = K1",
    "kind: Kind",
    "filter: Filter",
    'filter: Filter = {text: "of default"}',
    "filters: [Filter!]",
    "ids: [ID!]",
    "ids: [[Int]]",
    "blob: Blob",
    "flag: Boolean",
    "choice: Choice",
    "extra: Extra",
]
KEYS = [
    ["id"],
    ["id", "code"],
    ["id", "id code"],
    ["id", "id number"],
    ["code"],
    ["id", "code meta { tag }"],
    ["id", "meta { id tag }"],
]


def draw(seed: int, composer: Composer) -> Subject:
    for attempt in range(MOST_ATTEMPTS):
        chance = random.Random(f"{seed} {attempt}")
        sdls = Schemas(chance).sdls()
        chances = Chances(chance.choice([0, 0.1, 0.3]), chance.choice([0, 0.02, 0.1]))
        try:
            labels = frozenset(label for label in LABELS if chance.random() < 0.5)
            return Subject(sdls, composer.compose(sdls), seed, chances, labels)
        except Refused:
            continue
    raise RuntimeError(f"None of {MOST_ATTEMPTS} schemas could be composed.")


class Schemas:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.subgraphs: dict[str, Parts] = {name: {} for name in "abcde"[: chance.randint(2, 5)]}
        self.names = iter(range(1000))
        self.entities: list[str] = []

    def sdls(self) -> Mapping[str, str]:
        self._values()
        for number in range(self.chance.randint(1, 4)):
            self._entity(f"E{number}")
        if self.may(0.4):
            self._interface_object()
        for number in range(self.chance.randint(0, 2)):
            self._interface(f"I{number}")
        for number in range(self.chance.randint(0, 2)):
            self._union(f"U{number}")
        for subgraph, part in list(self.parts("E")):
            if not part.is_stuck:  # the composer does not see all that no key leads to
                self._fields(subgraph, part)
        Refinements(self).add()
        self._roots()
        return {name: self._sdl(parts) for name, parts in self.subgraphs.items()}

    def may(self, probability: float) -> bool:
        return self.chance.random() < probability

    def some(self, items: list[str], least: int = 1) -> list[str]:
        return sorted(self.chance.sample(items, self.chance.randint(min(least, len(items)), len(items))))

    def _sdl(self, parts: Parts) -> str:
        return "\n".join([LINK, COMMON, *self._differing(), *(part.text() for part in parts.values())]) + "\n"

    def _differing(self) -> Iterator[str]:
        """What subgraphs need not have alike: of inputs what all know is left, of outputs what any of them gives."""
        yield f"enum Choice {{ C1 {' '.join(self.some(['C2', 'C3'], 0))} }}"
        yield f"input Extra {{ a: Int {' '.join(self.some(['b: String', 'c: Choice', 'd: [Extra!]'], 0))} }}"
        yield f"enum State {{ S1 {' '.join(self.some(['S2', 'S3'], 0))} }}"

    def parts(self, *prefixes: str) -> Iterator[tuple[str, Part]]:
        for subgraph, parts in self.subgraphs.items():
            for part in list(parts.values()):
                if part.name.startswith(prefixes) and part.kind == "type":
                    yield subgraph, part

    def new(self, letter: str) -> str:
        return f"{letter}{next(self.names)}"

    def _values(self) -> None:
        for number in range(self.chance.randint(0, 2)):
            fields = {
                f"v{n}": f": {self.wrapped(self.chance.choice(LEAVES))}" for n in range(self.chance.randint(1, 3))
            }
            if number and self.may(0.5):
                fields["v9"] = f": {self.wrapped('V0')}"
            for parts in self.subgraphs.values():
                parts[f"V{number}"] = Part(f"V{number}", directives=["@shareable"], fields=dict(fields))

    def _entity(self, name: str) -> None:
        keys = self.chance.choice(KEYS)
        homes = self.some(list(self.subgraphs), 2)
        self.entities.append(name)
        for place, subgraph in enumerate(homes):
            own = keys if place == 0 else self.some(keys)
            self._part_of_entity(subgraph, name, own, may_be_stuck=place > 0)

    def _part_of_entity(self, subgraph: str, name: str, keys: list[str], *, may_be_stuck: bool = True) -> Part:
        """The part that has all keys is found by each: the composer does not see all that no key leads to."""
        resolvable = ", resolvable: false" if may_be_stuck and self.may(0.1) else ""
        part = Part(name, directives=[f'@key(fields: "{key}"{resolvable})' for key in keys])
        for word in " ".join(keys).replace("{ tag }", "").replace("{ id tag }", "").split():
            part.fields[word] = f": {KEY_FIELDS[word]}"
        if "meta" in part.fields:
            self.subgraphs[subgraph]["Meta"] = Part(
                "Meta", directives=["@shareable"], fields={"id": ": ID!", "tag": ": String!"}
            )
        self.subgraphs[subgraph][name] = part
        return part

    def _interface_object(self) -> None:
        hub, *others = self.chance.sample(list(self.subgraphs), len(self.subgraphs))
        label = f": {self.wrapped('String')}"
        self.subgraphs[hub]["P"] = Part(
            "P", "interface", directives=['@key(fields: "id")'], fields={"id": ": ID!", "label": label}
        )
        for number in range(self.chance.randint(1, 3)):
            name = f"EP{number}"
            part = self._part_of_entity(hub, name, ["id"])
            part.directives, part.interfaces = ['@key(fields: "id")'], ["P"]
            part.fields["label"] = label
            self.entities.append(name)
            if self.may(0.4):
                self._part_of_entity(self.chance.choice(others), name, ["id"])
        for subgraph in self.some(others):
            if not any(name.startswith("EP") for name in self.subgraphs[subgraph]):
                directives = ['@key(fields: "id")', "@interfaceObject"]
                self.subgraphs[subgraph]["P"] = Part("P", directives=directives, fields={"id": ": ID!"})
                self.subgraphs[subgraph]["P"].fields[self.new("p")] = self.signature(subgraph)

    def _interface(self, name: str) -> None:
        """Of entities, each with the interface's own field in some of its subgraphs."""
        own, type_ = f"{name.lower()}own", self.wrapped(self.chance.choice(LEAVES))
        members = self.some(self.entities)
        for subgraph in self.some(list(self.subgraphs)):
            parts = self.subgraphs[subgraph]
            found = [parts[m] for m in members if m in parts]
            if not found:
                continue
            shared = [f for f in ("id", "code") if all(f in part.fields for part in found)]
            parts[name] = Part(name, "interface", fields={f: f": {KEY_FIELDS[f]}" for f in self.some(shared, 0)})
            if self.may(0.7) or not parts[name].fields:
                parts[name].fields[own] = f": {type_}"
            for part in found:
                part.interfaces.append(name)
                if own in parts[name].fields:
                    part.fields[own] = f": {self._refined(type_)} @shareable"

    def _refined(self, type_: str) -> str:
        return type_

    def _union(self, name: str) -> None:
        for parts in self.subgraphs.values():
            objects = [p.name for p in parts.values() if p.kind == "type" and not p.name.startswith("P")]
            if objects and self.may(0.7):
                parts[name] = Part(name, "union", members=self.some(objects))

    def _fields(self, subgraph: str, part: Part) -> None:
        for _ in range(self.chance.randint(0, 3)):
            name, signature = self.new("f"), self.signature(subgraph)
            part.fields[name] = signature
            if self.may(0.25):
                self._share(subgraph, part.name, name, signature)

    def _share(self, subgraph: str, type_name: str, name: str, signature: str) -> None:
        type_ = named(signature)
        for other, parts in self.subgraphs.items():
            known = type_ in parts or type_ in LEAVES
            if (
                type_name in parts
                and known
                and parts[type_name].kind == "type"
                and (other == subgraph or self.may(0.6))
            ):
                parts[type_name].fields[name] = f"{signature} @shareable"

    def signature(self, subgraph: str) -> str:
        arguments = f"({self.chance.choice(ARGUMENTS)})" if self.may(0.25) else ""
        return f"{arguments}: {self._type(subgraph)}"

    def _type(self, subgraph: str) -> str:
        composite = [p.name for p in self.subgraphs[subgraph].values() if p.name not in (*ROOTS, "Meta")]
        named = self.chance.choice(composite) if composite and self.may(0.5) else self.chance.choice(LEAVES)
        return self.wrapped(named)

    def wrapped(self, named: str) -> str:
        found = named + self._bang()
        while self.may(0.3 if found.startswith("[") else 0.35):
            found = f"[{found}]{self._bang()}"
        return found

    def _bang(self) -> str:
        return "!" if self.may(0.3) else ""

    def _roots(self) -> None:
        for subgraph, parts in self.subgraphs.items():
            query = parts.setdefault("Query", Part("Query"))
            for _ in range(self.chance.randint(0 if query.fields else 1, 3)):
                query.fields[self.new("q")] = self.signature(subgraph)
        for subgraph, parts in self.subgraphs.items():
            for name, signature in list(parts["Query"].fields.items()):
                if "@" not in signature and self.may(0.2):
                    self._share(subgraph, "Query", name, signature)
        for subgraph in self.some(list(self.subgraphs), 0):
            fields = {
                self.new("m"): self.signature(subgraph).removesuffix("!") for _ in range(self.chance.randint(1, 2))
            }
            self.subgraphs[subgraph]["Mutation"] = Part("Mutation", fields=fields)
