"""The roots of records, joined."""

from strawberry.federation.schema import Schema

from subgraphs.kernel.federation import subgraph_schema
from subgraphs.records.mutations import Mutation
from subgraphs.records.queries import Query
from subgraphs.records.types import Appointment, Patient


def make_schema() -> Schema:
    return subgraph_schema(query=Query, mutation=Mutation, types=(Patient, Appointment))
