"""The roots of doctors, joined."""

from functools import cache

from subgraphs.doctors.mutations import Mutation
from subgraphs.doctors.queries import Query
from subgraphs.kernel.federation import SubgraphSchema, subgraph_schema


@cache
def make_schema() -> SubgraphSchema:
    return subgraph_schema(query=Query, mutation=Mutation)
