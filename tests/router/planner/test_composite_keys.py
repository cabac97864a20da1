from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

ROOMS = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) @join__type(graph: D) {
  room: Room @join__field(graph: A)
  booked: Room @join__field(graph: C)
}
type Room @join__type(graph: A, key: "id") @join__type(graph: A, key: "house { code } number")
  @join__type(graph: B, key: "house { code } number") @join__type(graph: C, key: "id")
  @join__type(graph: D, key: "door") @join__type(graph: B, key: "door") {
  id: ID! @join__field(graph: A) @join__field(graph: C)
  house: House @join__field(graph: A) @join__field(graph: B)
  number: Int @join__field(graph: A) @join__field(graph: B)
  door: ID @join__field(graph: B) @join__field(graph: D)
  beds: Int @join__field(graph: B)
  cleaned: String @join__field(graph: C)
  lock: String @join__field(graph: D)
}
type House @join__type(graph: A) @join__type(graph: B) { code: ID! name: String @join__field(graph: A) }
"""

SHELVES = """
type Query @join__type(graph: A) @join__type(graph: B) { shelves: [Shelf] @join__field(graph: A) }
type Shelf @join__type(graph: A, key: "books { id }") @join__type(graph: B, key: "books { id }") {
  books: [Book]
  full: Boolean @join__field(graph: B)
}
type Book @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  title: String @join__field(graph: A)
  loans: Int @join__field(graph: B)
}
"""

UNRESOLVABLE = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  visit: Visit @join__field(graph: A)
}
type Visit @join__type(graph: A, key: "id") {
  id: ID!
  doctor: Doctor
}
type Doctor @join__type(graph: A, key: "id", resolvable: false) @join__type(graph: B, key: "id")
  @join__type(graph: B, key: "licence") @join__type(graph: C, key: "licence")
  @join__type(graph: C, key: "id", resolvable: false) {
  id: ID!
  licence: ID! @join__field(graph: B) @join__field(graph: C)
  name: String @join__field(graph: B)
  seen: Int @join__field(graph: C)
}
"""


def test_it_takes_the_key_that_is_at_hand() -> None:
    assert plan_of(ROOMS, "{ room { beds cleaned } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      room {
        house {
          code
        }
        number
        id
      }
    }
  }
  Parallel {
    Fetch b {
      $representations: room { __typename: Room, house { code }, number }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Room {
            beds
          }
        }
      }
    }
    Fetch c {
      $representations: room { __typename: Room, id }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Room {
            cleaned
          }
        }
      }
    }
  }
}\
""")


def test_it_changes_keys_on_the_way() -> None:
    assert plan_of(ROOMS, "{ booked { lock } }") == snapshot("""\
Sequence {
  Fetch c {
    {
      booked {
        id
      }
    }
  }
  Fetch a {
    $representations: booked { __typename: Room, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Room {
          house {
            code
          }
          number
        }
      }
    }
  }
  Fetch b {
    $representations: booked { __typename: Room, house { code }, number }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Room {
          door
        }
      }
    }
  }
  Fetch d {
    $representations: booked { __typename: Room, door }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Room {
          lock
        }
      }
    }
  }
}\
""")


def test_what_a_key_needs_and_what_is_asked_are_fetched_as_one() -> None:
    assert plan_of(ROOMS, "{ room { house { name } beds } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      room {
        house {
          name
          code
        }
        number
      }
    }
  }
  Fetch b {
    $representations: room { __typename: Room, house { code }, number }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Room {
          beds
        }
      }
    }
  }
}\
""")


def test_a_key_may_be_a_list_of_objects() -> None:
    assert plan_of(SHELVES, "{ shelves { full books { title loans } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      shelves {
        books {
          title
          id
        }
      }
    }
  }
  Fetch b {
    $representations: shelves { __typename: Shelf, books { id } }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Shelf {
          full
          books {
            loans
          }
        }
      }
    }
  }
}\
""")


def test_nothing_enters_by_a_key_that_is_not_resolved() -> None:
    assert plan_of(UNRESOLVABLE, "{ visit { doctor { seen } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      visit {
        doctor {
          id
        }
      }
    }
  }
  Fetch b {
    $representations: visit.doctor { __typename: Doctor, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Doctor {
          licence
        }
      }
    }
  }
  Fetch c {
    $representations: visit.doctor { __typename: Doctor, licence }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Doctor {
          seen
        }
      }
    }
  }
}\
""")


def test_an_unresolvable_key_is_enough_for_what_it_says_itself() -> None:
    assert plan_of(UNRESOLVABLE, "{ visit { doctor { id } } }") == snapshot("""\
Fetch a {
  {
    visit {
      doctor {
        id
      }
    }
  }
}\
""")
