from graphql import print_schema
from inline_snapshot import snapshot

from router.supergraph import read_supergraph

SUPERGRAPH = """
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.5")
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", import: [{name: "@inaccessible", as: "@hidden"}])
  @link(url: "https://specs.apollo.dev/cost/v0.1") {
  query: Query
}
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: String) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT
directive @hidden on OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | ENUM_VALUE | INPUT_FIELD_DEFINITION | INTERFACE
directive @cost(weight: Int!) on FIELD_DEFINITION
directive @authenticated on FIELD_DEFINITION | OBJECT
directive @live on QUERY
scalar join__FieldSet
scalar link__Import
enum join__Graph { A @join__graph(name: "a", url: "http://a") }
type Query @join__type(graph: A) {
  "Whoever asks."
  me(secret: Int @hidden, kind: Kind = OPEN): Person @cost(weight: 3) @authenticated
  find(by: Search): [Found]
  old: Int @deprecated(reason: "gone")
}
interface Named @join__type(graph: A) @hidden { name: String }
type Person implements Named @join__type(graph: A, key: "id") { id: ID! name: String pin: Int @hidden }
type Ghost @join__type(graph: A) @hidden { id: ID }
union Found @join__type(graph: A) = Person | Ghost
enum Kind @join__type(graph: A) { OPEN CLOSED @hidden }
input Search @join__type(graph: A) { name: String = "x" rank: Int @hidden }
"""


def test_clients_see_neither_machinery_nor_what_is_inaccessible() -> None:
    assert print_schema(read_supergraph(SUPERGRAPH).public_schema) == snapshot('''\
directive @live on QUERY

"""
Directs the executor to defer this fragment when the `if` argument is true or undefined.
"""
directive @defer(
  """Deferred when true or undefined."""
  if: Boolean! = true

  """Unique name"""
  label: String
) on FRAGMENT_SPREAD | INLINE_FRAGMENT

type Query {
  """Whoever asks."""
  me(kind: Kind = OPEN): Person
  find(by: Search): [Found]
  old: Int @deprecated(reason: "gone")
}

type Person {
  id: ID!
  name: String
}

union Found = Person

enum Kind {
  OPEN
}

input Search {
  name: String = "x"
}\
''')


def test_it_knows_which_abstract_types_have_hidden_objects() -> None:
    assert read_supergraph(SUPERGRAPH).guarded_types == {"Found"}
