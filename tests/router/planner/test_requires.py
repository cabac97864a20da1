from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

PRODUCTS = """
type Query @join__type(graph: A) @join__type(graph: B) { products: [Product] @join__field(graph: B) }
type Product @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  weight: Int @join__field(graph: A, external: true) @join__field(graph: B)
  price(currency: String!): Int @join__field(graph: A, external: true) @join__field(graph: B)
  shipping: Int @join__field(graph: A, requires: "weight")
  dollars: Int @join__field(graph: A, requires: "price(currency: \\"USD\\")")
  euros: Int @join__field(graph: A, requires: "price(currency: \\"EUR\\")")
}
"""

POSTS = """
type Query @join__type(graph: A) @join__type(graph: B) { posts: [Post] @join__field(graph: A) }
type Post @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  author: Author @join__field(graph: B)
  novice: Boolean @join__field(graph: A, external: true) @join__field(graph: B, requires: "author { years }")
  expert: Boolean @join__field(graph: A, requires: "novice")
}
type Author @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  years: Int @join__field(graph: A) @join__field(graph: B, external: true)
}
"""

SHAPES = """
type Query @join__type(graph: A) @join__type(graph: B) { item: Item @join__field(graph: A) }
interface Shape @join__type(graph: A) @join__type(graph: B) { area: Int }
type Round implements Shape @join__implements(graph: A, interface: "Shape")
  @join__implements(graph: B, interface: "Shape") @join__type(graph: A) @join__type(graph: B) { area: Int radius: Int }
type Square implements Shape @join__implements(graph: A, interface: "Shape")
  @join__implements(graph: B, interface: "Shape") @join__type(graph: A) @join__type(graph: B) { area: Int side: Int }
type Item @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  shape: Shape @join__field(graph: A) @join__field(graph: B, external: true)
  label: String @join__field(graph: B, requires: "shape { area ... on Round { radius } ... on Square { side } }")
}
"""


def test_it_sends_what_a_field_requires() -> None:
    assert plan_of(PRODUCTS, "{ products { shipping } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      products {
        id
        weight
      }
    }
  }
  Fetch a {
    $representations: products { __typename: Product, id, weight }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Product {
          shipping
        }
      }
    }
  }
}\
""")


def test_requirements_with_other_arguments_are_sent_apart() -> None:
    assert plan_of(PRODUCTS, "{ products { dollars euros } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      products {
        id
        _qp_0b28cac4_price: price(currency: "USD")
        _qp_5608dd58_price: price(currency: "EUR")
      }
    }
  }
  Fetch a {
    $representations0: products { __typename: Product, id, price }
    $representations1: products { __typename: Product, id, price }
    query ($representations0: [_Any!]!, $representations1: [_Any!]!) {
      _e0: _entities(representations: $representations0) {
        ... on Product {
          dollars
        }
      }
      _e1: _entities(representations: $representations1) {
        ... on Product {
          euros
        }
      }
    }
  }
}\
""")


def test_a_clients_arguments_do_not_stand_in_for_those_required() -> None:
    query = "query($c: String!) { products { price(currency: $c) dollars } }"
    assert plan_of(PRODUCTS, query) == snapshot("""\
Sequence {
  Fetch b {
    query ($c: String!) {
      products {
        _qp_c_price: price(currency: $c)
        id
        _qp_0b28cac4_price: price(currency: "USD")
      }
    }
  }
  Fetch a {
    $representations: products { __typename: Product, id, price }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Product {
          dollars
        }
      }
    }
  }
}\
""")


def test_a_requirement_may_require_in_its_turn() -> None:
    assert plan_of(POSTS, "{ posts { expert } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      posts {
        id
      }
    }
  }
  Fetch b {
    $representations: posts { __typename: Post, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          author {
            id
          }
        }
      }
    }
  }
  Fetch a {
    $representations: posts.author { __typename: Author, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Author {
          years
        }
      }
    }
  }
  Fetch b {
    $representations: posts { __typename: Post, id, author { years } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          novice
        }
      }
    }
  }
  Fetch a {
    $representations: posts { __typename: Post, id, novice }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          expert
        }
      }
    }
  }
}\
""")


def test_a_requirement_may_depend_on_the_type() -> None:
    assert plan_of(SHAPES, "{ item { label } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      item {
        id
        shape {
          area
          __typename
          ... on Round {
            radius
          }
          ... on Square {
            side
          }
        }
      }
    }
  }
  Fetch b {
    $representations: item { __typename: Item, id, shape { area, Round.radius, Square.side, __typename } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Item {
          label
        }
      }
    }
  }
}\
""")
