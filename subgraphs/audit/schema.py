"""The root of audit."""

from strawberry.federation.schema import Schema

from subgraphs.audit.queries import Query
from subgraphs.kernel.federation import subgraph_schema


def make_schema() -> Schema:
    return subgraph_schema(query=Query)
