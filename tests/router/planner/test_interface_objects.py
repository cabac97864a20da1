from inline_snapshot import snapshot

from tests.router.planner.plans import plan_of

ACCOUNTS = """
type Query @join__type(graph: A) @join__type(graph: B) {
  accounts: [Account] @join__field(graph: A)
  holders: [Account] @join__field(graph: B)
}
interface Account @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true) {
  id: ID!
  name: String @join__field(graph: A)
  balance: Int @join__field(graph: B)
  spent(year: Int): Int @join__field(graph: B)
  rating: Int @join__field(graph: B, requires: "name")
}
type Admin implements Account @join__implements(graph: A, interface: "Account") @join__type(graph: A, key: "id") {
  id: ID!
  name: String
  rights: Int
  balance: Int @join__field
  spent(year: Int): Int @join__field
  rating: Int @join__field
}
type User implements Account @join__implements(graph: A, interface: "Account") @join__type(graph: A, key: "id") {
  id: ID!
  name: String
  balance: Int @join__field
  spent(year: Int): Int @join__field
  rating: Int @join__field
}
"""


def test_an_interface_object_adds_fields_to_all_objects() -> None:
    assert plan_of(ACCOUNTS, "{ accounts { name balance } }") == snapshot("""\
Sequence {
  Fetch a {
    {
      accounts {
        __typename
        name
        ... on Admin {
          id
        }
        ... on User {
          id
        }
      }
    }
  }
  Fetch b {
    $representations: accounts|Admin { __typename: Account, id }
    $representations: accounts|User { __typename: Account, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Account {
          balance
        }
      }
    }
  }
}\
""")


def test_it_learns_the_type_where_the_interface_is_known() -> None:
    assert plan_of(ACCOUNTS, "{ holders { __typename balance } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      holders {
        balance
        id
      }
    }
  }
  Fetch a {
    $representations: holders { __typename: Account, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Account {
          __typename
        }
      }
    }
  }
}\
""")


def test_it_reaches_an_objects_own_fields_by_the_interfaces_key() -> None:
    assert plan_of(ACCOUNTS, "{ holders { balance ... on Admin { rights } } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      holders {
        balance
        id
      }
    }
  }
  Fetch a {
    $representations: holders { __typename: Account, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Account {
          __typename
          ... on Admin {
            rights
          }
        }
      }
    }
  }
}\
""")


def test_an_interface_object_may_require_fields_of_the_interface() -> None:
    assert plan_of(ACCOUNTS, "{ holders { rating } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      holders {
        id
      }
    }
  }
  Fetch a {
    $representations: holders { __typename: Account, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Account {
          name
        }
      }
    }
  }
  Fetch b {
    $representations: holders { __typename: Account, id, name }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Account {
          rating
        }
      }
    }
  }
}\
""")


def test_one_key_of_two_meanings_is_asked_once_the_type_is_known() -> None:
    query = "{ holders { ... on Admin { x: spent(year: 1) } ... on User { x: spent(year: 2) } } }"
    assert plan_of(ACCOUNTS, query) == snapshot("""\
Sequence {
  Fetch b {
    {
      holders {
        id
      }
    }
  }
  Fetch a {
    $representations: holders { __typename: Account, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Account {
          __typename
          ... on Admin {
            id
          }
          ... on User {
            id
          }
        }
      }
    }
  }
  Fetch b {
    $representations0: holders|Admin { __typename: Account, id }
    $representations1: holders|User { __typename: Account, id }
    query ($representations0: [_Any!]!, $representations1: [_Any!]!) {
      _e0: _entities(representations: $representations0) {
        ... on Account {
          x: spent(year: 1)
        }
      }
      _e1: _entities(representations: $representations1) {
        ... on Account {
          x: spent(year: 2)
        }
      }
    }
  }
}\
""")


def test_a_field_of_one_type_is_asked_of_no_other() -> None:
    assert plan_of(ACCOUNTS, "{ holders { id ... on Admin { id balance } } }") == snapshot("""\
Sequence {
  Fetch b {
    {
      holders {
        id
      }
    }
  }
  Fetch a {
    $representations: holders { __typename: Account, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Account {
          __typename
          ... on Admin {
            id
          }
        }
      }
    }
  }
  Fetch b {
    $representations: holders|Admin { __typename: Account, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Account {
          balance
        }
      }
    }
  }
}\
""")


def test_what_an_interface_object_calls_its_type_is_not_taken_for_it() -> None:
    assert plan_of(ACCOUNTS, "{ holders { balance @skip(if: true) } }") == snapshot("""\
Fetch b {
  {
    holders {
      _qp_type: __typename
    }
  }
}\
""")


def test_the_type_that_its_way_on_needs_is_fetched_though_the_client_skips_it() -> None:
    query = "query ($shown: Boolean!) { accounts { __typename @include(if: $shown) balance } }"
    assert plan_of(ACCOUNTS, query) == snapshot("""\
Sequence {
  Fetch a {
    {
      accounts {
        __typename
        ... on Admin {
          id
        }
        ... on User {
          id
        }
      }
    }
  }
  Fetch b {
    $representations: accounts|Admin { __typename: Account, id }
    $representations: accounts|User { __typename: Account, id }
    query ($representations: [_Any!]!) {
      _entities(representations: $representations) {
        ... on Account {
          balance
        }
      }
    }
  }
}\
""")


STAFF = (
    ACCOUNTS.replace("type Query", "type Query @join__type(graph: C)")
    .replace("accounts:", "admin: Admin @join__field(graph: C)\n  accounts:")
    .replace("rights: Int", "rights: Int @join__field(graph: A)")
    .replace('interface: "Account")', 'interface: "Account") @join__type(graph: C, key: "id")', 1)
)


def test_objects_of_an_interface_are_asked_apart_from_those_of_its_types() -> None:
    assert plan_of(STAFF, "{ holders { name } admin { rights } }") == snapshot("""\
Sequence {
  Parallel {
    Fetch b {
      {
        holders {
          id
        }
      }
    }
    Fetch c {
      {
        admin {
          id
        }
      }
    }
  }
  Fetch a {
    $representations0: holders { __typename: Account, id }
    $representations1: admin { __typename: Admin, id }
    query ($representations0: [_Any!]!, $representations1: [_Any!]!) {
      _e0: _entities(representations: $representations0) {
        ... on Account {
          name
        }
      }
      _e1: _entities(representations: $representations1) {
        ... on Admin {
          rights
        }
      }
    }
  }
}\
""")


def test_what_an_interface_object_requires_it_has_not_though_the_supergraph_may_not_say_so() -> None:
    unsaid = ACCOUNTS.replace("name: String @join__field(graph: A)", "name: String")

    assert plan_of(unsaid, "{ holders { name rating } }") == plan_of(ACCOUNTS, "{ holders { name rating } }")
