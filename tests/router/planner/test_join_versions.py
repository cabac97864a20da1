"""The same clinic as each version of the join specification writes it."""

import pytest
from graphql import parse
from inline_snapshot import snapshot

from router.planner import Planner
from router.planner.show import show_plan
from router.supergraph import read_supergraph

GRAPHS = """
enum join__Graph {
  PEOPLE @join__graph(name: "people", url: "http://people")
  VISITS @join__graph(name: "visits", url: "http://visits")
}
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
scalar join__FieldSet
"""

V01 = """
schema @core(feature: "https://specs.apollo.dev/core/v0.2")
  @core(feature: "https://specs.apollo.dev/join/v0.1", for: EXECUTION) {
  query: Query
}
directive @core(feature: String!, as: String, for: core__Purpose) repeatable on SCHEMA
enum core__Purpose { EXECUTION SECURITY }
directive @join__owner(graph: join__Graph!) on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT | INTERFACE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet) on FIELD_DEFINITION
interface Named { name: String }
type Query { me: Person @join__field(graph: PEOPLE) visits: [Visit] @join__field(graph: VISITS) }
type Person implements Named @join__owner(graph: PEOPLE) @join__type(graph: PEOPLE, key: "id")
  @join__type(graph: VISITS, key: "id") {
  id: ID! @join__field(graph: PEOPLE)
  name: String @join__field(graph: PEOPLE)
  born: Int @join__field(graph: PEOPLE)
  visits: [Visit] @join__field(graph: VISITS)
  discount: Int @join__field(graph: VISITS, requires: "born")
}
type Visit @join__owner(graph: VISITS) @join__type(graph: VISITS, key: "id") {
  id: ID! @join__field(graph: VISITS)
  day: String @join__field(graph: VISITS)
  person: Person @join__field(graph: VISITS, provides: "name")
  place: Place @join__field(graph: VISITS)
}
type Place { room: String }
union Known = Person | Visit
"""

LINKS = """
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/%s", for: EXECUTION) {
  query: Query
}
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
enum link__Purpose { EXECUTION SECURITY }
scalar link__Import
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
"""

TYPES = """
interface Named @join__type(graph: PEOPLE) @join__type(graph: VISITS) { name: String }
type Query @join__type(graph: PEOPLE) @join__type(graph: VISITS) {
  me: Person @join__field(graph: PEOPLE)
  visits: [Visit] @join__field(graph: VISITS)
}
type Person implements Named @join__implements(graph: PEOPLE, interface: "Named")
  @join__implements(graph: VISITS, interface: "Named") @join__type(graph: PEOPLE, key: "id")
  @join__type(graph: VISITS, key: "id", extension: true) {
  id: ID!
  name: String @join__field(graph: PEOPLE) @join__field(graph: VISITS, external: true)
  born: Int @join__field(graph: PEOPLE) @join__field(graph: VISITS, external: true)
  visits: [Visit] @join__field(graph: VISITS)
  discount: Int @join__field(graph: VISITS, requires: "born")
}
type Visit @join__type(graph: VISITS, key: "id") {
  id: ID!
  day: String
  person: Person @join__field(graph: VISITS, provides: "name")
  place: Place
}
type Place @join__type(graph: VISITS) { room: String }
"""

V02 = (
    LINKS % "v0.2"
    + """
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false)
  repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__field(
  graph: join__Graph!, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean
) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
union Known @join__type(graph: VISITS) = Person | Visit
"""
    + TYPES
)

FROM_V03 = (
    """
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @join__type(
  graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true,
  isInterfaceObject: Boolean! = false
) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
union Known @join__type(graph: VISITS) @join__unionMember(graph: VISITS, member: "Person")
  @join__unionMember(graph: VISITS, member: "Visit") = Person | Visit
"""
    + TYPES
)

V03 = (
    LINKS % "v0.3"
    + FROM_V03
    + """
directive @join__field(
  graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean,
  override: String, usedOverridden: Boolean
) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
"""
)

V05 = (
    LINKS % "v0.5"
    + FROM_V03
    + """
directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments)
  repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION
scalar join__DirectiveArguments
scalar join__FieldValue
scalar join__ContextName
input join__ContextArgument { name: String! type: String! context: String! selection: join__FieldValue! }
directive @join__field(
  graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean,
  override: String, usedOverridden: Boolean, overrideLabel: String, contextArguments: [join__ContextArgument!]
) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
"""
)

VERSIONS = pytest.mark.parametrize("version", [V01, V02, V03, V05], ids=["v0.1", "v0.2", "v0.3", "v0.5"])


def plan_of(version: str, operation: str) -> str:
    return show_plan(Planner(read_supergraph(version + GRAPHS)).plan(parse(operation), None))


@VERSIONS
def test_it_enters_another_subgraph_by_a_key_and_sends_what_is_required(version: str) -> None:
    assert plan_of(version, "{ me { name discount visits { day place { room } } } }") == snapshot("""\
Sequence {
  Fetch people {
    {
      me {
        name
        id
        born
      }
    }
  }
  Fetch visits {
    $representations: me { __typename: Person, id, born }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Person {
          discount
          visits {
            day
            place {
              room
            }
          }
        }
      }
    }
    Without what is required:
    Fetch visits {
      $representations: me { __typename: Person, id } without all of born
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Person {
            visits {
              day
              place {
                room
              }
            }
          }
        }
      }
    }
  }
}\
""")


@VERSIONS
def test_what_is_provided_needs_no_other_request_and_what_is_not_does(version: str) -> None:
    assert plan_of(version, "{ visits { person { id name } } }") == snapshot("""\
Fetch visits {
  {
    visits {
      person {
        id
        name
      }
    }
  }
}\
""")
    assert plan_of(version, "{ visits { person { name born } } }") == snapshot("""\
Sequence {
  Fetch visits {
    {
      visits {
        person {
          name
          id
        }
      }
    }
  }
  Fetch people {
    $representations: visits.person { __typename: Person, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Person {
          born
        }
      }
    }
  }
}\
""")
