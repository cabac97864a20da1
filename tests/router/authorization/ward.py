"""A ward whose files are not for everybody, and callers who may see more or less of it."""

import time
from collections.abc import Collection
from typing import Any

from router.auth import CheckedToken
from router.context import NOBODY, RequestContext
from router.pipeline import GraphQLRequest, Pipeline
from router.settings import Limits
from tests.router.executor.subgraphs import Subgraphs
from tests.router.planner.plans import supergraph_of

TYPES = """
directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
type Query @join__type(graph: A) @join__type(graph: B) {
  hello: String @join__field(graph: A)
  secret: String @join__field(graph: B) @authenticated
  vital: String! @join__field(graph: B) @authenticated
  patient: Patient @join__field(graph: A)
  patients: [Patient!] @join__field(graph: A)
  file: File @join__field(graph: A)
  people: [Person] @join__field(graph: A)
  things: [Thing] @join__field(graph: A)
  locked: Locked @join__field(graph: A)
}
type Mutation @join__type(graph: A) @join__type(graph: B) {
  greet: String @join__field(graph: A)
  wipe: String @join__field(graph: B) @requiresScopes(scopes: [["admin"]])
}
type Subscription @join__type(graph: A) {
  admitted: Patient @join__field(graph: A)
  alarms: String @join__field(graph: A) @authenticated
}
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! @authenticated
  name: String @join__field(graph: A)
  age: Int @join__field(graph: A) @join__field(graph: B, external: true) @authenticated
  dose: Int @join__field(graph: B, requires: "age")
  notes: String @join__field(graph: B) @requiresScopes(scopes: [["read", "notes"], ["admin"]])
  number: String! @join__field(graph: A) @authenticated
  files: [File] @join__field(graph: A)
  mood: Mood @join__field(graph: A)
  code: Code @join__field(graph: A)
  will: String @join__field(graph: B) @policy(policies: [["kin", "dead"], ["court"]])
  both: String @join__field(graph: B) @authenticated @requiresScopes(scopes: [["read"]]) @policy(policies: [["kin"]])
  nurse: Nurse @join__field(graph: A)
}
type File @join__type(graph: A) @requiresScopes(scopes: [["files"]]) { id: ID title: String @authenticated }
enum Mood @join__type(graph: A) @authenticated {
  GOOD @join__enumValue(graph: A)
  BAD @join__enumValue(graph: A)
}
scalar Code @join__type(graph: A) @policy(policies: [["codes"]])
interface Person @join__type(graph: A) { name: String pay: Int }
type Nurse implements Person @join__implements(graph: A, interface: "Person") @join__type(graph: A) {
  name: String pay: Int ward: String
}
type Chief implements Person @join__implements(graph: A, interface: "Person") @join__type(graph: A) {
  name: String pay: Int @requiresScopes(scopes: [["pay"]])
}
type Spy @join__type(graph: A) @authenticated { name: String }
union Thing @join__type(graph: A) @join__unionMember(graph: A, member: "Nurse")
  @join__unionMember(graph: A, member: "Spy") = Nurse | Spy
interface Locked @join__type(graph: A) @authenticated { name: String by: String }
type Door implements Locked @join__implements(graph: A, interface: "Locked") @join__type(graph: A) {
  name: String by: String
}
"""
SUPERGRAPH = supergraph_of(TYPES)


def caller(**claims: Any) -> RequestContext:
    return RequestContext(token=CheckedToken("ada", time.time() + 60, claims))


class Ward:
    def __init__(self, *policies: str, reject_unauthorized: bool = False, **replies: list[Any]) -> None:
        self.subgraphs = Subgraphs(**replies)
        self.policies_asked: list[frozenset[str]] = []
        self._policies = policies
        self.pipeline = Pipeline(
            SUPERGRAPH,
            self.subgraphs,
            Limits(),
            policies=self.hold,
            reject_unauthorized=reject_unauthorized,
        )

    async def hold(self, names: frozenset[str], context: RequestContext) -> Collection[str]:
        self.policies_asked.append(names)
        return self._policies

    async def ask(self, query: str, context: RequestContext = NOBODY) -> dict[str, Any]:
        call = await self.pipeline.prepare_aside(GraphQLRequest(query), context)
        return dict(await self.pipeline.execute(call, context))

    async def events(self, query: str, context: RequestContext = NOBODY) -> list[Any]:
        call = await self.pipeline.prepare_aside(GraphQLRequest(query), context)
        return [event async for event in self.pipeline.stream(call, context)]

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(request.subgraph, request.document) for request in self.subgraphs.asked]


def withheld(*paths: list[str | int]) -> list[dict[str, Any]]:
    extensions = {"code": "UNAUTHORIZED_FIELD_OR_TYPE"}
    return [{"message": "Unauthorized field or type", "path": path, "extensions": extensions} for path in paths]
