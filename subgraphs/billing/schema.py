"""The roots of billing, joined."""

from functools import cache

from subgraphs.billing.mutations import Mutation
from subgraphs.billing.queries import Query
from subgraphs.billing.types import Appointment, Patient
from subgraphs.kernel.federation import SubgraphSchema, subgraph_schema


@cache
def make_schema() -> SubgraphSchema:
    return subgraph_schema(query=Query, mutation=Mutation, types=(Patient, Appointment))
