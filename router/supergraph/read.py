"""From the supergraph's SDL to the model: parse, find the subgraphs, read the joins, cut out the public schema."""

from graphql import DocumentNode, EnumTypeDefinitionNode, GraphQLError, GraphQLSchema, build_ast_schema, parse

from router.supergraph.directives import applied, feature_names, unspoken_features
from router.supergraph.joins import read_types
from router.supergraph.model import SubgraphInfo, Supergraph, SupergraphError
from router.supergraph.public import public_schema
from router.supergraph.security import read_needs


def read_supergraph(sdl: str) -> Supergraph:
    document = _parse(sdl)
    _refuse_unspoken(document)
    features = feature_names(document)
    join = features.get("join", "join")
    subgraphs = _subgraphs(document, join)
    schema = _schema(document)
    return Supergraph(
        schema=schema,
        public_schema=public_schema(document, features),
        subgraphs={subgraph.name: subgraph for subgraph in subgraphs.values()},
        types=read_types(document, schema, subgraphs, join),
        needs=read_needs(document, features),
    )


def _parse(sdl: str) -> DocumentNode:
    try:
        return parse(sdl, no_location=True)
    except (GraphQLError, RecursionError) as error:
        raise SupergraphError(f"The supergraph is not valid SDL: {error}") from error


def _refuse_unspoken(document: DocumentNode) -> None:
    if unspoken := ", ".join(unspoken_features(document)):
        raise SupergraphError(f"The supergraph relies on features that this router does not have: {unspoken}.")


def _schema(document: DocumentNode) -> GraphQLSchema:
    try:
        schema = build_ast_schema(document, assume_valid=True)
    except (GraphQLError, TypeError, KeyError) as error:
        raise SupergraphError(f"The supergraph is not a valid schema: {error}") from error
    if schema.query_type is None:
        raise SupergraphError("The supergraph has no query type.")
    return schema


def _subgraphs(document: DocumentNode, join: str) -> dict[str, SubgraphInfo]:
    """Keyed by the enum value that stands for the subgraph within the supergraph."""
    graphs = _graph_enum(document, join)
    found = {value.name.value: _subgraph(value, join) for value in graphs.values or ()}
    if not found:
        raise SupergraphError(f"The enum {join}__Graph names no subgraph.")
    return found


def _graph_enum(document: DocumentNode, join: str) -> EnumTypeDefinitionNode:
    for definition in document.definitions:
        if isinstance(definition, EnumTypeDefinitionNode) and definition.name.value == f"{join}__Graph":
            return definition
    raise SupergraphError(f"This is no supergraph: it has no enum {join}__Graph. Was it composed?")


def _subgraph(value: object, join: str) -> SubgraphInfo:
    graph: str = value.name.value  # type: ignore[attr-defined]  # an enum value, as the join spec has it
    for arguments in applied(value, f"{join}__graph"):
        return SubgraphInfo(str(arguments.get("name", graph)), str(arguments.get("url", "")), graph)
    raise SupergraphError(f"{join}__Graph.{graph} has no @{join}__graph, so its name and address are unknown.")
