from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

VISITS = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  patient: Patient @join__field(graph: A)
}
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: B, key: "number")
  @join__type(graph: C, key: "number") {
  id: ID! @join__field(graph: A) @join__field(graph: B)
  number: Int @join__field(graph: B) @join__field(graph: C)
  name: String @join__field(graph: A)
  visits: [String] @join__field(graph: B)
  bills: [String] @join__field(graph: C)
}
"""

WARDS = """
type Query @join__type(graph: A) @join__type(graph: B) { beds: [Bed] @join__field(graph: A) }
type Bed @join__type(graph: A, key: "ward { building { code } number } label")
  @join__type(graph: B, key: "ward { building { code } number } label") {
  ward: Ward
  label: String
  free: Boolean @join__field(graph: B)
}
type Ward @join__type(graph: A) @join__type(graph: B) { building: Building number: Int }
type Building @join__type(graph: A) @join__type(graph: B) { code: ID }
"""


def test_it_passes_on_whole_what_one_subgraph_answers() -> None:
    assert plan_of(VISITS, "query Q($x: Boolean = true) { patient { name @include(if: $x) } }") == snapshot("""\
Fetch a {
  query ($x: Boolean = true) {
    patient {
      ... @include(if: $x) {
        name
      }
    }
  }
}\
""")


def test_it_enters_another_subgraph_by_a_key() -> None:
    assert plan_of(VISITS, "{ patient { name visits } }") == snapshot("""\
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
          visits
        }
      }
    }
  }
}\
""")


def test_it_reaches_a_key_through_a_third_subgraph() -> None:
    assert plan_of(VISITS, "{ patient { bills } }") == snapshot("""\
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
          number
        }
      }
    }
  }
  Fetch c {
    $representations: patient { __typename: Patient, number }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          bills
        }
      }
    }
  }
}\
""")


def test_it_fetches_all_of_a_compound_and_nested_key() -> None:
    assert plan_of(WARDS, "{ beds { free } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      beds {
        ward {
          building {
            code
          }
          number
        }
        label
      }
    }
  }
  Fetch b {
    $representations: beds { __typename: Bed, ward { building { code }, number }, label }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Bed {
          free
        }
      }
    }
  }
}\
""")


def test_a_clients_alias_does_not_stand_in_for_a_key() -> None:
    assert plan_of(VISITS, "{ patient { id: name visits } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      patient {
        _qp_c_id: name
        id
      }
    }
  }
  Fetch b {
    $representations: patient { __typename: Patient, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          visits
        }
      }
    }
  }
}\
""")


def test_the_same_objects_are_asked_for_once() -> None:
    assert plan_of(VISITS, "{ patient { visits } again: patient { visits } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      patient {
        id
      }
      again: patient {
        id
      }
    }
  }
  Fetch b {
    $representations: patient { __typename: Patient, id }
    $representations: again { __typename: Patient, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          visits
        }
      }
    }
  }
}\
""")
