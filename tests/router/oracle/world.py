"""The data: what every field of every object is, by chance, and the same whoever asks.

A field with @requires depends on what it requires, so that a wrong value sent is a wrong value got. So does a
mutation on those before it.
"""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    ListTypeNode,
    NonNullTypeNode,
    SelectionSetNode,
    TypeNode,
    get_argument_values,
    get_named_type,
    is_leaf_type,
    print_ast,
)

from tests.router.oracle.compare import Path
from tests.router.oracle.composer import Refused
from tests.router.oracle.declared import DeclaredField, Federation, is_required, strictest
from tests.router.oracle.losses import Asked

OBJECTS_OF_A_TYPE = 4
MOST_ITEMS = 3


@dataclass(frozen=True)
class Chances:
    null: float = 0.1
    error: float = 0.03


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of the data; in a subgraph with what it was `given` to know it by, and what is `provided` of it."""

    type: str
    ident: str
    given: Mapping[str, Any] | None = None
    provided: tuple[SelectionSetNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """A field of a reply; `levels` says how many lists are within one another there."""

    name: str
    levels: int


class Failure(GraphQLError):
    pass


@dataclass
class Session:
    """What has happened while one operation was answered: mutations in order, and what no router may ask.

    `asked` are the fields of the response to the whole schema, `resolved` those of the last request to a subgraph;
    `silenced` is the name of the field that was made null without an error.
    """

    done: list[str] = field(default_factory=list)
    trespasses: list[str] = field(default_factory=list)
    asked: dict[Path, Asked] = field(default_factory=dict)
    resolved: dict[Path, Resolved] = field(default_factory=dict)
    silenced: str | None = None


class World:
    """`schema` is that of the clients."""

    def __init__(self, federation: Federation, schema: GraphQLSchema, seed: int, chances: Chances) -> None:
        self.federation, self.schema, self.seed, self.chances = federation, schema, seed, chances
        self._facts: dict[tuple[str, str], _Fact] = {}
        self._values: dict[tuple[str, ...], Any] = {}

    def value(self, thing: Thing, name: str, arguments: Mapping[str, Any], required: Any = None, salt: str = "") -> Any:
        """A leaf, a `Thing`, a list of these, None, or an exception that stands in the place of one."""
        fact = self.fact(thing.type, name)
        sent = json.dumps([arguments, required], sort_keys=True) if arguments or required is not None else ""
        key = fact.home, thing.ident, name, sent, salt
        if key not in self._values:
            self._values[key] = _Drawn(self, fact, key).value(fact.type)
        return self._values[key]

    def mutation(self, name: str, arguments: Mapping[str, Any], session: Session) -> Any:
        before = json.dumps(session.done)
        session.done.append(f"{name} {json.dumps(arguments, sort_keys=True)}")
        return self.value(Thing("Mutation", ""), name, arguments, salt=before)

    def whole(self, thing: Thing, name: str, arguments: Mapping[str, Any]) -> Any:
        """What the field is to whoever knows everything."""
        requires = self.fact(thing.type, name).requires
        return self.value(thing, name, arguments, self.sent(thing, requires) if requires else None)

    def sent(self, thing: Thing, fields: SelectionSetNode) -> dict[str, Any]:
        """The fields of an object as a representation has them."""
        found: dict[str, Any] = {}
        for node in fields.selections:
            if isinstance(node, FieldNode):
                value = self.whole(thing, node.name.value, self._arguments(thing, node))
                merge_sent(found, node.name.value, self._sent_value(value, node))
            elif self._is(thing, node):
                for name, value in self.sent(thing, node.selection_set).items():
                    merge_sent(found, name, value)
        return found

    def _is(self, thing: Thing, node: Any) -> bool:
        condition = node.type_condition.name.value if node.type_condition else thing.type
        return condition == thing.type or thing.type in {t.name for t in self._possible(condition)}

    def _possible(self, name: str) -> Any:
        type_ = self.schema.type_map[name]
        return () if isinstance(type_, GraphQLObjectType) else self.schema.get_possible_types(type_)  # type: ignore[arg-type]

    def _sent_value(self, value: Any, node: FieldNode) -> Any:
        if isinstance(value, list):
            return [self._sent_value(item, node) for item in value]
        if isinstance(value, Exception):
            return None
        return self.sent(value, node.selection_set) if isinstance(value, Thing) and node.selection_set else value

    def _arguments(self, thing: Thing, node: FieldNode) -> Mapping[str, Any]:
        type_: Any = self.schema.type_map[thing.type]
        return get_argument_values(type_.fields[node.name.value], node) if node.name.value in type_.fields else {}

    def fact(self, type_name: str, name: str) -> "_Fact":
        key = type_name, name
        if key not in self._facts:
            self._facts[key] = self._fact(type_name, name)
        return self._facts[key]

    def _fact(self, type_name: str, name: str) -> "_Fact":
        home = self.federation.home(type_name, name)
        declared = [*self.federation.declarations(home, name), *self.federation.declarations(type_name, name)]
        own = [d for _, d in declared]
        fails = len({print_ast(d.type) for d in own}) == 1 and (home, name) not in self.federation.keyed
        calm = not fails or (home, name) in self.federation.calm
        requires = next((d.requires for d in own if d.requires), None)
        nullable = fails and not is_required(own[0].type)
        type_, candidates = strictest([d.type for d in own]), self._candidates(declared)
        return _Fact(home, name, type_, requires, candidates, self._values_of(declared), calm, nullable)

    def _values_of(self, declared: list[tuple[str, DeclaredField]]) -> tuple[str, ...]:
        """Of an enum, those that all subgraphs that resolve the field know."""
        known = [self.federation.subgraphs[s].enums.get(d.named, set()) for s, d in declared]
        return tuple(sorted(set.intersection(*known)))

    def refuse_the_impossible(self) -> None:
        """Raises Refused where no object can stand though a field says that one does."""
        for type_ in self.schema.type_map.values():
            if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
                for name, field_ in type_.fields.items():
                    named = get_named_type(field_.type)
                    if not is_leaf_type(named) and not self.fact(type_.name, name).candidates:
                        raise Refused(f"Nothing can stand at {type_.name}.{name}.")

    def _candidates(self, declared: list[tuple[str, DeclaredField]]) -> tuple[str, ...]:
        """The object types that all subgraphs that resolve the field know there."""
        named = declared[0][1].named
        if is_leaf_type(self.schema.type_map[named]):
            return ()
        known = [self.federation.subgraphs[s].possible(d.named) for s, d in declared]
        sets = [found for found in known if found is not None] or [set(self.federation.implementations(named))]
        return tuple(sorted(set.intersection(*sets)))

    @cached_property
    def tables(self) -> Mapping[str, tuple[str, ...]]:
        """The idents of each entity type's objects; types of one interface share a numbering if it has keys."""
        found = {name: tuple(str(n) for n in range(1, OBJECTS_OF_A_TYPE + 1)) for name in self.federation.entities}
        for interface in sorted(self.federation.as_objects):
            for place, name in enumerate(self.federation.implementations(interface)):
                first = place * OBJECTS_OF_A_TYPE + 1
                found[name] = tuple(str(n) for n in range(first, first + OBJECTS_OF_A_TYPE))
        return found

    def named(self, type_name: str) -> list[Thing]:
        """All entities of a type, or of an interface."""
        names = [type_name] if type_name in self.tables else []
        if type_name in self.federation.as_objects:
            names = self.federation.implementations(type_name)
        return [Thing(name, ident) for name in names for ident in self.tables[name]]


