from inline_snapshot import snapshot

from tests.router.planner.plans import deferring_plan_of

PATIENTS = """
type Query @join__type(graph: A) @join__type(graph: B) {
  patient: Patient @join__field(graph: A)
  count: Int @join__field(graph: B)
}
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  name: String @join__field(graph: A)
  letter: String @join__field(graph: A)
  age: Int @join__field(graph: B)
  address: Address @join__field(graph: A)
}
type Address @join__type(graph: A) { street: String }
"""


def test_a_part_starts_from_the_key_of_what_came_first() -> None:
    assert deferring_plan_of(PATIENTS, '{ patient { name ... @defer(label: "age") { age } } }') == snapshot("""\
Defer {
  Primary {
    Milestone 0 {
      Fetch a {
        {
          patient {
            name
            id
          }
        }
      }
    }
  }
  Deferred 1 age at patient for all after 0 {
    age
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
  }
}\
""")


def test_the_same_subgraph_is_entered_again_for_what_is_deferred() -> None:
    assert deferring_plan_of(PATIENTS, "{ patient { name ... @defer { letter } } }") == snapshot("""\
Defer {
  Primary {
    Milestone 0 {
      Fetch a {
        {
          patient {
            name
            id
          }
        }
      }
    }
  }
  Deferred 1 at patient for all after 0 {
    letter
    Fetch a {
      $representations: patient { __typename: Patient, id }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Patient {
            letter
          }
        }
      }
    }
  }
}\
""")


def test_without_a_key_a_part_is_fetched_with_what_is_around_it() -> None:
    assert deferring_plan_of(PATIENTS, "{ patient { address { ... @defer { street } } } }") == snapshot("""\
Defer {
  Primary {
    Fetch a {
      {
        patient {
          address {
            street
          }
        }
      }
    }
  }
  Deferred 1 at patient.address for all {
    street
  }
}\
""")


def test_a_part_at_the_root_waits_for_nothing() -> None:
    assert deferring_plan_of(PATIENTS, "{ patient { name } ... @defer { count } }") == snapshot("""\
Defer {
  Primary {
    Fetch a {
      {
        patient {
          name
        }
      }
    }
  }
  Deferred 1 at the root for all {
    count
    Fetch b {
      {
        count
      }
    }
  }
}\
""")


def test_a_part_within_another_starts_from_it_or_from_what_is_around_both() -> None:
    query = (
        "{ patient { ... @defer { name ... @defer { age } } } ... @defer { again: patient { ... @defer { age } } } }"
    )
    assert deferring_plan_of(PATIENTS, query) == snapshot("""\
Defer {
  Primary {
    Milestone 0 {
      Fetch a {
        {
          patient {
            id
          }
        }
      }
    }
  }
  Deferred 1 at the root for all {
    again: patient
    Milestone 1 {
      Fetch a {
        {
          again: patient {
            id
          }
        }
      }
    }
  }
  Deferred 2 at patient for all after 0 {
    name
    Fetch a {
      $representations: patient { __typename: Patient, id }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Patient {
            name
          }
        }
      }
    }
  }
  Deferred 3 within 2 at patient for all after 0 {
    age
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
  }
  Deferred 4 within 1 at again for all after 1 {
    age
    Fetch b {
      $representations: again { __typename: Patient, id }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Patient {
            age
          }
        }
      }
    }
  }
}\
""")


def test_parts_by_variable_are_planned_as_they_are_switched() -> None:
    query = "query($x: Boolean!, $y: Boolean!) { patient { ... @defer(if: $x) { name } ... @defer(if: $y) { age } } }"
    assert deferring_plan_of(PATIENTS, query, "x") == snapshot("""\
Defer {
  Primary {
    Sequence {
      Milestone 0 {
        Fetch a {
          {
            patient {
              id
            }
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
    }
  }
  Deferred 1 at patient for all after 0 {
    name
    Fetch a {
      $representations: patient { __typename: Patient, id }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Patient {
            name
          }
        }
      }
    }
  }
}\
""")
