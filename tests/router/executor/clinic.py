"""Three subgraphs that resolve whatever they are asked, each with a delay that a test may choose."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from graphql import GraphQLSchema, build_schema, execute_sync, parse

from router.planner import Planner
from router.transports.base import SubgraphRequest
from tests.router.planner.plans import supergraph_of

TYPES = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  patient: Patient @join__field(graph: A)
  patients: [Patient] @join__field(graph: A)
  staff: [Staff!] @join__field(graph: A)
  people: [Person] @join__field(graph: A)
  wards: [Ward!]! @join__field(graph: C)
}
type Mutation @join__type(graph: A) { admit: Patient @join__field(graph: A) }
union Staff
  @join__type(graph: A) @join__unionMember(graph: A, member: "Doctor") @join__unionMember(graph: A, member: "Nurse")
  = Doctor | Nurse
interface Person @join__type(graph: A) { id: ID! name: String ward: Ward }
type Patient implements Person @join__implements(graph: A, interface: "Person")
  @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  name: String @join__field(graph: A)
  ward: Ward @join__field(graph: A)
  address: Address @join__field(graph: A)
  doctor: Doctor @join__field(graph: B)
  owed: Int! @join__field(graph: B)
  bills: [Bill!] @join__field(graph: B)
}
type Address @join__type(graph: A) { street: String city: String }
type Bill @join__type(graph: B) { total: Int! paid: Boolean }
type Doctor implements Person @join__implements(graph: A, interface: "Person")
  @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  name: String @join__field(graph: A)
  ward: Ward @join__field(graph: A)
  fee: Int @join__field(graph: B)
}
type Nurse @join__type(graph: A, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  name: String @join__field(graph: A)
  shift: String @join__field(graph: C)
  ward: Ward @join__field(graph: C)
}
type Ward @join__type(graph: A, key: "code") @join__type(graph: C, key: "code") {
  code: ID!
  beds: Int @join__field(graph: C)
  head: Nurse @join__field(graph: C)
}
"""

PARTS = {
    "a": """
type Query { patient: Patient patients: [Patient] staff: [Staff!] people: [Person]
  _entities(representations: [_Any!]!): [_Entity]! }
type Mutation { admit: Patient }
scalar _Any
union _Entity = Patient | Doctor | Nurse | Ward
union Staff = Doctor | Nurse
interface Person { id: ID! name: String ward: Ward }
type Patient implements Person { id: ID! name: String ward: Ward address: Address }
type Address { street: String city: String }
type Doctor implements Person { id: ID! name: String ward: Ward }
type Nurse { id: ID! name: String }
type Ward { code: ID! }
""",
    "b": """
type Query { _entities(representations: [_Any!]!): [_Entity]! }
scalar _Any
union _Entity = Patient | Doctor
type Patient { id: ID! doctor: Doctor owed: Int! bills: [Bill!] }
type Bill { total: Int! paid: Boolean }
type Doctor { id: ID! fee: Int }
""",
    "c": """
type Query { wards: [Ward!]! _entities(representations: [_Any!]!): [_Entity]! }
scalar _Any
union _Entity = Nurse | Ward
type Nurse { id: ID! shift: String ward: Ward }
type Ward { code: ID! beds: Int head: Nurse }
""",
}

WARDS: dict[str, dict[str, Any]] = {
    code: {"__typename": "Ward", "code": code, "beds": beds} for code, beds in (("north", 3), ("south", None))
}
PEOPLE: dict[str, dict[str, Any]] = {
    "p1": {
        "__typename": "Patient", "id": "p1", "name": "Ada", "ward": WARDS["north"], "owed": 1, "bills": [],
        "address": {"street": "High Street", "city": "Ulm"},
    },
    "p2": {
        "__typename": "Patient", "id": "p2", "name": None, "ward": None, "owed": 2, "address": None,
        "bills": [{"total": 5, "paid": True}, {"total": 6, "paid": None}],
    },
    "d1": {"__typename": "Doctor", "id": "d1", "name": "Eve", "ward": WARDS["south"], "fee": 9},
    "n1": {"__typename": "Nurse", "id": "n1", "name": "Flo", "shift": "night", "ward": WARDS["north"]},
    "n2": {"__typename": "Nurse", "id": "n2", "name": "Max", "shift": None, "ward": None},
}  # fmt: skip
PEOPLE["p1"]["doctor"], PEOPLE["p2"]["doctor"] = PEOPLE["d1"], None
WARDS["north"]["head"], WARDS["south"]["head"] = PEOPLE["n1"], PEOPLE["n2"]
ROOT = {
    "patient": PEOPLE["p1"],
    "admit": PEOPLE["p1"],
    "patients": [PEOPLE["p1"], None, PEOPLE["p2"]],
    "staff": [PEOPLE["d1"], PEOPLE["n1"], PEOPLE["n2"]],
    "people": [PEOPLE["d1"], PEOPLE["p2"], None],
    "wards": list(WARDS.values()),
}
SUPERGRAPH = supergraph_of(TYPES)
PLANNER = Planner(SUPERGRAPH)


def entity(_: Any, __: Any, representations: list[dict[str, Any]]) -> list[Any]:
    return [PEOPLE[r["id"]] if "id" in r else WARDS[r["code"]] for r in representations]


def resolving(text: str) -> GraphQLSchema:
    schema = build_schema(text)
    assert schema.query_type
    schema.query_type.fields["_entities"].resolve = entity
    return schema


SCHEMAS = {name: resolving(text) for name, text in PARTS.items()}


class Clinic:
    """`delay` awaits whatever it likes before a subgraph answers; `failing` are documents' words that fail."""

    def __init__(self, delay: Callable[[SubgraphRequest], Any] | None = None, failing: str | None = None) -> None:
        self.delay, self.failing = delay, failing
        self.asked: list[str] = []
        self.ended: list[str] = []

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        self.asked.append(request.subgraph)
        try:
            if self.delay:
                await self.delay(request)
        except asyncio.CancelledError:
            self.ended.append(request.subgraph)
            raise
        if self.failing and self.failing in request.document:
            return {"data": None, "errors": [{"message": f"{self.failing} failed"}]}
        schema, document = SCHEMAS[request.subgraph], parse(request.document)
        return execute_sync(schema, document, ROOT, variable_values=dict(request.variables)).formatted

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        raise AssertionError(f"{request.subgraph} has no subscriptions")
        yield {}
