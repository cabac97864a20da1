"""What planning costs, in function calls: twice as much for an operation of twice the size."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from graphql import DocumentNode, parse

from router.planner import Planner
from tests.router.planner.plans import supergraph_of

CLINIC = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  patient: Patient @join__field(graph: A)
  found: [Found] @join__field(graph: A)
}
union Found @join__type(graph: A) @join__unionMember(graph: A, member: "Patient")
  @join__unionMember(graph: A, member: "Doctor") = Patient | Doctor
type Patient @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  name(n: Int): String @join__field(graph: A)
  owed(n: Int): Int @join__field(graph: B)
  risk(n: Int): Int @join__field(graph: C, requires: "owed")
  doctor: Doctor @join__field(graph: B)
}
type Doctor @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  owed(n: Int): Int @join__field(graph: A)
  seen: Int @join__field(graph: B)
  patient: Patient @join__field(graph: A)
}
"""


def repeated(part: str, count: int) -> str:
    return " ".join(part.replace("#", str(n)) for n in range(count))


OPERATIONS: dict[str, Callable[[int], str]] = {
    "leaves": lambda n: f"{{ patient {{ {repeated('x#: name', n)} }} }}",
    "leaves elsewhere": lambda n: f"{{ patient {{ {repeated('x#: owed(n: #)', n)} }} }}",
    "roots": lambda n: f"{{ {repeated('x#: patient { owed doctor { patient { name owed } } }', n)} }}",
    "objects": lambda n: f"{{ patient {{ {repeated('x#: doctor { owed patient { name } }', n)} }} }}",
    "requirements": lambda n: f"{{ patient {{ {repeated('x#: risk(n: #)', n)} }} }}",
    "types": lambda n: f"{{ found {{ {repeated('... on Patient { x#: owed } ... on Doctor { x#: owed }', n)} }} }}",
    "fragments": lambda n: (
        f"{{ found {{ {repeated('...F#', n)} }} }}" + repeated("fragment F# on Patient { x#: doctor { seen } }", n)
    ),
}


def calls(planner: Planner, document: DocumentNode) -> int:
    count = 0

    def counted(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counted)
    try:
        planner.plan(document, None)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_it_grows_with_the_operation_and_no_faster(operation: Callable[[int], str]) -> None:
    planner = Planner(supergraph_of(CLINIC))
    planner.plan(parse(operation(3)), None)

    half, whole = (calls(planner, parse(operation(count))) for count in (80, 160))

    assert half > 80
    assert whole < 2.2 * half
