from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

POSTS = """
type Query @join__type(graph: A) @join__type(graph: B) { post: Post @join__field(graph: A) }
type Post @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! @join__field(graph: A, usedOverridden: true) @join__field(graph: B, override: "a")
  moved: Int @join__field(graph: B, override: "a")
  used: Int @join__field(graph: A, usedOverridden: true) @join__field(graph: B, override: "a")
  moving: Int @join__field(graph: A, overrideLabel: "percent(20)")
    @join__field(graph: B, override: "a", overrideLabel: "percent(20)")
}
"""


def test_an_overridden_field_is_asked_where_it_went() -> None:
    assert plan_of(POSTS, "{ post { moved used } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      post {
        id
      }
    }
  }
  Fetch b {
    $representations: post { __typename: Post, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          moved
          used
        }
      }
    }
  }
}\
""")


def test_a_progressive_override_stays_where_it_was_without_its_label() -> None:
    assert plan_of(POSTS, "{ post { moving } }") == snapshot("""\
Fetch a {
  {
    post {
      moving
    }
  }
}\
""")


def test_a_progressive_override_goes_where_its_label_says() -> None:
    assert plan_of(POSTS, "{ post { moving } }", frozenset({"percent(20)"})) == snapshot("""\
Sequence {
  Fetch a {
    {
      post {
        id
      }
    }
  }
  Fetch b {
    $representations: post { __typename: Post, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          moving
        }
      }
    }
  }
}\
""")
