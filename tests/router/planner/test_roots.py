from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

WRITES = """
type Query @join__type(graph: A) @join__type(graph: B) { patient: Patient @join__field(graph: A) }
type Mutation @join__type(graph: A) @join__type(graph: B) {
  admit: Patient @join__field(graph: A)
  discharge: Patient @join__field(graph: A)
  charge: Int @join__field(graph: B)
}
type Subscription @join__type(graph: A) { admitted: Patient @join__field(graph: A) }
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  owed: Int @join__field(graph: B)
  root: Query @join__field(graph: A)
}
"""

SHARED = """
type Query @join__type(graph: A) @join__type(graph: B) { product: Product ok: Boolean @join__field(graph: B) }
type Product @join__type(graph: A) @join__type(graph: B) {
  id: ID!
  name: String @join__field(graph: A)
  price: Int @join__field(graph: B)
}
"""


def test_mutations_run_one_after_the_other() -> None:
    assert plan_of(WRITES, "mutation { charge admit { id } again: charge }") == snapshot("""\
Sequence {
  Fetch b {
    mutation {
      charge
    }
  }
  Fetch a {
    mutation {
      admit {
        id
      }
    }
  }
  Fetch b {
    mutation {
      again: charge
    }
  }
}\
""")


def test_mutations_that_follow_one_another_in_a_subgraph_share_a_request() -> None:
    assert plan_of(WRITES, "mutation { admit { id } discharge { id } }") == snapshot("""\
Fetch a {
  mutation {
    admit {
      id
    }
    discharge {
      id
    }
  }
}\
""")


def test_a_mutation_is_complete_before_the_next_begins() -> None:
    assert plan_of(WRITES, "mutation { admit { owed } discharge { id } }") == snapshot("""\
Sequence {
  Fetch a {
    mutation {
      admit {
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
  Fetch a {
    mutation {
      discharge {
        id
      }
    }
  }
}\
""")


def test_each_event_is_completed_from_other_subgraphs() -> None:
    assert plan_of(WRITES, "subscription { admitted { id owed } }") == snapshot("""\
Subscription {
  Fetch a {
    subscription {
      admitted {
        id
      }
    }
  }
  Fetch b {
    $representations: admitted { __typename: Patient, id }
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


def test_a_shared_root_is_asked_in_each_subgraph_for_its_part() -> None:
    assert plan_of(SHARED, "{ product { id name price } }") == snapshot("""\
Parallel {
  Fetch a {
    {
      product {
        id
        name
      }
    }
  }
  Fetch b {
    {
      product {
        price
      }
    }
  }
}\
""")


def test_it_can_begin_at_a_root_again_from_within() -> None:
    types = WRITES.replace(
        "patient: Patient @join__field(graph: A)",
        "patient: Patient @join__field(graph: A) ok: Boolean @join__field(graph: B)",
    )
    assert plan_of(types, "{ patient { root { ok patient { id } } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      patient {
        root {
          patient {
            id
          }
        }
      }
    }
  }
  Fetch b at patient.root {
    {
      ok
    }
  }
}\
""")


def test_nothing_is_fetched_for_what_the_router_knows_itself() -> None:
    assert plan_of(WRITES, "{ __typename __schema { queryType { name } } }") == snapshot("Nothing to fetch")
