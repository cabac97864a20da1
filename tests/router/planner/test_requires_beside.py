"""A field with @requires beside others that ask for the same, or for another thing at another time."""

import pytest
from inline_snapshot import snapshot

from router.planner.branches import Branch
from router.planner.conditions import ALWAYS, Condition, variable
from router.planner.fetches import Call, Step
from router.planner.graph import Graph, Node
from router.planner.nodes import PathStep
from tests.router.planner.plans import plan_of, supergraph_of

BEDS = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) { bed: Bed @join__field(graph: A) }
type Bed @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  frame: Frame @join__field(graph: A) @join__field(graph: B, external: true)
  load: Int @join__field(graph: B, requires: "frame { width }")
  reach: Int @join__field(graph: B, requires: "frame { length }")
}
type Frame @join__type(graph: A, key: "no") @join__type(graph: B) @join__type(graph: C, key: "no") {
  no: ID! @join__field(graph: A) @join__field(graph: C)
  width: Int @join__field(graph: A) @join__field(graph: B, external: true)
  length: Int @join__field(graph: A) @join__field(graph: B, external: true)
  wood: String @join__field(graph: C)
}
"""
GRAPH = Graph(supergraph_of(BEDS))
BED = Node("Bed", "b")


def test_what_is_switched_off_is_not_fetched_of_an_object_that_is_required() -> None:
    assert plan_of(BEDS, "query ($x: Boolean!) { bed { frame @include(if: $x) { wood } load } }") == snapshot("""\
Sequence {
  Fetch a {
    query ($x: Boolean!) {
      bed {
        frame {
          ... @include(if: $x) {
            no
          }
          width
        }
        id
      }
    }
  }
  Parallel {
    Fetch b {
      $representations: bed { __typename: Bed, id, frame { width } }
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Bed {
            load
          }
        }
      }
    }
    Condition if $x {
      Fetch c {
        $representations: bed.frame { __typename: Frame, no } if $x
        query ($representations: [_Any!]!) {
          _entities(representations: $representations) {
            ... on Frame {
              wood
            }
          }
        }
      }
    }
  }
}\
""")


def step(number: int, requiring: str, condition: Condition = ALWAYS) -> Step:
    edge = GRAPH.edge(BED, requiring)
    assert edge is not None
    call = Call((PathStep("bed"),), Branch(BED, GRAPH), GRAPH.moves("Bed")[1].key, edge.requires, condition=condition)
    return Step(number, "b", "query", [call])


def test_calls_that_become_one_send_all_that_each_requires_of_a_field() -> None:
    joined = step(0, "load")

    joined.take(step(1, "reach"))

    assert len(joined.calls) == 1
    assert [(field.key, [below.key for below in field.children]) for field in joined.calls[0].requires] == [
        ("frame", ["width", "length"])
    ]


@pytest.mark.parametrize(("requiring", "calls"), [("reach", 2), ("id", 1)])
def test_what_is_required_at_another_time_is_sent_apart(requiring: str, calls: int) -> None:
    joined = step(0, "id")

    joined.take(step(1, requiring, variable("x", value=True)))

    assert len(joined.calls) == calls
