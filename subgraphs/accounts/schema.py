"""The roots of accounts, joined."""

from functools import cache

from subgraphs.accounts.mutations import Mutation
from subgraphs.accounts.queries import Query
from subgraphs.kernel.federation import SubgraphSchema, subgraph_schema


@cache
def make_schema() -> SubgraphSchema:
    return subgraph_schema(query=Query, mutation=Mutation)
