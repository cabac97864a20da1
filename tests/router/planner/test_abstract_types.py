from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

MEDIA = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  media: [Media] @join__field(graph: A)
  shelf: Shelf
}
union Media @join__type(graph: A) @join__unionMember(graph: A, member: "Book")
  @join__unionMember(graph: A, member: "Film") = Book | Film
interface Titled @join__type(graph: A) @join__type(graph: B) { title: String }
type Book implements Titled @join__implements(graph: A, interface: "Titled")
  @join__implements(graph: B, interface: "Titled") @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  title: String
  pages: Int @join__field(graph: B)
  size: Int @join__field(graph: A, type: "Int!")
}
type Film implements Titled @join__implements(graph: A, interface: "Titled")
  @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  title: String @join__field(graph: A)
  pages: Int @join__field(graph: B)
  size: Int @join__field(graph: A)
}
type Shelf @join__type(graph: A) @join__type(graph: B) { first: Thing @join__field(graph: A) @join__field(graph: B) }
union Thing @join__type(graph: A) @join__type(graph: B) @join__unionMember(graph: A, member: "Book")
  @join__unionMember(graph: B, member: "Book") @join__unionMember(graph: A, member: "Film") = Book | Film
"""


def test_a_fragment_on_an_interface_becomes_its_object_types() -> None:
    assert plan_of(MEDIA, "{ media { ... on Titled { title } } }") == snapshot("""\
Fetch a {
  {
    media {
      __typename
      ... on Book {
        title
      }
      ... on Film {
        title
      }
    }
  }
}\
""")


def test_several_types_share_one_request() -> None:
    assert plan_of(MEDIA, "{ media { ... on Book { pages } ... on Film { pages } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      media {
        __typename
        ... on Book {
          id
        }
        ... on Film {
          id
        }
      }
    }
  }
  Fetch b {
    $representations: media|Book { __typename: Book, id }
    $representations: media|Film { __typename: Film, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Book {
          pages
        }
        ... on Film {
          pages
        }
      }
    }
  }
}\
""")


def test_fields_of_one_key_and_two_shapes_are_asked_under_an_alias() -> None:
    assert plan_of(MEDIA, "{ media { ... on Book { size } ... on Film { size } } }") == snapshot("""\
Fetch a {
  {
    media {
      __typename
      ... on Book {
        size
      }
      ... on Film {
        _qp_m1_size: size
      }
    }
  }
  media._qp_m1_size -> size
}\
""")


def test_a_type_that_not_all_subgraphs_of_a_shared_field_know_is_not_asked_for() -> None:
    assert plan_of(MEDIA, "{ shelf { first { ... on Book { title } ... on Film { title } } } }") == snapshot("""\
Fetch a {
  {
    shelf {
      first {
        __typename
        ... on Book {
          title
        }
      }
    }
  }
}\
""")


def test_only_the_type_is_asked_where_nothing_else_is() -> None:
    assert plan_of(MEDIA, "{ media { __typename } }") == snapshot("""\
Fetch a {
  {
    media {
      __typename
    }
  }
}\
""")
