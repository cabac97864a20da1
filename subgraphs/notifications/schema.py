"""The roots of notifications, joined."""

from functools import cache

from subgraphs.kernel.federation import SubgraphSchema, subgraph_schema
from subgraphs.notifications.mutations import Mutation
from subgraphs.notifications.queries import Query


@cache
def make_schema() -> SubgraphSchema:
    return subgraph_schema(query=Query, mutation=Mutation)
