"""Random operations with @defer here and there."""

from random import Random

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

SWITCHES = {"on": True, "off": False}
DECLARED = "$on: Boolean!, $off: Boolean!"


class Sprinkler:
    def __init__(self, schema: GraphQLSchema, seed: int) -> None:
        self.schema, self.random = schema, Random(seed)
        self.fragments: list[str] = []

    def operation(self) -> str:
        assert self.schema.query_type
        body = self.selection(self.schema.query_type, 4)
        used = "__typename @include(if: $on) @skip(if: $off)"
        return " ".join([f"query ({DECLARED}) {{ {used} {body} }}", *self.fragments])

    def selection(self, type_: GraphQLNamedType, levels: int) -> str:
        return " ".join(self.part(type_, levels) for _ in range(self.random.randint(1, 4)))

    def part(self, type_: GraphQLNamedType, levels: int) -> str:
        kind = self.random.random()
        if kind < 0.35 and levels:
            return self.fragment(type_, levels - 1)
        if isinstance(type_, GraphQLUnionType):
            return "__typename"
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        return self.field(type_, levels)

    def fragment(self, type_: GraphQLNamedType, levels: int) -> str:
        on = self.random.choice([type_, *self.readings(type_)])
        body = self.selection(on, levels)
        if self.random.random() < 0.3:
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {on.name} {{ {body} }}")
            return f"...{name} {self.defer()} {self.condition()}"
        return f"... on {on.name} {self.defer()} {self.condition()} {{ {body} }}"

    def readings(self, type_: GraphQLNamedType) -> list[GraphQLObjectType]:
        abstract = isinstance(type_, GraphQLInterfaceType | GraphQLUnionType)
        return list(self.schema.get_possible_types(type_)) if abstract else []

    def defer(self) -> str:
        return self.random.choice(["@defer", "@defer", "@defer(if: $on)", "@defer(if: $off)", ""])

    def condition(self) -> str:
        return self.random.choice(["", "", "", "", "@include(if: $on)", "@skip(if: $on)", "@include(if: $off)"])

    def field(self, type_: GraphQLObjectType | GraphQLInterfaceType, levels: int) -> str:
        below = {name: get_named_type(field.type) for name, field in type_.fields.items()}
        leaves = [name for name, result in below.items() if not self.is_composite(result)]
        objects = [name for name in below if name not in leaves]
        name = self.random.choice((leaves if not levels else objects + leaves) or ["__typename"])
        alias = f"the_{name}: " if self.random.random() < 0.2 and name != "__typename" else ""
        inner = f" {{ {self.selection(below[name], levels - 1)} }}" if name in objects else ""
        condition = "" if name == "__typename" else self.condition()
        return f"{alias}{name} {condition}{inner}"

    def is_composite(self, type_: GraphQLNamedType) -> bool:
        return isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
