from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

ON = frozenset({"moving"})
WARDS = """
type Query @join__type(graph: A) @join__type(graph: B) {
  ward: Ward @join__field(graph: A, overrideLabel: "moving")
    @join__field(graph: B, override: "a", overrideLabel: "moving")
  other: Ward @join__field(graph: B)
}
type Ward @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  name: String @join__field(graph: A, overrideLabel: "moving")
    @join__field(graph: B, override: "a", overrideLabel: "moving")
  beds: [Bed] @join__field(graph: A, overrideLabel: "percent(5)")
    @join__field(graph: B, override: "a", overrideLabel: "percent(5)")
  load: Int @join__field(graph: A, overrideLabel: "moving")
    @join__field(graph: B, override: "a", overrideLabel: "moving") @join__field(graph: C, external: true)
  alarm: Boolean @join__field(graph: C, requires: "load")
}
type Bed @join__type(graph: A, key: "ward { id } number") @join__type(graph: B, key: "ward { id } number") {
  ward: Ward
  number: Int! @join__field(graph: A, usedOverridden: true, overrideLabel: "moving")
    @join__field(graph: B, override: "a", overrideLabel: "moving")
  free: Boolean @join__field(graph: B)
}
"""


def test_a_root_field_moves_with_its_label() -> None:
    assert plan_of(WARDS, "{ ward { name } }") == snapshot("""\
Fetch a {
  {
    ward {
      name
    }
  }
}\
""")
    assert plan_of(WARDS, "{ ward { name } }", ON) == snapshot("""\
Fetch b {
  {
    ward {
      name
    }
  }
}\
""")


def test_labels_hold_each_for_itself() -> None:
    query = "{ ward { name beds { free } } }"
    assert plan_of(WARDS, query, frozenset({"percent(5)"})) == snapshot("""\
Sequence {
  Fetch a {
    {
      ward {
        name
        id
      }
    }
  }
  Fetch b {
    $representations: ward { __typename: Ward, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Ward {
          beds {
            free
          }
        }
      }
    }
  }
}\
""")
    assert plan_of(WARDS, query, ON | {"percent(5)"}) == snapshot("""\
Fetch b {
  {
    ward {
      name
      beds {
        free
      }
    }
  }
}\
""")


def test_what_another_field_requires_is_fetched_from_where_it_is_now() -> None:
    assert plan_of(WARDS, "{ other { alarm } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      other {
        id
      }
    }
  }
  Fetch a {
    $representations: other { __typename: Ward, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Ward {
          load
        }
      }
    }
  }
  Fetch c {
    $representations: other { __typename: Ward, id, load }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Ward {
          alarm
        }
      }
    }
  }
}\
""")
    assert plan_of(WARDS, "{ other { alarm } }", ON) == snapshot("""\
Sequence {
  Fetch b {
    {
      other {
        id
        load
      }
    }
  }
  Fetch c {
    $representations: other { __typename: Ward, id, load }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Ward {
          alarm
        }
      }
    }
  }
}\
""")


def test_a_key_that_moves_still_names_the_object_on_both_sides() -> None:
    assert plan_of(WARDS, "{ ward { beds { number free } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      ward {
        beds {
          number
          ward {
            id
          }
        }
      }
    }
  }
  Fetch b {
    $representations: ward.beds { __typename: Bed, ward { id }, number }
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
    assert plan_of(WARDS, "{ ward { beds { number free } } }", ON) == snapshot("""\
Sequence {
  Fetch b {
    {
      ward {
        id
      }
    }
  }
  Fetch a {
    $representations: ward { __typename: Ward, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Ward {
          beds {
            number
            ward {
              id
            }
          }
        }
      }
    }
  }
  Fetch b {
    $representations: ward.beds { __typename: Bed, ward { id }, number }
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
