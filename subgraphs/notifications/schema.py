"""The roots of notifications, joined."""

from strawberry.federation.schema import Schema

from subgraphs.kernel.federation import subgraph_schema
from subgraphs.notifications.mutations import Mutation
from subgraphs.notifications.queries import Query


def make_schema() -> Schema:
    return subgraph_schema(query=Query, mutation=Mutation)
