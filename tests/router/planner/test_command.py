from pathlib import Path

import pytest
from inline_snapshot import snapshot

from router.planner.__main__ import main
from tests.router.planner.plans import JOIN

TYPES = """
type Query @join__type(graph: A) @join__type(graph: B) { patient: Patient @join__field(graph: A) }
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  age: Int @join__field(graph: B)
}
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    supergraph, operation = tmp_path / "supergraph.graphql", tmp_path / "operation.graphql"
    supergraph.write_text(JOIN % "" + TYPES)
    operation.write_text("query($x: Boolean!) { who: patient { age @include(if: $x) } }")
    return ["--supergraph", str(supergraph), "--operation-file", str(operation)]


def test_it_prints_every_stage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out == snapshot("""\
# Normalised operation
who: patient
  age if $x

# Walk
-> 1 Query/a
  who
    Patient/a
      id for 1
    -> 1 Patient/b by id if $x
      age

# Fetch graph
0 a
  Query at the root
1 b after 0
  Patient at who if $x

# Plan
Sequence {
  Fetch a {
    query ($x: Boolean!) {
      who: patient {
        ... @include(if: $x) {
          id
        }
      }
    }
  }
  Condition if $x {
    Fetch b {
      $representations: who { __typename: Patient, id } if $x
      query ($representations: [_Any!]!) {
        _entities(representations: $representations) {
          ... on Patient {
            age
          }
        }
      }
    }
  }
}
""")


def test_it_says_why_an_operation_cannot_be_planned(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(arguments[-1]).write_text("{ nothing }")

    assert main(arguments) == 1
    assert "Cannot query field 'nothing'" in capsys.readouterr().err
