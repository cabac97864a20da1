"""The roots of doctors, joined."""

from strawberry.federation.schema import Schema

from subgraphs.doctors.mutations import Mutation
from subgraphs.doctors.queries import Query
from subgraphs.kernel.federation import subgraph_schema


def make_schema() -> Schema:
    return subgraph_schema(query=Query, mutation=Mutation)
