"""What is needed to see a field where it stands: its own need, its type's, its parent's, and by every way in."""

from collections.abc import Mapping

from graphql import (
    GraphQLCompositeType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from router.planner.selections import TYPENAME
from router.supergraph import Supergraph
from router.supergraph.model import Need

NONE: Need = frozenset()


class Needs:
    """An object type needs what its interfaces need, a field what the same field of those needs.

    A field of an abstract type needs what it needs in every object type that may stand there: what is asked of all
    alike is shown of all or of none.
    """

    def __init__(self, supergraph: Supergraph) -> None:
        self.schema = supergraph.schema
        self._own: Mapping[str, Need] = supergraph.needs
        self._found: dict[tuple[str, str], Need] = {}

    def __bool__(self) -> bool:
        return bool(self._own)

    def of_field(self, parent: GraphQLCompositeType, name: str) -> Need:
        known = parent.name, name
        if known not in self._found:
            self._found[known] = self._of_field(parent, name)
        return self._found[known]

    def _of_field(self, parent: GraphQLCompositeType, name: str) -> Need:
        need = self._of_type(parent)
        if isinstance(parent, GraphQLInterfaceType | GraphQLUnionType):
            need = need.union(*(self.of_field(possible, name) for possible in self.schema.get_possible_types(parent)))
        if name == TYPENAME or isinstance(parent, GraphQLUnionType):
            return need
        return need | self._of_own_field(parent, name) | self._of_type(get_named_type(parent.fields[name].type))

    def _of_own_field(self, parent: GraphQLObjectType | GraphQLInterfaceType, name: str) -> Need:
        own = self._own.get(f"{parent.name}.{name}", NONE)
        return own.union(*(self._own.get(f"{interface.name}.{name}", NONE) for interface in parent.interfaces))

    def _of_type(self, type_: GraphQLNamedType) -> Need:
        interfaces = getattr(type_, "interfaces", ())
        return self._own.get(type_.name, NONE).union(*(self._own.get(i.name, NONE) for i in interfaces))
