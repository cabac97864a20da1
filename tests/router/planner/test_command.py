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
  name: String @join__field(graph: A, overrideLabel: "moving")
    @join__field(graph: B, override: "a", overrideLabel: "moving")
}
"""


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    supergraph, operation = tmp_path / "supergraph.graphql", tmp_path / "operation.graphql"
    supergraph.write_text(JOIN % "" + TYPES)
    operation.write_text("query($x: Boolean!) { who: patient { age @include(if: $x) } }")
    return ["--supergraph", str(supergraph), "--operation", str(operation)]


def test_it_prints_every_stage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out == snapshot("""\
# Normalised operation
who: patient
  age if $x

# Walk, 1,000 for a request and 1 for a field
Query costs 2,003
-> 1 Query/a
  who
    Patient/a costs 1,002
      id for 1
    -> 1 Patient/b by id if $x
      age

# Fetch graph
0 a
  Query at the root
1 b after 0
  Patient at who by id if $x

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


def test_labels_that_hold_can_be_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path(arguments[-1]).write_text("{ patient { name } }")

    assert main(arguments) == 0
    without = capsys.readouterr().out
    assert main([*arguments, "--label", "moving"]) == 0
    assert "Fetch b" not in without
    assert "Fetch b" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{ nothing }", "Line 1, column 3: Cannot query field 'nothing' on type 'Query'.\n"),
        ("{\n  patient {", "Line 2, column 12: Syntax Error: Expected Name, found <EOF>.\n"),
        ("query A { patient { age } } query B { patient { age } }", "several operations: name one.\n"),
    ],
)
def test_it_says_in_a_line_why_an_operation_is_not_planned(
    text: str, said: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path(arguments[-1]).write_text(text)

    assert main(arguments) == 1
    told = capsys.readouterr().err
    assert told.endswith(said)
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--label", "moved"], "The supergraph has no label moved. Its labels: moving.\n"),
        (["--operation", "/nowhere/a.graphql"], "/nowhere/a.graphql cannot be read: No such file or directory\n"),
        (["--operation-name", "Other"], "The document has no operation named Other.\n"),
        (["--supergraph", __file__], "The supergraph is not valid SDL: Syntax Error"),
    ],
)
def test_it_says_in_a_line_what_is_wrong_with_what_it_was_given(
    more: list[str], said: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *more]) == 1
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert told.count("\n") == 1
