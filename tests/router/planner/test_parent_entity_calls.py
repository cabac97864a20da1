from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

PRODUCTS = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  products: [Product] @join__field(graph: A)
}
type Product @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id pid") {
  id: ID!
  pid: ID @join__field(graph: A) @join__field(graph: C)
  category: Category
}
type Category @join__type(graph: A) @join__type(graph: B) @join__type(graph: C, key: "id") {
  id: ID @join__field(graph: B) @join__field(graph: C)
  details: Details @join__field(graph: A) @join__field(graph: C)
}
type Details @join__type(graph: A) @join__type(graph: C) {
  notes: Int @join__field(graph: A)
  products: Int @join__field(graph: C)
}
"""


def test_what_has_no_key_is_reached_through_its_parent() -> None:
    assert plan_of(PRODUCTS, "{ products { category { details { notes products } } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      products {
        category {
          details {
            notes
          }
        }
        id
        pid
      }
    }
  }
  Fetch c {
    $representations: products { __typename: Product, id, pid }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Product {
          category {
            details {
              products
            }
          }
        }
      }
    }
  }
}\
""")


def test_the_parent_is_entered_once_for_all_that_is_missing_below() -> None:
    assert plan_of(PRODUCTS, "{ products { category { id details { products } } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      products {
        id
        pid
      }
    }
  }
  Fetch c {
    $representations: products { __typename: Product, id, pid }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Product {
          category {
            id
            details {
              products
            }
          }
        }
      }
    }
  }
}\
""")
