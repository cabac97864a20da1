"""The roots of records, joined."""

from functools import cache

from subgraphs.kernel.federation import SubgraphSchema, subgraph_schema
from subgraphs.records.mutations import Mutation
from subgraphs.records.queries import Query
from subgraphs.records.types import Appointment, Patient


@cache
def make_schema() -> SubgraphSchema:
    return subgraph_schema(query=Query, mutation=Mutation, types=(Patient, Appointment))
