"""The roots of patients, joined."""

from functools import cache

from subgraphs.kernel.federation import SubgraphSchema, subgraph_schema
from subgraphs.patients.mutations import Mutation
from subgraphs.patients.queries import Query


@cache
def make_schema() -> SubgraphSchema:
    return subgraph_schema(query=Query, mutation=Mutation)
