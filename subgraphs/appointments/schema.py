"""The roots of appointments, joined."""

from strawberry.federation.schema import Schema

from subgraphs.appointments.mutations import Mutation
from subgraphs.appointments.queries import Query
from subgraphs.appointments.subscriptions import Subscription
from subgraphs.appointments.types import Doctor, Patient
from subgraphs.kernel.federation import subgraph_schema


def make_schema() -> Schema:
    return subgraph_schema(query=Query, mutation=Mutation, subscription=Subscription, types=(Patient, Doctor))
