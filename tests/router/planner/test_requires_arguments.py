from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

PRICES = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  products: [Product] @join__field(graph: A)
}
type Product @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  price(currency: String, net: Boolean = false): Int @join__field(graph: A) @join__field(graph: B, external: true)
    @join__field(graph: C, external: true)
  tags(first: Int): [Tag] @join__field(graph: A) @join__field(graph: B, external: true)
  shipping: Int @join__field(graph: B, requires: "price(currency: \\"EUR\\")")
  customs: Int
    @join__field(graph: B, requires: "price(currency: \\"USD\\", net: true) tags(first: 1) { word(upper: true) }")
  tax: Int @join__field(graph: C, requires: "price(currency: \\"EUR\\")")
  total: Int @join__field(graph: C, requires: "price(currency: \\"USD\\")")
}
type Tag @join__type(graph: A) @join__type(graph: B) {
  word(upper: Boolean): String @join__field(graph: A) @join__field(graph: B, external: true)
}
"""


def test_equal_arguments_of_two_subgraphs_are_fetched_once() -> None:
    assert plan_of(PRICES, "{ products { shipping tax } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      products {
        id
        _qp_5608dd58_price: price(currency: "EUR")
      }
    }
  }
  Parallel {
    Fetch b {
      $representations: products { __typename: Product, id, price }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Product {
            shipping
          }
        }
      }
    }
    Fetch c {
      $representations: products { __typename: Product, id, price }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Product {
            tax
          }
        }
      }
    }
  }
}\
""")


def test_conflicting_arguments_are_fetched_apart_and_sent_apart() -> None:
    assert plan_of(PRICES, "{ products { tax total } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      products {
        id
        _qp_5608dd58_price: price(currency: "EUR")
        _qp_0b28cac4_price: price(currency: "USD")
      }
    }
  }
  Fetch c {
    $representations0: products { __typename: Product, id, price }
    $representations1: products { __typename: Product, id, price }
    query ($representations0: [_Any!]!, $representations1: [_Any!]!) {
      _e0: _entities(representations: $representations0) {
        ... on Product {
          tax
        }
      }
      _e1: _entities(representations: $representations1) {
        ... on Product {
          total
        }
      }
    }
  }
}\
""")


def test_arguments_may_stand_at_any_depth() -> None:
    assert plan_of(PRICES, "{ products { customs } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      products {
        id
        _qp_500fa719_price: price(currency: "USD", net: true)
        _qp_86fa5175_tags: tags(first: 1) {
          _qp_64d3d194_word: word(upper: true)
        }
      }
    }
  }
  Fetch b {
    $representations: products { __typename: Product, id, price, tags { word } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Product {
          customs
        }
      }
    }
  }
}\
""")


def test_a_client_may_alias_the_required_field_with_arguments_of_its_own() -> None:
    query = 'query($c: String) { products { price: price(currency: $c) tax: price(currency: "EUR") mine: tax } }'
    assert plan_of(PRICES, query) == snapshot("""\
Sequence {
  Fetch a {
    query ($c: String) {
      products {
        _qp_c_price: price(currency: $c)
        tax: price(currency: "EUR")
        id
        _qp_5608dd58_price: price(currency: "EUR")
      }
    }
  }
  Fetch c {
    $representations: products { __typename: Product, id, price }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Product {
          mine: tax
        }
      }
    }
  }
}\
""")
