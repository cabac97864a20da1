"""The root of audit."""

from functools import cache

from subgraphs.audit.queries import Query
from subgraphs.kernel.federation import SubgraphSchema, subgraph_schema


@cache
def make_schema() -> SubgraphSchema:
    return subgraph_schema(query=Query)
