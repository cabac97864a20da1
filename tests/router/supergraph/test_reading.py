import pytest

from router.supergraph import SupergraphError, read_supergraph
from router.supergraph.model import Authenticated, Key, Policies, Scopes, SubgraphField
from tests.router.planner.plans import JOIN

FIRST_JOIN = """
schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") {
  query: Query
}
directive @core(feature: String!) repeatable on SCHEMA
directive @join__owner(graph: join__Graph!) on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: String) repeatable on OBJECT | INTERFACE
directive @join__field(graph: join__Graph, requires: String, provides: String) on FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
enum join__Graph {
  PEOPLE @join__graph(name: "people", url: "http://people")
  VISITS @join__graph(name: "visits", url: "http://visits")
}
interface Named { name: String }
type Query { me: Person @join__field(graph: PEOPLE) }
type Person implements Named @join__owner(graph: PEOPLE) @join__type(graph: PEOPLE, key: "id")
  @join__type(graph: VISITS, key: "id") {
  id: ID! @join__field(graph: PEOPLE)
  name: String @join__field(graph: PEOPLE)
  born: Int
  visits: [Visit] @join__field(graph: VISITS, requires: "name")
}
type Visit { day: String }
union Thing = Person | Visit
"""


def test_it_names_subgraphs_as_they_were_named() -> None:
    subgraphs = read_supergraph(FIRST_JOIN).subgraphs

    assert [(s.name, s.url) for s in subgraphs.values()] == [("people", "http://people"), ("visits", "http://visits")]


def test_it_reads_the_first_join_specification() -> None:
    types = read_supergraph(FIRST_JOIN).types

    assert {name for name, field in types["Person", "people"].fields.items() if not field.external} == {
        "id",
        "name",
        "born",
    }
    assert types["Person", "visits"].fields == {
        "id": SubgraphField("ID!"),
        "name": SubgraphField("String", external=True),
        "born": SubgraphField("Int", external=True),
        "visits": SubgraphField("[Visit]", requires="name"),
    }
    assert types["Person", "visits"].keys == (Key("id"),)
    assert set(types["Visit", "people"].fields) == set(types["Visit", "visits"].fields) == {"day"}
    assert types["Thing", "visits"].possible == ("Person", "Visit")
    assert types["Named", "people"].possible == ("Person",)


LINK = '@link(url: "https://specs.apollo.dev/link/v1.0")'


def linked(more: str) -> str:
    return (JOIN % "").replace(LINK, f"{LINK} {more}") + "type Query { a(of: Int): Int @join__field(graph: A) }"


@pytest.mark.parametrize(
    "more",
    [
        '@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)',
        '@link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)',
        '@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)',
        '@link(url: "https://specs.apollo.dev/requiresScopes/v0.1/", for: SECURITY)',
        '@core(feature: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)',
        '@link(url: "https://specs.apollo.dev/tag/v0.3")',
        '@link(url: "https://clinic.example/house/v1.0", import: ["@ward"])',
    ],
)
def test_it_reads_a_supergraph_whose_other_features_it_knows_or_need_not_know(more: str) -> None:
    assert read_supergraph(linked(more)).subgraphs


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ('@link(url: "https://specs.apollo.dev/cost/v0.1/", for: SECURITY)', "cost/v0.1"),
        ('@link(url: "https://specs.apollo.dev/connect/v0.1", for: EXECUTION)', "connect/v0.1"),
        ('@link(url: "https://specs.apollo.dev/join/v0.6", for: EXECUTION)', "join/v0.6"),
        ('@link(url: "https://specs.apollo.dev/join/v1.3", for: EXECUTION)', "join/v1.3"),
        ('@link(url: "https://clinic.example/inaccessible/v0.2", for: SECURITY)', "clinic.example"),
        ('@link(url: "https://clinic.example/policy/v0.1", for: SECURITY)', "clinic.example"),
        ('@core(feature: "https://specs.apollo.dev/context/v0.1", for: SECURITY)', "context/v0.1"),
    ],
)
def test_it_refuses_a_supergraph_that_relies_on_what_it_does_not_know(more: str, name: str) -> None:
    with pytest.raises(SupergraphError, match=f"features that this router does not have: .*{name}"):
        read_supergraph(linked(more))


def test_it_refuses_arguments_that_come_from_a_context() -> None:
    context = 'contextArguments: [{context: "a__ward", name: "of", type: "Int", selection: " { of }"}]'
    text = linked("").replace("(graph: A) }", f"(graph: A, {context}) }}")

    with pytest.raises(SupergraphError, match=r"Query\.a takes arguments from a context"):
        read_supergraph(text)


BAD = {
    "type Query {": "not valid SDL",
    "type Query { a: Int }": "no enum join__Graph",
    "enum join__Graph { A } type Query { a: Int }": "has no @join__graph",
    FIRST_JOIN.replace("VISITS, key", "GONE, key"): "Person names the subgraph GONE",
    FIRST_JOIN.replace("query: Query", "mutation: Query"): "no query type",
    FIRST_JOIN.replace("[Visit]", "[Nothing]"): "not a valid schema",
}


@pytest.mark.parametrize(("text", "reason"), BAD.items(), ids=BAD.values())
def test_it_says_what_is_wrong_with_a_supergraph(text: str, reason: str) -> None:
    with pytest.raises(SupergraphError, match=reason):
        read_supergraph(text)


GUARDED = """
directive @known on FIELD_DEFINITION | OBJECT
directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT | SCALAR | ENUM
directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION | OBJECT | SCALAR | ENUM
type Query { bed: Bed @join__field(graph: A) @known @requiresScopes(scopes: [["a", "b"], ["c"]]) }
type Bed @join__type(graph: A) @known { id: ID note: Note }
scalar Note @join__type(graph: A) @policy(policies: [["p"]])
"""
IMPORTED = """
@link(url: "https://specs.apollo.dev/authenticated/v0.1", import: [{name: "@authenticated", as: "@known"}])
"""


def test_it_reads_what_callers_need_whatever_the_directive_is_called() -> None:
    needs = read_supergraph((JOIN % "").replace(LINK, f"{LINK} {IMPORTED}") + GUARDED).needs

    assert needs == {
        "Query.bed": {Authenticated(), Scopes(frozenset({frozenset("ab"), frozenset("c")}))},
        "Bed": {Authenticated()},
        "Note": {Policies(frozenset({frozenset("p")}))},
    }


@pytest.mark.parametrize("arguments", ['(scopes: ["a"])', "(scopes: [[1]])", "", "(names: [[]])"])
def test_it_refuses_a_guard_that_it_does_not_understand(arguments: str) -> None:
    text = (JOIN % "") + f"type Query {{ bed: Int @join__field(graph: A) @requiresScopes{arguments} }}"

    with pytest.raises(SupergraphError, match=r"Query\.bed is guarded by something"):
        read_supergraph(text)
