"""Plans of tiny supergraphs, printed."""

from graphql import parse, validate

from router.planner import Planner
from router.planner.show import show_plan
from router.supergraph import Supergraph, read_supergraph

JOIN = """
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.5") {
  query: Query
  %s
}
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(
  graph: join__Graph, requires: String, provides: String, type: String, external: Boolean,
  override: String, usedOverridden: Boolean, overrideLabel: String
) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(
  graph: join__Graph!, key: String, extension: Boolean! = false, resolvable: Boolean! = true,
  isInterfaceObject: Boolean! = false
) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM_VALUE
enum join__Graph {
  A @join__graph(name: "a", url: "http://a")
  B @join__graph(name: "b", url: "http://b")
  C @join__graph(name: "c", url: "http://c")
  D @join__graph(name: "d", url: "http://d")
}
"""


def supergraph_of(types: str) -> Supergraph:
    roots = [f"{root.lower()}: {root}" for root in ("Mutation", "Subscription") if f"type {root} " in types]
    return read_supergraph(JOIN % "\n  ".join(roots) + types)


def plan_of(types: str, operation: str, labels: frozenset[str] = frozenset()) -> str:
    supergraph = supergraph_of(types)
    document = parse(operation)
    assert not validate(supergraph.public_schema, document)
    return show_plan(Planner(supergraph, labels).plan(document, None))


def deferring_plan_of(types: str, operation: str, *switched_on: str) -> str:
    supergraph = supergraph_of(types)
    document = parse(operation)
    assert not validate(supergraph.public_schema, document)
    return show_plan(Planner(supergraph).plan(document, None, switched_on=frozenset(switched_on)))
