from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

EVENTS = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) { patient: Patient @join__field(graph: A) }
type Subscription @join__type(graph: A) @join__type(graph: B) {
  changed(ward: ID): Change @join__field(graph: A)
  billed: Patient @join__field(graph: B)
}
type Change @join__type(graph: A) { patients: [Patient] at: String }
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  name: String @join__field(graph: A) @join__field(graph: C, external: true)
  owed: Int @join__field(graph: B)
  letter: String @join__field(graph: C, requires: "name")
}
"""


def test_an_event_is_passed_on_as_it_comes() -> None:
    query = "subscription($w: ID) { changed(ward: $w) { at patients { name } } }"
    assert plan_of(EVENTS, query) == snapshot("""\
Subscription {
  Fetch a {
    subscription ($w: ID) {
      changed(ward: $w) {
        at
        patients {
          name
        }
      }
    }
  }
}\
""")


def test_an_event_is_completed_from_several_subgraphs_side_by_side() -> None:
    assert plan_of(EVENTS, "subscription { changed { patients { owed letter } } }") == snapshot("""\
Subscription {
  Fetch a {
    subscription {
      changed {
        patients {
          id
          name
        }
      }
    }
  }
  Parallel {
    Fetch b {
      $representations: changed.patients { __typename: Patient, id }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Patient {
            owed
          }
        }
      }
    }
    Fetch c {
      $representations: changed.patients { __typename: Patient, id, name }
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


def test_what_is_required_is_fetched_before_an_event_is_completed() -> None:
    assert plan_of(EVENTS, "subscription { billed { letter owed } }") == snapshot("""\
Subscription {
  Fetch b {
    subscription {
      billed {
        owed
        id
      }
    }
  }
  Sequence {
    Fetch a {
      $representations: billed { __typename: Patient, id }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Patient {
            name
          }
        }
      }
    }
    Fetch c {
      $representations: billed { __typename: Patient, id, name }
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


def test_conditions_hold_for_the_completion_of_events() -> None:
    query = "subscription($x: Boolean!) { billed { owed name @include(if: $x) } }"
    assert plan_of(EVENTS, query) == snapshot("""\
Subscription {
  Fetch b {
    subscription ($x: Boolean!) {
      billed {
        owed
        ... @include(if: $x) {
          id
        }
      }
    }
  }
  Condition if $x {
    Fetch a {
      $representations: billed { __typename: Patient, id } if $x
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
