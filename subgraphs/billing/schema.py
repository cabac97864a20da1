"""The roots of billing, joined."""

from strawberry.federation.schema import Schema

from subgraphs.billing.mutations import Mutation
from subgraphs.billing.queries import Query
from subgraphs.billing.types import Appointment, Patient
from subgraphs.kernel.federation import subgraph_schema


def make_schema() -> Schema:
    return subgraph_schema(query=Query, mutation=Mutation, types=(Patient, Appointment))
