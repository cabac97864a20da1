from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

FEED = """
type Query @join__type(graph: A) @join__type(graph: B) {
  news: [News] @join__field(graph: A)
  old: [News] @join__field(graph: B)
  top: News
  wrapped: Wrapper
}
type Wrapper @join__type(graph: A) @join__type(graph: B) { news: News }
union News @join__type(graph: A) @join__type(graph: B) @join__unionMember(graph: A, member: "Text")
  @join__unionMember(graph: B, member: "Text") @join__unionMember(graph: A, member: "Film")
  @join__unionMember(graph: B, member: "Song") = Text | Film | Song
type Text @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  words: Int @join__field(graph: A)
  sung: Boolean @join__field(graph: B)
}
type Film @join__type(graph: A, key: "id") { id: ID! minutes: Int }
type Song @join__type(graph: B, key: "id") { id: ID! beats: Int }
"""

ALL = "{ ... on Text { words } ... on Film { minutes } ... on Song { beats } }"


def test_a_subgraph_is_asked_for_its_own_members_alone() -> None:
    assert plan_of(FEED, f"{{ news {ALL} }}") == snapshot("""\
Fetch a {
  {
    news {
      __typename
      ... on Text {
        words
      }
      ... on Film {
        minutes
      }
    }
  }
}\
""")
    assert plan_of(FEED, f"{{ old {ALL} }}") == snapshot("""\
Sequence {
  Fetch b {
    {
      old {
        __typename
        ... on Song {
          beats
        }
        ... on Text {
          id
        }
      }
    }
  }
  Fetch a {
    $representations: old|Text { __typename: Text, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Text {
          words
        }
      }
    }
  }
}\
""")


def test_of_a_shared_field_only_what_all_its_subgraphs_know_is_asked() -> None:
    assert plan_of(FEED, f"{{ top {ALL} }}") == snapshot("""\
Fetch a {
  {
    top {
      __typename
      ... on Text {
        words
      }
    }
  }
}\
""")


def test_members_are_completed_from_elsewhere_by_type() -> None:
    assert plan_of(FEED, "{ news { ... on Text { words sung } ... on Film { minutes } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      news {
        __typename
        ... on Text {
          words
          id
        }
        ... on Film {
          minutes
        }
      }
    }
  }
  Fetch b {
    $representations: news|Text { __typename: Text, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Text {
          sung
        }
      }
    }
  }
}\
""")


def test_a_member_that_cannot_be_there_is_no_request() -> None:
    assert plan_of(FEED, "{ news { __typename ... on Song { beats } } }") == snapshot("""\
Fetch a {
  {
    news {
      __typename
    }
  }
}\
""")


def test_below_a_shared_object_it_is_the_same() -> None:
    assert plan_of(FEED, f"{{ wrapped {{ news {ALL} }} }}") == snapshot("""\
Fetch a {
  {
    wrapped {
      news {
        __typename
        ... on Text {
          words
        }
      }
    }
  }
}\
""")
