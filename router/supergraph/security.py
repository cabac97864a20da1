"""What a caller must bring to see a type or a field: @authenticated, @requiresScopes and @policy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    EnumTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
)

from router.supergraph.directives import applied, is_applied
from router.supergraph.model import Authenticated, Guard, Need, Policies, Scopes, SupergraphError

Guarded = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | ScalarTypeDefinitionNode | EnumTypeDefinitionNode


def read_needs(document: DocumentNode, features: Mapping[str, str]) -> dict[str, Need]:
    """By coordinate, as in `{"Patient.notes": …}`: what is said there itself, and only where something is."""
    directives = _Directives(
        *(features.get(feature, feature) for feature in ("authenticated", "requiresScopes", "policy"))
    )
    found = {coordinate: directives.need(coordinate, node) for coordinate, node in _guardable(document)}
    return {coordinate: need for coordinate, need in found.items() if need}


def _guardable(document: DocumentNode) -> Iterator[tuple[str, Any]]:
    for node in document.definitions:
        if isinstance(node, Guarded):
            yield node.name.value, node
            for field in getattr(node, "fields", None) or ():
                yield f"{node.name.value}.{field.name.value}", field


@dataclass(frozen=True, slots=True)
class _Directives:
    """What the supergraph calls them."""

    authenticated: str
    requires_scopes: str
    policy: str

    def need(self, where: str, node: Any) -> Need:
        return frozenset(self._guards(where, node))

    def _guards(self, where: str, node: Any) -> Iterator[Guard]:
        if is_applied(node, self.authenticated):
            yield Authenticated()
        for arguments in applied(node, self.requires_scopes):
            yield Scopes(_alternatives(where, arguments.get("scopes")))
        for arguments in applied(node, self.policy):
            yield Policies(_alternatives(where, arguments.get("policies")))


def _alternatives(where: str, lists: Any) -> frozenset[frozenset[str]]:
    """One of the lists must hold whole. Raises SupergraphError, as what is not understood must not be open."""
    if not isinstance(lists, list) or not all(isinstance(names, list) and _are_names(names) for names in lists):
        raise SupergraphError(f"{where} is guarded by something that is no list of lists of names.")
    return frozenset(frozenset(names) for names in lists)


def _are_names(names: list[Any]) -> bool:
    return all(isinstance(name, str) for name in names)
