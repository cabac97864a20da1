from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

ANIMALS = """
type Query @join__type(graph: A) @join__type(graph: B) {
  zoo: Zoo @join__field(graph: A)
  fed: Zoo @join__field(graph: A, provides: "animals { name }")
  dogs: Zoo @join__field(graph: A, provides: "animals { ... on Dog { name } }")
  seen: [Seen] @join__field(graph: A, provides: "... on Dog { name }")
}
type Zoo @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  animals: [Animal] @join__field(graph: A, external: true) @join__field(graph: B)
}
interface Animal @join__type(graph: A) @join__type(graph: B) { id: ID! name: String }
type Dog implements Animal @join__implements(graph: A, interface: "Animal")
  @join__implements(graph: B, interface: "Animal") @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  name: String @join__field(graph: A, external: true) @join__field(graph: B)
  tricks: Int @join__field(graph: B)
}
type Cat implements Animal @join__implements(graph: A, interface: "Animal")
  @join__implements(graph: B, interface: "Animal") @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  name: String @join__field(graph: A, external: true) @join__field(graph: B)
}
union Seen @join__type(graph: A) @join__unionMember(graph: A, member: "Dog")
  @join__unionMember(graph: A, member: "Cat") = Dog | Cat
"""


def test_a_field_of_an_interface_may_be_provided_for_all_its_objects() -> None:
    assert plan_of(ANIMALS, "{ fed { animals { name } } }") == snapshot("""\
Fetch a {
  {
    fed {
      animals {
        name
      }
    }
  }
}\
""")


def test_a_field_may_be_provided_for_one_type_alone() -> None:
    assert plan_of(ANIMALS, "{ dogs { animals { name } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      dogs {
        animals {
          __typename
          ... on Dog {
            name
          }
          ... on Cat {
            id
          }
        }
      }
    }
  }
  Fetch b {
    $representations: dogs.animals|Cat { __typename: Cat, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Cat {
          name
        }
      }
    }
  }
}\
""")


def test_what_one_type_provides_is_enough_where_only_it_is_asked() -> None:
    assert plan_of(ANIMALS, "{ dogs { animals { ... on Dog { id name } } } }") == snapshot("""\
Fetch a {
  {
    dogs {
      animals {
        __typename
        ... on Dog {
          id
          name
        }
      }
    }
  }
}\
""")


def test_a_member_of_a_union_may_be_provided_with_more_than_the_others() -> None:
    assert plan_of(ANIMALS, "{ seen { ... on Dog { name } ... on Cat { name } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      seen {
        __typename
        ... on Dog {
          name
        }
        ... on Cat {
          id
        }
      }
    }
  }
  Fetch b {
    $representations: seen|Cat { __typename: Cat, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Cat {
          name
        }
      }
    }
  }
}\
""")


def test_without_provides_all_of_an_external_field_is_fetched_where_it_belongs() -> None:
    assert plan_of(ANIMALS, "{ zoo { animals { name ... on Dog { tricks } } } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      zoo {
        id
      }
    }
  }
  Fetch b {
    $representations: zoo { __typename: Zoo, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Zoo {
          animals {
            name
            __typename
            ... on Dog {
              tricks
            }
          }
        }
      }
    }
  }
}\
""")
