"""The roots of appointments, joined."""

from functools import cache

from subgraphs.appointments.mutations import Mutation
from subgraphs.appointments.queries import Query
from subgraphs.appointments.subscriptions import Subscription
from subgraphs.appointments.types import Doctor, Patient
from subgraphs.kernel.federation import SubgraphSchema, subgraph_schema


@cache
def make_schema() -> SubgraphSchema:
    return subgraph_schema(query=Query, mutation=Mutation, subscription=Subscription, types=(Patient, Doctor))
