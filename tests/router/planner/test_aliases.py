from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

PATIENTS = """
type Query @join__type(graph: A) @join__type(graph: B) {
  patients: [Patient] @join__field(graph: A)
  found: [Found] @join__field(graph: A)
}
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  number: ID @join__field(graph: A)
  marks: [Int] @join__field(graph: A)
  name(full: Boolean): String @join__field(graph: A) @join__field(graph: B, external: true)
  letter: String @join__field(graph: B, requires: "name")
  visits(last: Int): [Visit] @join__field(graph: B)
}
type Visit @join__type(graph: B) { id: ID! day: String }
union Found @join__type(graph: A) @join__unionMember(graph: A, member: "Patient")
  @join__unionMember(graph: A, member: "Bill") @join__unionMember(graph: A, member: "Note") = Patient | Bill | Note
type Bill @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  marks: [Int] @join__field(graph: A, type: "[Int!]")
  owner: Patient @join__field(graph: A, type: "Patient!")
  label: String @join__field(graph: B, type: "String!")
}
type Note @join__type(graph: A) {
  marks: [Int] @join__field(graph: A, type: "[Int!]!")
  owner: Patient
}
"""


def test_one_field_under_two_aliases_of_one_request() -> None:
    query = "{ patients { one: visits(last: 1) { day } two: visits(last: 2) { day } } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Sequence {
  Fetch a {
    {
      patients {
        id
      }
    }
  }
  Fetch b {
    $representations: patients { __typename: Patient, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          one: visits(last: 1) {
            day
          }
          two: visits(last: 2) {
            day
          }
        }
      }
    }
  }
}\
""")


def test_an_alias_that_is_the_name_of_a_key_is_moved_aside() -> None:
    assert plan_of(PATIENTS, "{ patients { id: number visits { id: day } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      patients {
        _qp_c_id: number
        id
      }
    }
  }
  Fetch b {
    $representations: patients { __typename: Patient, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          visits {
            _qp_c_id: day
          }
        }
      }
    }
  }
}\
""")


def test_an_alias_that_is_the_name_of_what_is_required_is_moved_aside() -> None:
    assert plan_of(PATIENTS, "{ patients { name: id letter } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      patients {
        _qp_c_name: id
        id
        name
      }
    }
  }
  Fetch b {
    $representations: patients { __typename: Patient, id, name }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          letter
        }
      }
    }
  }
}\
""")


def test_an_alias_may_be_typename() -> None:
    assert plan_of(PATIENTS, "{ found { kind: __typename ... on Patient { letter } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      found {
        kind: __typename
        __typename
        ... on Patient {
          id
          name
        }
      }
    }
  }
  Fetch b {
    $representations: found|Patient { __typename: Patient, id, name }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          letter
        }
      }
    }
  }
}\
""")


def test_one_name_of_three_shapes_is_asked_under_two_more() -> None:
    query = "{ found { ... on Patient { marks } ... on Bill { marks } ... on Note { marks } } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Fetch a {
  {
    found {
      __typename
      ... on Patient {
        marks
      }
      ... on Bill {
        _qp_m1_marks: marks
      }
      ... on Note {
        _qp_m2_marks: marks
      }
    }
  }
  found._qp_m1_marks -> marks
  found._qp_m2_marks -> marks
}\
""")


def test_objects_of_two_shapes_are_put_together_under_one_name() -> None:
    query = "{ found { ... on Bill { owner { number } } ... on Note { owner { letter } } } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Sequence {
  Fetch a {
    {
      found {
        __typename
        ... on Bill {
          owner {
            number
          }
        }
        ... on Note {
          _qp_m1_owner: owner {
            id
            name
          }
        }
      }
    }
    found._qp_m1_owner -> owner
  }
  Fetch b {
    $representations: found|Note.owner { __typename: Patient, id, name }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          letter
        }
      }
    }
  }
}\
""")


def test_entities_of_one_request_may_answer_one_name_in_two_shapes() -> None:
    query = "{ found { ... on Patient { x: letter } ... on Bill { x: label } } }"
    assert plan_of(PATIENTS, query) == snapshot("""\
Sequence {
  Fetch a {
    {
      found {
        __typename
        ... on Patient {
          id
          name
        }
        ... on Bill {
          id
        }
      }
    }
  }
  Fetch b {
    $representations: found|Patient { __typename: Patient, id, name }
    $representations: found|Bill { __typename: Bill, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Patient {
          x: letter
        }
        ... on Bill {
          _qp_m1_x: label
        }
      }
    }
    _entities._qp_m1_x -> x
  }
}\
""")
