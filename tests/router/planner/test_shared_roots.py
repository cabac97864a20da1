from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

SHOP = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  shop: Shop
  version: Int @join__field(graph: A) @join__field(graph: B)
  prices: [Int] @join__field(graph: B)
  node(id: ID!): Item @join__field(graph: C)
  best: Item @join__field(graph: A)
}
type Shop @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  name: String
  open: Boolean @join__field(graph: A)
  staff: Staff
  site: String @join__field(graph: C)
}
type Staff @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  count: Int @join__field(graph: A)
  names: [String] @join__field(graph: B)
  mail: String @join__field(graph: C)
}
type Item @join__type(graph: A, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  title: String @join__field(graph: A)
  stock: Int @join__field(graph: C)
  again: Query @join__field(graph: C)
}
"""


def test_a_root_field_that_many_answer_is_asked_where_another_is() -> None:
    assert plan_of(SHOP, "{ version prices }") == snapshot("""\
Fetch b {
  {
    prices
    version
  }
}\
""")


def test_objects_without_a_key_are_put_together_from_the_root() -> None:
    assert plan_of(SHOP, "{ shop { name open staff { count names mail } } }") == snapshot("""\
Parallel {
  Fetch b {
    {
      shop {
        name
        staff {
          names
        }
      }
    }
  }
  Fetch c {
    {
      shop {
        staff {
          mail
        }
      }
    }
  }
  Fetch a {
    {
      shop {
        open
        staff {
          count
        }
      }
    }
  }
}\
""")


def test_arguments_and_aliases_are_the_same_wherever_a_root_is_asked() -> None:
    assert plan_of(SHOP, "{ mine: shop { site } yours: shop { open } }") == snapshot("""\
Parallel {
  Fetch c {
    {
      mine: shop {
        site
      }
    }
  }
  Fetch a {
    {
      yours: shop {
        open
      }
    }
  }
}\
""")


def test_the_query_type_is_entered_again_below_what_led_to_it() -> None:
    query = '{ node(id: "1") { title again { version prices node(id: "2") { stock } } } }'
    assert plan_of(SHOP, query) == snapshot("""\
Sequence {
  Fetch c {
    {
      node(id: "1") {
        again {
          node(id: "2") {
            stock
          }
        }
        id
      }
    }
  }
  Parallel {
    Fetch a {
      $representations: node { __typename: Item, id }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Item {
            title
          }
        }
      }
    }
    Fetch b at node.again {
      {
        prices
        version
      }
    }
  }
}\
""")


def test_roots_re_entered_twice_are_not_asked_twice() -> None:
    assert plan_of(SHOP, "{ best { again { again: prices best { again { prices } } } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      best {
        id
      }
    }
  }
  Fetch c {
    $representations: best { __typename: Item, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Item {
          again {
            __typename
          }
        }
      }
    }
  }
  Parallel {
    Fetch b at best.again {
      {
        again: prices
      }
    }
    Sequence {
      Fetch a at best.again {
        {
          best {
            id
          }
        }
      }
      Fetch c {
        $representations: best.again.best { __typename: Item, id }
        query ($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Item {
              again {
                __typename
              }
            }
          }
        }
      }
      Fetch b at best.again.best.again {
        {
          prices
        }
      }
    }
  }
}\
""")
