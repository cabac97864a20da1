from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

CIRCLE = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  feed: [Post] @join__field(graph: A)
  posts: [Post] @join__field(graph: B)
}
type Post @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  title: String @join__field(graph: A)
  a1: Int @join__field(graph: A) @join__field(graph: B, external: true)
  b1: Int @join__field(graph: B, requires: "a1") @join__field(graph: A, external: true)
  a2: Int @join__field(graph: A, requires: "b1") @join__field(graph: B, external: true)
  b2: Int @join__field(graph: B, requires: "a2") @join__field(graph: C, external: true)
  c1: Int @join__field(graph: C, requires: "b2 author { rank }")
  author: Author @join__field(graph: B, requires: "comments { by { id } }") @join__field(graph: C, external: true)
  comments: [Comment] @join__field(graph: A) @join__field(graph: B, external: true)
}
type Comment @join__type(graph: A) @join__type(graph: B) { by: Author text: String @join__field(graph: A) }
type Author @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  rank: Int @join__field(graph: A, requires: "posts { id }") @join__field(graph: C, external: true)
  posts: [Post] @join__field(graph: B) @join__field(graph: A, external: true)
}
"""


def test_two_subgraphs_that_require_each_others_fields_take_turns() -> None:
    assert plan_of(CIRCLE, "{ feed { b2 } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      feed {
        id
        a1
      }
    }
  }
  Fetch b {
    $representations: feed { __typename: Post, id, a1 }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          b1
        }
      }
    }
  }
  Fetch a {
    $representations: feed { __typename: Post, id, b1 }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          a2
        }
      }
    }
  }
  Fetch b {
    $representations: feed { __typename: Post, id, a2 }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          b2
        }
      }
    }
  }
}\
""")


def test_steps_on_the_way_that_are_asked_too_cost_nothing_more() -> None:
    assert plan_of(CIRCLE, "{ feed { title a1 b1 a2 b2 } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      feed {
        title
        a1
        id
      }
    }
  }
  Fetch b {
    $representations: feed { __typename: Post, id, a1 }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          b1
        }
      }
    }
  }
  Fetch a {
    $representations: feed { __typename: Post, id, b1 }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          a2
        }
      }
    }
  }
  Fetch b {
    $representations: feed { __typename: Post, id, a2 }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          b2
        }
      }
    }
  }
}\
""")


def test_what_requires_is_reached_from_where_the_chain_begins_elsewhere() -> None:
    assert plan_of(CIRCLE, "{ posts { a2 } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      posts {
        id
      }
    }
  }
  Fetch a {
    $representations: posts { __typename: Post, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          a1
        }
      }
    }
  }
  Fetch b {
    $representations: posts { __typename: Post, id, a1 }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          b1
        }
      }
    }
  }
  Fetch a {
    $representations: posts { __typename: Post, id, b1 }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          a2
        }
      }
    }
  }
}\
""")


def test_requirements_of_requirements_below_lists_come_in_order() -> None:
    assert plan_of(CIRCLE, "{ feed { author { rank } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      feed {
        id
        comments {
          by {
            id
          }
        }
      }
    }
  }
  Fetch b {
    $representations: feed { __typename: Post, id, comments { by { id } } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          author {
            id
            posts {
              id
            }
          }
        }
      }
    }
  }
  Fetch a {
    $representations: feed.author { __typename: Author, id, posts { id } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Author {
          rank
        }
      }
    }
  }
}\
""")


def test_a_field_waits_for_all_it_requires() -> None:
    assert plan_of(CIRCLE, "{ feed { c1 } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      feed {
        id
        a1
        comments {
          by {
            id
          }
        }
      }
    }
  }
  Fetch b {
    $representations: feed { __typename: Post, id, a1, comments { by { id } } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          b1
          author {
            id
            posts {
              id
            }
          }
        }
      }
    }
  }
  Fetch a {
    $representations: feed { __typename: Post, id, b1 }
    $representations: feed.author { __typename: Author, id, posts { id } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          a2
        }
        ... on Author {
          rank
        }
      }
    }
  }
  Fetch b {
    $representations: feed { __typename: Post, id, a2 }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          b2
        }
      }
    }
  }
  Fetch c {
    $representations: feed { __typename: Post, id, b2, author { rank } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Post {
          c1
        }
      }
    }
  }
}\
""")
