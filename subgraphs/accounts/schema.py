"""The roots of accounts, joined."""

from strawberry.federation.schema import Schema

from subgraphs.accounts.mutations import Mutation
from subgraphs.accounts.queries import Query
from subgraphs.kernel.federation import subgraph_schema


def make_schema() -> Schema:
    return subgraph_schema(query=Query, mutation=Mutation)
