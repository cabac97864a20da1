from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

PATIENTS = """
type Query @join__type(graph: A) @join__type(graph: B) {
  patient: Patient @join__field(graph: A)
  again: Query @join__field(graph: B)
}
type Mutation @join__type(graph: A) { admit: Patient }
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  age: Int @join__field(graph: B)
}
"""


def test_what_the_router_knows_is_in_no_request() -> None:
    query = """{
      __typename kind: __typename patient { __typename }
      __type(name: "Patient") { name } __schema { types { name } }
    }"""
    assert plan_of(PATIENTS, query) == snapshot("""\
Fetch a {
  {
    patient {
      __typename
    }
  }
}\
""")


def test_a_type_name_costs_no_other_request() -> None:
    assert plan_of(PATIENTS, "{ patient { __typename age } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      patient {
        __typename
        id
      }
    }
  }
  Fetch b {
    $representations: patient { __typename: Patient, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          age
        }
      }
    }
  }
}\
""")


def test_below_a_query_that_is_led_back_to_its_name_is_asked_where_it_is() -> None:
    assert plan_of(PATIENTS, "{ again { __typename patient { __typename } } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      again {
        __typename
      }
    }
  }
  Fetch a at again {
    {
      patient {
        __typename
      }
    }
  }
}\
""")


def test_a_mutation_may_ask_its_own_name() -> None:
    assert plan_of(PATIENTS, "mutation { __typename admit { __typename age } }") == snapshot("""\
Sequence {
  Fetch a {
    mutation {
      admit {
        __typename
        id
      }
    }
  }
  Fetch b {
    $representations: admit { __typename: Patient, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          age
        }
      }
    }
  }
}\
""")
