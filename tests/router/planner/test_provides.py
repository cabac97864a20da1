from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

MEDIA = """
type Query @join__type(graph: A) @join__type(graph: B) {
  first: Product @join__field(graph: A)
  best: Product @join__field(graph: A, provides: "name maker { name }")
}
type Product @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  name: String @join__field(graph: A, external: true) @join__field(graph: B)
  maker: Maker @join__field(graph: A, external: true) @join__field(graph: B)
}
type Maker @join__type(graph: A) @join__type(graph: B) {
  name: String @join__field(graph: A, external: true) @join__field(graph: B)
}
"""


def test_an_external_field_is_fetched_where_it_belongs() -> None:
    assert plan_of(MEDIA, "{ first { name } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      first {
        id
      }
    }
  }
  Fetch b {
    $representations: first { __typename: Product, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Product {
          name
        }
      }
    }
  }
}\
""")


def test_what_a_field_provides_needs_no_other_request() -> None:
    assert plan_of(MEDIA, "{ best { name maker { name } } }") == snapshot("""\
Fetch a {
  {
    best {
      name
      maker {
        name
      }
    }
  }
}\
""")
