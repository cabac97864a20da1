"""The roots of patients, joined."""

from strawberry.federation.schema import Schema

from subgraphs.kernel.federation import subgraph_schema
from subgraphs.patients.mutations import Mutation
from subgraphs.patients.queries import Query


def make_schema() -> Schema:
    return subgraph_schema(query=Query, mutation=Mutation)
