"""Where the object types of an interface say more about nulls than the interface itself."""

import re

from graphql import GraphQLInterfaceType, GraphQLNamedType, GraphQLOutputType, GraphQLSchema

from router.planner.selections import TYPENAME, Selections


def needs_own_types(schema: GraphQLSchema, type_: GraphQLNamedType, selections: Selections) -> bool:
    """Whether what a null does to these fields depends on the object's type."""
    if not isinstance(type_, GraphQLInterfaceType):
        return False
    names = {field.name for field in selections if field.on is None and field.name != TYPENAME}
    return any(_is_refined(schema, type_, name) for name in names)


def _is_refined(schema: GraphQLSchema, interface: GraphQLInterfaceType, name: str) -> bool:
    own = _nulls(interface.fields[name].type)
    possible = (type_.fields.get(name) for type_ in schema.get_possible_types(interface))
    return any(field is not None and _nulls(field.type) != own for field in possible)


def _nulls(type_: GraphQLOutputType) -> str:
    """`[Person!]` and `[Nurse!]` are alike: `[!]`."""
    return re.sub(r"\w+", "", str(type_))