def merge_sent(found: dict[str, Any], name: str, value: Any) -> None:
    if isinstance(value, dict) and isinstance(found.get(name), dict):
        for key, inner in value.items():
            merge_sent(found[name], key, inner)
    elif isinstance(value, list) and isinstance(found.get(name), list):
        for place, inner in enumerate(value):
            holder = {"": found[name][place]}
            merge_sent(holder, "", inner)
            found[name][place] = holder[""]
    else:
        found[name] = value


@dataclass(frozen=True)
class _Fact:
    """What is known of a field; one that is `calm` never fails, and is null only if that is `nullable`."""

    home: str
    name: str
    type: TypeNode
    requires: SelectionSetNode | None
    candidates: tuple[str, ...]
    values: tuple[str, ...]
    calm: bool
    nullable: bool


class _Drawn:
    def __init__(self, world: World, fact: _Fact, key: tuple[str, ...]) -> None:
        self.world, self.fact, self.key = world, fact, key
        self.chance = random.Random("\n".join((str(world.seed), *key)))
        self.number = 0

    def value(self, type_: TypeNode) -> Any:
        if not self.fact.calm and self.chance.random() < self.world.chances.error:
            return Failure(f"{self.fact.home}.{self.fact.name} fails.")
        if isinstance(type_, NonNullTypeNode):
            return self._present(type_.type)
        nullable = self.fact.nullable or not self.fact.calm
        if nullable and self.chance.random() < self.world.chances.null:
            return None
        return self._present(type_)

    def _present(self, type_: TypeNode) -> Any:
        if isinstance(type_, ListTypeNode):
            return [self.value(type_.type) for _ in range(self.chance.randint(0, MOST_ITEMS))]
        self.number += 1
        return self._named(type_.name.value)  # type: ignore[attr-defined]

    def _named(self, name: str) -> Any:
        if not self.fact.candidates:
            return self._leaf(name)
        type_name = self.chance.choice(self.fact.candidates)
        if type_name in self.world.tables:
            return Thing(type_name, self.chance.choice(self.world.tables[type_name]))
        return Thing(type_name, f"{self.chance.getrandbits(64):x}")

    def _leaf(self, name: str) -> Any:
        if (self.fact.home, self.fact.name) in self.world.federation.keyed and len(self.key[1]) < 3:
            return self._key(name)
        if self.fact.values:
            return self.chance.choice(self.fact.values)
        return LEAVES[name](self.chance)

    def _key(self, name: str) -> Any:
        """Alike for objects of different types, never for two of one."""
        if name == "Int":
            return int(self.key[1]) * 7
        return self.key[1] if name == "ID" else f"{self.fact.name} {self.key[1]}"


def _anything(chance: random.Random) -> Any:
    return chance.choice(
        [1, "text", None, False, [], [None, {"a": 1}], {"b": None}, {"__typename": "E0", "id": "1"}, {"x": [[1], []]}]
    )


def _blob(chance: random.Random) -> Any:
    found = _anything(chance)
    return "blank" if found is None else found


LEAVES = {
    "Int": lambda chance: chance.randint(-5, 1000),
    "Float": lambda chance: chance.choice([0.5, 3.0, -2.25, 1e10]),
    "String": lambda chance: f"{chance.getrandbits(32):x}",
    "ID": lambda chance: str(chance.randint(1, 9)),
    "Boolean": lambda chance: chance.random() < 0.5,
    "Blob": _blob,
}
