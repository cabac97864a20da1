from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

WRITES = """
type Query @join__type(graph: A) @join__type(graph: B) { patient: Patient @join__field(graph: A) }
type Mutation @join__type(graph: A) @join__type(graph: B) {
  admit(name: String!): Patient @join__field(graph: A)
  move(id: ID!): Patient @join__field(graph: A)
  charge(amount: Int!): Bill @join__field(graph: B)
  both: Int
}
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  name: String @join__field(graph: A)
  owed: Int @join__field(graph: B)
}
type Bill @join__type(graph: B) { total: Int patient: Patient root: Query }
"""


def test_they_keep_their_order_across_subgraphs() -> None:
    query = 'mutation { one: charge(amount: 1) { total } admit(name: "Z") { id } two: charge(amount: 2) { total } }'
    assert plan_of(WRITES, query) == snapshot("""\
Sequence {
  Fetch b {
    mutation {
      one: charge(amount: 1) {
        total
      }
    }
  }
  Fetch a {
    mutation {
      admit(name: "Z") {
        id
      }
    }
  }
  Fetch b {
    mutation {
      two: charge(amount: 2) {
        total
      }
    }
  }
}\
""")


def test_what_one_needs_is_fetched_before_the_next_begins() -> None:
    query = "mutation($n: String!) { admit(name: $n) { owed } charge(amount: 3) { patient { name } } }"
    assert plan_of(WRITES, query) == snapshot("""\
Sequence {
  Fetch a {
    mutation ($n: String!) {
      admit(name: $n) {
        id
      }
    }
  }
  Fetch b {
    $representations: admit { __typename: Patient, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          owed
        }
      }
    }
  }
  Fetch b {
    mutation {
      charge(amount: 3) {
        patient {
          id
        }
      }
    }
  }
  Fetch a {
    $representations: charge.patient { __typename: Patient, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          name
        }
      }
    }
  }
}\
""")


def test_one_shares_a_request_with_the_next_only_if_it_needs_no_other() -> None:
    query = 'mutation { a: admit(name: "A") { name } b: admit(name: "B") { owed } c: move(id: 1) { name } }'
    assert plan_of(WRITES, query) == snapshot("""\
Sequence {
  Fetch a {
    mutation {
      a: admit(name: "A") {
        name
      }
      b: admit(name: "B") {
        id
      }
    }
  }
  Fetch b {
    $representations: b { __typename: Patient, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          owed
        }
      }
    }
  }
  Fetch a {
    mutation {
      c: move(id: 1) {
        name
      }
    }
  }
}\
""")


def test_a_mutation_that_two_subgraphs_have_is_run_in_one() -> None:
    assert plan_of(WRITES, "mutation { charge(amount: 1) { total } both }") == snapshot("""\
Fetch b {
  mutation {
    charge(amount: 1) {
      total
    }
    both
  }
}\
""")


def test_under_a_condition_they_keep_their_order() -> None:
    query = 'mutation($x: Boolean!) { admit(name: "A") @include(if: $x) { owed } charge(amount: 1) { total } }'
    assert plan_of(WRITES, query) == snapshot("""\
Sequence {
  Condition if $x {
    Fetch a {
      mutation {
        admit(name: "A") {
          id
        }
      }
    }
  }
  Condition if $x {
    Fetch b {
      $representations: admit { __typename: Patient, id } if $x
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Patient {
            owed
          }
        }
      }
    }
  }
  Fetch b {
    mutation {
      charge(amount: 1) {
        total
      }
    }
  }
}\
""")


def test_from_a_mutation_the_query_type_is_read_after_it() -> None:
    assert plan_of(WRITES, "mutation { charge(amount: 1) { total root { patient { name owed } } } }") == snapshot("""\
Sequence {
  Fetch b {
    mutation {
      charge(amount: 1) {
        total
        root {
          __typename
        }
      }
    }
  }
  Fetch a at charge.root {
    {
      patient {
        name
        id
      }
    }
  }
  Fetch b {
    $representations: charge.root.patient { __typename: Patient, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          owed
        }
      }
    }
  }
}\
""")
