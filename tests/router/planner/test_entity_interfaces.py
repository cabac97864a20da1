from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

MEDIA = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  media: [Media] @join__field(graph: A)
  book: Book @join__field(graph: A)
  loaned: [Media] @join__field(graph: B)
  rated: [Media] @join__field(graph: C)
}
interface Media @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true)
  @join__type(graph: C, key: "id", isInterfaceObject: true) {
  id: ID!
  title: String @join__field(graph: A)
  loans: [Loan] @join__field(graph: B)
  stars: Int @join__field(graph: C)
  advice: String @join__field(graph: C, requires: "title")
}
type Book implements Media @join__implements(graph: A, interface: "Media")
  @join__type(graph: A, key: "id") @join__type(graph: D, key: "id") {
  id: ID!
  title: String @join__field(graph: A)
  pages: Int @join__field(graph: A)
  cover: String @join__field(graph: D)
  loans: [Loan] @join__field
  stars: Int @join__field
  advice: String @join__field
}
type Film implements Media @join__implements(graph: A, interface: "Media") @join__type(graph: A, key: "id") {
  id: ID!
  title: String
  minutes: Int
  loans: [Loan] @join__field
  stars: Int @join__field
  advice: String @join__field
}
type Loan @join__type(graph: B) { media: Media day: String }
"""


def test_an_object_is_sent_under_the_interfaces_name_to_an_interface_object() -> None:
    assert plan_of(MEDIA, "{ book { pages loans { day } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      book {
        pages
        id
      }
    }
  }
  Fetch b {
    $representations: book { __typename: Media, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Media {
          loans {
            day
          }
        }
      }
    }
  }
}\
""")


def test_two_interface_objects_complete_one_another_by_the_interfaces_key() -> None:
    assert plan_of(MEDIA, "{ loaned { stars } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      loaned {
        id
      }
    }
  }
  Fetch c {
    $representations: loaned { __typename: Media, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Media {
          stars
        }
      }
    }
  }
}\
""")


def test_from_an_interface_object_an_objects_own_field_leads_through_who_knows_the_type() -> None:
    assert plan_of(MEDIA, "{ loaned { ... on Book { cover } } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      loaned {
        id
      }
    }
  }
  Fetch a {
    $representations: loaned { __typename: Media, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Media {
          __typename
          ... on Book {
            id
          }
        }
      }
    }
  }
  Fetch d {
    $representations: loaned|Book { __typename: Book, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Book {
          cover
        }
      }
    }
  }
}\
""")


def test_the_type_alone_is_asked_of_who_knows_it() -> None:
    assert plan_of(MEDIA, "{ loaned { __typename stars } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      loaned {
        id
      }
    }
  }
  Parallel {
    Fetch a {
      $representations: loaned { __typename: Media, id }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Media {
            __typename
          }
        }
      }
    }
    Fetch c {
      $representations: loaned { __typename: Media, id }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Media {
            stars
          }
        }
      }
    }
  }
}\
""")


def test_a_fragment_on_one_type_guards_the_fields_of_an_interface_object() -> None:
    assert plan_of(MEDIA, "{ loaned { ... on Film { loans { day } } } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      loaned {
        id
      }
    }
  }
  Fetch a {
    $representations: loaned { __typename: Media, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Media {
          __typename
          ... on Film {
            id
          }
        }
      }
    }
  }
  Fetch b {
    $representations: loaned|Film { __typename: Media, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Media {
          loans {
            day
          }
        }
      }
    }
  }
}\
""")


def test_objects_of_all_types_share_a_request_to_an_interface_object() -> None:
    query = "{ media { ... on Book { stars } ... on Film { minutes stars } } }"
    assert plan_of(MEDIA, query) == snapshot("""\
Sequence {
  Fetch a {
    {
      media {
        __typename
        ... on Film {
          minutes
          id
        }
        ... on Book {
          id
        }
      }
    }
  }
  Fetch c {
    $representations: media|Film { __typename: Media, id }
    $representations: media|Book { __typename: Media, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Media {
          stars
        }
      }
    }
  }
}\
""")


def test_there_and_back_through_an_interface_object() -> None:
    assert plan_of(MEDIA, "{ book { loans { media { title ... on Film { minutes } } } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      book {
        id
      }
    }
  }
  Fetch b {
    $representations: book { __typename: Media, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Media {
          loans {
            media {
              id
            }
          }
        }
      }
    }
  }
  Fetch a {
    $representations: book.loans.media { __typename: Media, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Media {
          title
          __typename
          ... on Film {
            minutes
          }
        }
      }
    }
  }
}\
""")


def test_what_an_interface_object_requires_comes_from_the_interface() -> None:
    assert plan_of(MEDIA, "{ rated { advice } book { advice } }") == snapshot("""\
Sequence {
  Parallel {
    Fetch c {
      {
        rated {
          id
        }
      }
    }
    Fetch a {
      {
        book {
          id
          title
        }
      }
    }
  }
  Fetch a {
    $representations: rated { __typename: Media, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Media {
          title
        }
      }
    }
  }
  Fetch c {
    $representations: rated { __typename: Media, id, title }
    $representations: book { __typename: Media, id, title }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Media {
          advice
        }
      }
    }
  }
}\
""")
