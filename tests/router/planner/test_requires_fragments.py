from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

CASES = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) { cases: [Case] @join__field(graph: A) }
type Case @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  finding: Finding @join__field(graph: A) @join__field(graph: B, external: true)
  shown: Shown @join__field(graph: A) @join__field(graph: B, external: true)
  urgent: Boolean @join__field(graph: B, requires: "finding { ... on Image { url } ... on Value { number unit } }")
  text: String @join__field(graph: B, requires: "shown { title ... on Image { size { width } } }")
}
union Finding @join__type(graph: A) @join__type(graph: B) @join__unionMember(graph: A, member: "Image")
  @join__unionMember(graph: B, member: "Image") @join__unionMember(graph: A, member: "Value")
  @join__unionMember(graph: B, member: "Value") = Image | Value
interface Shown @join__type(graph: A) @join__type(graph: B) { title: String }
type Image implements Shown @join__implements(graph: A, interface: "Shown")
  @join__implements(graph: B, interface: "Shown") @join__type(graph: A, key: "id") @join__type(graph: B, key: "id")
  @join__type(graph: C, key: "id") {
  id: ID!
  title: String @join__field(graph: A) @join__field(graph: B, external: true)
  url: String @join__field(graph: A) @join__field(graph: B, external: true)
  size: Size @join__field(graph: C) @join__field(graph: B, external: true)
}
type Value implements Shown @join__implements(graph: A, interface: "Shown")
  @join__implements(graph: B, interface: "Shown") @join__type(graph: A) @join__type(graph: B) {
  title: String @join__field(graph: A) @join__field(graph: B, external: true)
  number: Int @join__field(graph: A) @join__field(graph: B, external: true)
  unit: String @join__field(graph: A) @join__field(graph: B, external: true)
}
type Size @join__type(graph: B) @join__type(graph: C) { width: Int }
"""


def test_each_type_of_a_union_is_sent_with_its_own_fields() -> None:
    assert plan_of(CASES, "{ cases { urgent } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      cases {
        id
        finding {
          __typename
          ... on Image {
            url
          }
          ... on Value {
            number
            unit
          }
        }
      }
    }
  }
  Fetch b {
    $representations: cases { __typename: Case, id, finding { Image.url, Value.number, Value.unit, __typename } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Case {
          urgent
        }
      }
    }
  }
}\
""")


def test_what_one_type_must_be_sent_with_may_be_fetched_elsewhere() -> None:
    assert plan_of(CASES, "{ cases { text } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      cases {
        id
        shown {
          title
          __typename
          ... on Image {
            id
          }
        }
      }
    }
  }
  Fetch c {
    $representations: cases.shown|Image { __typename: Image, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Image {
          size {
            width
          }
        }
      }
    }
  }
  Fetch b {
    $representations: cases { __typename: Case, id, shown { title, Image.size { width }, __typename } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Case {
          text
        }
      }
    }
  }
}\
""")


def test_what_the_client_asks_of_the_same_objects_stands_beside_it() -> None:
    assert plan_of(CASES, "{ cases { urgent finding { ... on Value { amount: number } } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      cases {
        finding {
          __typename
          ... on Value {
            amount: number
            number
            unit
          }
          ... on Image {
            url
          }
        }
        id
      }
    }
  }
  Fetch b {
    $representations: cases { __typename: Case, id, finding { Image.url, Value.number, Value.unit, __typename } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Case {
          urgent
        }
      }
    }
  }
}\
""")
