"""What a supergraph says about its subgraphs: who knows which type, who resolves which field, and by which keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from graphql import GraphQLSchema, is_abstract_type

Kind = Literal["object", "interface", "union"]


class SupergraphError(Exception):
    """The text is no supergraph that this router can read; the message says why."""


@dataclass(frozen=True, slots=True)
class SubgraphInfo:
    name: str
    url: str
    graph: str


@dataclass(frozen=True, slots=True)
class Key:
    fields: str
    resolvable: bool = True


@dataclass(frozen=True, slots=True)
class SubgraphField:
    """A field as one subgraph declares it; `type` is that subgraph's own, printed."""

    type: str
    external: bool = False
    requires: str | None = None
    provides: str | None = None
    overrides: str | None = None
    override_label: str | None = None
    used_overridden: bool = False

    @property
    def named_type(self) -> str:
        return self.type.strip("[]!")


@dataclass(frozen=True, slots=True)
class SubgraphType:
    """A composite type as one subgraph knows it; `possible` are the object types it can be there."""

    name: str
    subgraph: str
    kind: Kind
    interface_object: bool
    keys: tuple[Key, ...]
    fields: Mapping[str, SubgraphField]
    possible: tuple[str, ...]

    @property
    def is_abstract(self) -> bool:
        return self.kind != "object" and not self.interface_object


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The caller is known."""


@dataclass(frozen=True, slots=True)
class Scopes:
    """The caller has all the scopes of one of these sets."""

    alternatives: frozenset[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Policies:
    """All the policies of one of these sets hold."""

    alternatives: frozenset[frozenset[str]]


Guard = Authenticated | Scopes | Policies
Need = frozenset[Guard]


@dataclass(frozen=True, eq=False)
class Supergraph:
    """`schema` is whole, `public_schema` what clients see; `types` is keyed by (type, subgraph).

    `needs` are those of types and fields, by coordinate.
    """

    schema: GraphQLSchema
    public_schema: GraphQLSchema
    subgraphs: Mapping[str, SubgraphInfo]
    types: Mapping[tuple[str, str], SubgraphType]
    needs: Mapping[str, Need] = field(default_factory=dict)

    @cached_property
    def guarded_types(self) -> frozenset[str]:
        """The abstract types that can be an object type which clients must not see."""
        known = self.public_schema.type_map
        abstract = (type_ for type_ in self.schema.type_map.values() if is_abstract_type(type_))
        return frozenset(
            type_.name for type_ in abstract if any(p.name not in known for p in self.schema.get_possible_types(type_))
        )

    @cached_property
    def override_labels(self) -> frozenset[str]:
        """The labels of progressive overrides; which of them hold is for the caller of the planner to say."""
        fields = (field for type_ in self.types.values() for field in type_.fields.values())
        return frozenset(field.override_label for field in fields if field.override_label)
