from graphql import parse, validate
from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of, supergraph_of

USERS = """
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
type Query @join__type(graph: A) @join__type(graph: B) {
  users(of: Filter): [User] @join__field(graph: A)
  byKind(kind: Kind!): [User] @join__field(graph: B)
  things: [Thing] @join__field(graph: A)
  named: [Named] @join__field(graph: A)
}
enum Kind @join__type(graph: A) @join__type(graph: B) {
  STAFF @join__enumValue(graph: A) @join__enumValue(graph: B)
  ROBOT @inaccessible @join__enumValue(graph: B)
}
input Filter @join__type(graph: A) @join__type(graph: B) { kind: Kind first: Int = 3 }
type User implements Named @join__implements(graph: A, interface: "Named")
  @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! @inaccessible
  kind: Kind
  name: String @join__field(graph: A)
  secret: Int @inaccessible @join__field(graph: B)
  score: Int @join__field(graph: A, requires: "secret") @join__field(graph: B, external: true)
  logins: Int @join__field(graph: B)
}
type Robot implements Named @inaccessible @join__implements(graph: A, interface: "Named") @join__type(graph: A) {
  name: String
  volts: Int
}
interface Named @join__type(graph: A) { name: String }
union Thing @join__type(graph: A) @join__unionMember(graph: A, member: "User")
  @join__unionMember(graph: A, member: "Robot") = User | Robot
"""


def test_a_key_that_clients_do_not_see_leads_on() -> None:
    assert plan_of(USERS, "{ users { name logins } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      users {
        name
        id
      }
    }
  }
  Fetch b {
    $representations: users { __typename: User, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on User {
          logins
        }
      }
    }
  }
}\
""")


def test_what_is_required_may_be_what_clients_do_not_see() -> None:
    assert plan_of(USERS, "{ users { score } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      users {
        id
      }
    }
  }
  Fetch b {
    $representations: users { __typename: User, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on User {
          secret
        }
      }
    }
  }
  Fetch a {
    $representations: users { __typename: User, id, secret }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on User {
          score
        }
      }
    }
  }
}\
""")


def test_of_types_that_clients_do_not_see_only_the_name_is_asked() -> None:
    assert plan_of(USERS, "{ things { ... on User { name } } named { name } }") == snapshot("""\
Fetch a {
  {
    things {
      __typename
      ... on User {
        name
      }
    }
    named {
      name
      __typename
    }
  }
}\
""")


def test_values_and_inputs_that_all_subgraphs_know_are_passed_on() -> None:
    query = "query($f: Filter) { users(of: $f) { kind } byKind(kind: STAFF) { kind } }"
    assert plan_of(USERS, query) == snapshot("""\
Parallel {
  Fetch a {
    query ($f: Filter) {
      users(of: $f) {
        kind
      }
    }
  }
  Fetch b {
    {
      byKind(kind: STAFF) {
        kind
      }
    }
  }
}\
""")


def test_what_clients_do_not_see_they_cannot_ask() -> None:
    schema = supergraph_of(USERS).public_schema

    for query in ("{ users { id } }", "{ byKind(kind: ROBOT) { name } }", "{ things { ... on Robot { volts } } }"):
        assert validate(schema, parse(query))
