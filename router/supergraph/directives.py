"""Reading directives from the supergraph's syntax tree."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DirectiveNode,
    DocumentNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    value_from_ast_untyped,
)

SPECS = "https://specs.apollo.dev"
FEATURES = ("link", "core", "join", "inaccessible", "authenticated", "requiresScopes", "policy")
SPOKEN = frozenset(f"{SPECS}/{feature}" for feature in FEATURES)
JOINS = frozenset(f"{SPECS}/join/v0.{minor}" for minor in range(1, 6))
"""What a later one says may mean something else."""
NEEDED = frozenset({"EXECUTION", "SECURITY"})


def arguments(directive: DirectiveNode) -> dict[str, Any]:
    return {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}


def applied(node: Any, name: str) -> Iterator[dict[str, Any]]:
    """The arguments of each use of the directive on the node."""
    return (arguments(directive) for directive in node.directives or () if directive.name.value == name)


def is_applied(node: Any, name: str) -> bool:
    return any(directive.name.value == name for directive in node.directives or ())


def feature_names(document: DocumentNode) -> dict[str, str]:
    """What the document calls each specification it links to: `{"join": "join", "inaccessible": "hidden"}`."""
    names: dict[str, str] = {}
    for directive in _schema_directives(document):
        names.update(_names_of_link(arguments(directive)))
    return names


def unspoken_features(document: DocumentNode) -> Iterator[str]:
    """The specifications without which the document must not be served, and which this router does not know."""
    for directive in _schema_directives(document):
        link = arguments(directive)
        url = _url_of(link)
        known = url in JOINS if url.startswith(f"{SPECS}/join/") else url.rpartition("/")[0] in SPOKEN
        if link.get("for") in NEEDED and not known:
            yield f"{url} ({link['for']})"


def _schema_directives(document: DocumentNode) -> Iterator[ConstDirectiveNode]:
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode):
            yield from (d for d in definition.directives or () if d.name.value in ("link", "core"))


def _names_of_link(link: dict[str, Any]) -> dict[str, str]:
    parts = _url_of(link).split("/")
    if len(parts) < 2:
        return {}
    feature = parts[-2]
    imports = link.get("import") or []
    renamed = {i["name"].lstrip("@"): i["as"].lstrip("@") for i in imports if isinstance(i, dict) and "as" in i}
    return {feature: renamed.get(feature) or link.get("as") or feature}


def _url_of(link: dict[str, Any]) -> str:
    return str(link.get("url") or link.get("feature") or "").rstrip("/")
