from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

PATIENTS = """
type Query @join__type(graph: A) @join__type(graph: B) { patient: Patient @join__field(graph: A) }
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  name: String @join__field(graph: A)
  age: Int @join__field(graph: B)
  height: Int @join__field(graph: B)
}
"""


def test_constant_conditions_vanish() -> None:
    query = "{ patient { name @skip(if: true) id @include(if: true) age @include(if: false) } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Fetch a {
  {
    patient {
      id
    }
  }
}\
""")


def test_a_request_only_wanted_under_a_condition_is_made_under_it() -> None:
    query = "query($x: Boolean!) { patient { name age @include(if: $x) } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Sequence {
  Fetch a {
    query ($x: Boolean!) {
      patient {
        name
        ... @include(if: $x) {
          id
        }
      }
    }
  }
  Condition if $x {
    Fetch b {
      $representations: patient { __typename: Patient, id } if $x
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


def test_a_field_wanted_in_any_case_is_asked_without_condition() -> None:
    query = "query($x: Boolean!) { patient { name @include(if: $x) ... on Patient { name } } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Fetch a {
  {
    patient {
      name
    }
  }
}\
""")


def test_conditions_of_one_request_may_differ() -> None:
    query = "query($x: Boolean!, $y: Boolean!) { patient { age @include(if: $x) height @skip(if: $y) } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Sequence {
  Fetch a {
    query ($x: Boolean!, $y: Boolean!) {
      patient {
        ... @include(if: $x) {
          id
        }
        ... @skip(if: $y) {
          id
        }
      }
    }
  }
  Condition if $x or not $y {
    Fetch b {
      $representations: patient { __typename: Patient, id } if $x or not $y
      query ($representations: [_Any!]!, $x: Boolean!, $y: Boolean!) {
        _entities(representations: $representations) {
          ... on Patient {
            ... @include(if: $x) {
              age
            }
            ... @skip(if: $y) {
              height
            }
          }
        }
      }
    }
  }
}\
""")
