from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

PATIENTS = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  patient(id: ID): Patient @join__field(graph: A)
  wards: Int @join__field(graph: B)
}
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  name: String @join__field(graph: A) @join__field(graph: C, external: true)
  age: Int @join__field(graph: B) @join__field(graph: C, external: true)
  risk: Int @join__field(graph: C, requires: "name age")
  doctor: Doctor @join__field(graph: A)
}
type Doctor @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  name: String @join__field(graph: A)
  rooms: Int @join__field(graph: B)
}
"""


def test_a_root_under_a_condition_is_a_request_under_it() -> None:
    assert plan_of(PATIENTS, "query($x: Boolean!) { patient { name } wards @skip(if: $x) }") == snapshot("""\
Parallel {
  Fetch a {
    {
      patient {
        name
      }
    }
  }
  Condition if not $x {
    Fetch b {
      {
        wards
      }
    }
  }
}\
""")


def test_conditions_within_one_another_hold_together() -> None:
    query = "query($x: Boolean!, $y: Boolean!) { patient @include(if: $x) { name age @skip(if: $y) } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Sequence {
  Condition if $x {
    Fetch a {
      query ($y: Boolean!) {
        patient {
          name
          ... @skip(if: $y) {
            id
          }
        }
      }
    }
  }
  Condition if $x and not $y {
    Fetch b {
      $representations: patient { __typename: Patient, id } if $x and not $y
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


def test_what_is_required_is_fetched_under_the_condition_of_what_requires_it() -> None:
    query = "query($x: Boolean!) { patient { id risk @include(if: $x) } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Sequence {
  Fetch a {
    query ($x: Boolean!) {
      patient {
        id
        ... @include(if: $x) {
          name
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
  Condition if $x {
    Fetch c {
      $representations: patient { __typename: Patient, id, name, age } if $x
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Patient {
            risk
          }
        }
      }
    }
  }
}\
""")


def test_what_is_required_and_asked_is_fetched_in_any_case() -> None:
    query = "query($x: Boolean!) { patient { name age risk @include(if: $x) } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Sequence {
  Fetch a {
    {
      patient {
        name
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
  Condition if $x {
    Fetch c {
      $representations: patient { __typename: Patient, id, name, age } if $x
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Patient {
            risk
          }
        }
      }
    }
  }
}\
""")


def test_opposite_conditions_are_no_condition() -> None:
    query = "query($x: Boolean!) { patient { ... @include(if: $x) { age } ... @skip(if: $x) { age } } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Sequence {
  Fetch a {
    {
      patient {
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


def test_fragments_under_conditions_share_requests() -> None:
    query = """query($x: Boolean!, $y: Boolean!) {
      patient { ...Ages @include(if: $x) doctor { ...Rooms @skip(if: $y) } }
    }
    fragment Ages on Patient { age } fragment Rooms on Doctor { rooms }"""
    assert plan_of(PATIENTS, query) == snapshot("""\
Sequence {
  Fetch a {
    query ($x: Boolean!, $y: Boolean!) {
      patient {
        ... @include(if: $x) {
          id
        }
        doctor {
          ... @skip(if: $y) {
            id
          }
        }
      }
    }
  }
  Condition if $x or not $y {
    Fetch b {
      $representations0: patient { __typename: Patient, id } if $x
      $representations1: patient.doctor { __typename: Doctor, id } if not $y
      query ($representations0: [_Any!]!, $representations1: [_Any!]!) {
        _e0: _entities(representations: $representations0) {
          ... on Patient {
            age
          }
        }
        _e1: _entities(representations: $representations1) {
          ... on Doctor {
            rooms
          }
        }
      }
    }
  }
}\
""")


def test_skipped_and_included_by_one_variable_is_nothing() -> None:
    query = "query($x: Boolean!) { patient { id age @skip(if: $x) @include(if: $x) } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Fetch a {
  {
    patient {
      id
    }
  }
}\
""")


def test_what_never_counts_within_what_is_around_it_is_no_request() -> None:
    query = "query($x: Boolean!) { patient @include(if: $x) { name age @skip(if: $x) doctor @skip(if: $x) { rooms } } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Condition if $x {
  Fetch a {
    {
      patient {
        name
      }
    }
  }
}\
""")


def test_an_object_of_which_nothing_ever_counts_is_asked_for_all_the_same() -> None:
    query = "query($x: Boolean!) { patient @include(if: $x) { name @skip(if: $x) doctor @skip(if: $x) { name } } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Condition if $x {
  Fetch a {
    {
      patient {
        __typename
      }
    }
  }
}\
""")


PEOPLE = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) @join__type(graph: D) {
  person: Person @join__field(graph: A)
}
interface Person
  @join__type(graph: A, key: "id", isInterfaceObject: true)
  @join__type(graph: B, key: "id", isInterfaceObject: true)
  @join__type(graph: D, key: "id") {
  id: ID!
  ward: Ward @join__field(graph: B)
}
type Patient implements Person @join__implements(graph: D, interface: "Person") @join__type(graph: D, key: "id") {
  id: ID!
  ward: Ward @join__field
}
type Ward @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  beds: Int @join__field(graph: C)
  floor: Int @join__field(graph: C)
}
"""


def test_what_is_below_a_condition_is_asked_under_it_though_others_ask_for_the_object() -> None:
    query = "query($x: Boolean!) { person { ward { beds } ... on Patient @skip(if: $x) { ward { floor } } } }"
    assert plan_of(PEOPLE, query) == snapshot("""\
Sequence {
  Fetch a {
    {
      person {
        id
      }
    }
  }
  Fetch d {
    $representations: person { __typename: Person, id }
    query ($representations: [_Any!]!, $x: Boolean!) {
      _entities(representations: $representations) {
        ... on Person {
          __typename
          ... on Patient {
            ... @skip(if: $x) {
              id
            }
          }
        }
      }
    }
  }
  Fetch b {
    $representations0: person { __typename: Person, id }
    $representations1: person|Patient { __typename: Person, id } if not $x
    query ($representations0: [_Any!]!, $representations1: [_Any!]!) {
      _e0: _entities(representations: $representations0) {
        ... on Person {
          ward {
            id
          }
        }
      }
      _e1: _entities(representations: $representations1) {
        ... on Person {
          ward {
            id
          }
        }
      }
    }
  }
  Fetch c {
    $representations0: person|Patient.ward { __typename: Ward, id } if not $x
    $representations1: person.ward { __typename: Ward, id }
    query ($representations0: [_Any!]!, $representations1: [_Any!]!) {
      _e0: _entities(representations: $representations0) {
        ... on Ward {
          floor
        }
      }
      _e1: _entities(representations: $representations1) {
        ... on Ward {
          beds
        }
      }
    }
  }
}\
""")
