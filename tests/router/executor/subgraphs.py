"""Subgraphs that answer what a test tells them to."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from graphql import parse

from router.executor import execute, subscribe
from router.planner import Planner
from router.transports.base import SubgraphRequest, TransportError
from tests.router.planner.plans import supergraph_of

TYPES = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  patient: Patient @join__field(graph: A)
  patients: [Patient] @join__field(graph: A)
  chief: Patient! @join__field(graph: A)
  wards: [Ward!]! @join__field(graph: C)
}
type Mutation @join__type(graph: A) @join__type(graph: B) {
  admit(name: String, age: Int): Patient @join__field(graph: A)
  charge(amount: Int): Int @join__field(graph: B)
}
type Subscription @join__type(graph: A) { admitted: Patient @join__field(graph: A) }
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  name: String @join__field(graph: A)
  age: Int! @join__field(graph: A)
  ward: Ward @join__field(graph: A)
  owed: Int @join__field(graph: B)
  due: Int! @join__field(graph: B)
  bills: [Bill!] @join__field(graph: B)
}
type Bill @join__type(graph: B) { total: Int! paid: Boolean }
type Ward @join__type(graph: A, key: "code") @join__type(graph: C, key: "code") {
  code: ID
  beds: Int @join__field(graph: C)
}
"""
PLANNER = Planner(supergraph_of(TYPES))

Reply = Any


class Subgraphs:
    """Gives each subgraph's replies in turn; keeps what was asked."""

    def __init__(self, **replies: list[Reply]) -> None:
        self.replies = replies
        self.asked: list[SubgraphRequest] = []

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        self.asked.append(request)
        reply: Reply = self.replies[request.subgraph].pop(0)
        if isinstance(reply, TransportError):
            raise reply
        return reply  # type: ignore[no-any-return]

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        while self.replies[request.subgraph]:
            yield await self.execute(request)

    @property
    def subgraphs(self) -> list[str]:
        return [request.subgraph for request in self.asked]

    @property
    def representations(self) -> list[Any]:
        return [
            request.variables["representations"] for request in self.asked if "representations" in request.variables
        ]


async def run(query: str, subgraphs: Subgraphs, **variables: Any) -> dict[str, Any]:
    return await execute(PLANNER.plan(parse(query), None), variables, subgraphs)


async def events(query: str, subgraphs: Subgraphs) -> list[dict[str, Any]]:
    return [event async for event in subscribe(PLANNER.plan(parse(query), None), {}, subgraphs)]


def data(value: Any) -> dict[str, Any]:
    return {"data": value}


def entities(*values: Any) -> dict[str, Any]:
    return {"data": {"_entities": list(values)}}
