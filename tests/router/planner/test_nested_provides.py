from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

SHOP = """
type Query @join__type(graph: A) @join__type(graph: B) {
  bare: Product @join__field(graph: A)
  whole: Product @join__field(graph: A, provides: "maker { land { name } }")
  named: Product @join__field(graph: A, provides: "maker { name }")
  listed(first: Int): [Product] @join__field(graph: A, provides: "parts { maker { name } }")
}
type Product @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  maker: Maker @join__field(graph: A, external: true) @join__field(graph: B)
  parts: [Product] @join__field(graph: A, external: true) @join__field(graph: B)
}
type Maker @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! @join__field(graph: A, external: true) @join__field(graph: B)
  name: String @join__field(graph: A, external: true) @join__field(graph: B)
  land: Land @join__field(graph: A, external: true) @join__field(graph: B)
}
type Land @join__type(graph: A) @join__type(graph: B) {
  name: String
  code: String @join__field(graph: B)
}
"""


def test_what_is_provided_levels_below_needs_no_other_request() -> None:
    assert plan_of(SHOP, "{ whole { maker { land { name } } } }") == snapshot("""\
Fetch a {
  {
    whole {
      maker {
        land {
          name
        }
      }
    }
  }
}\
""")


def test_of_what_is_provided_only_the_rest_is_fetched_elsewhere() -> None:
    assert plan_of(SHOP, "{ named { maker { name land { name } } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      named {
        maker {
          name
        }
        id
      }
    }
  }
  Fetch b {
    $representations: named { __typename: Product, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Product {
          maker {
            land {
              name
            }
          }
        }
      }
    }
  }
}\
""")


def test_what_is_provided_at_one_field_is_not_there_at_another() -> None:
    assert plan_of(SHOP, "{ bare { maker { name } } named { maker { name } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      bare {
        id
      }
      named {
        maker {
          name
        }
      }
    }
  }
  Fetch b {
    $representations: bare { __typename: Product, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Product {
          maker {
            name
          }
        }
      }
    }
  }
}\
""")


def test_what_is_provided_through_a_list_holds_for_its_depth_alone() -> None:
    assert plan_of(SHOP, "{ listed { parts { maker { name } parts { maker { name } } } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      listed {
        parts {
          maker {
            name
          }
          id
        }
      }
    }
  }
  Fetch b {
    $representations: listed.parts { __typename: Product, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Product {
          parts {
            maker {
              name
            }
          }
        }
      }
    }
  }
}\
""")


def test_where_the_rest_has_no_key_of_its_own_it_is_reached_from_above() -> None:
    assert plan_of(SHOP, "{ whole { maker { land { name code } } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      whole {
        maker {
          land {
            name
          }
        }
        id
      }
    }
  }
  Fetch b {
    $representations: whole { __typename: Product, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Product {
          maker {
            land {
              code
            }
          }
        }
      }
    }
  }
}\
""")


def test_a_key_that_is_only_provided_leads_on() -> None:
    types = """
    type Query @join__type(graph: A) @join__type(graph: B) { bed: Bed @join__field(graph: A, provides: "number") }
    type Bed @join__type(graph: A, key: "number") @join__type(graph: B, key: "number") {
      number: ID! @join__field(graph: A, external: true) @join__field(graph: B)
      free: Boolean @join__field(graph: B)
    }
    """
    assert plan_of(types, "{ bed { free } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      bed {
        number
      }
    }
  }
  Fetch b {
    $representations: bed { __typename: Bed, number }
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
