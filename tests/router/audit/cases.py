"""The federation audit as data: groups of cases, each with a query and what must come of it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import DocumentNode, GraphQLError, parse, validate

from router.executor import execute
from router.planner import Planner, PlanningError
from router.supergraph import Supergraph
from router.transports.base import Transport

HERE = Path(__file__).parent
EXCHANGES = HERE / "exchanges.json.gz"
BESIDE_THE_REPOSITORY = HERE.parents[3] / "shared" / "federation-audit"


def data_folder() -> Path:
    return Path(os.environ.get("HOSPITAL_TEST_FEDERATION_AUDIT") or BESIDE_THE_REPOSITORY)


@dataclass(frozen=True)
class Case:
    group: str
    number: int
    query: str
    expected: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.group}-{self.number}"


def read_cases(folder: Path) -> list[Case]:
    return [
        Case(group.name, number, case["query"], case["expected"])
        for group in sorted(folder.iterdir())
        if (group / "cases.json").exists()
        for number, case in enumerate(json.loads((group / "cases.json").read_text()))
    ]


async def answer(supergraph: Supergraph, query: str, transport: Transport) -> dict[str, Any]:
    """What the router would answer: refused if not valid, else planned and run."""
    document = parse(query)
    refused = _refusal(supergraph, document)
    if refused:
        return refused
    try:
        plan = Planner(supergraph).plan(document, None)
    except PlanningError as error:
        return {"data": None, "errors": [{"message": str(error)}]}
    return await execute(plan, {}, transport)


def _refusal(supergraph: Supergraph, document: DocumentNode) -> dict[str, Any] | None:
    errors: list[GraphQLError] = validate(supergraph.public_schema, document)
    return {"data": None, "errors": [error.formatted for error in errors]} if errors else None


def passes(case: Case, given: dict[str, Any]) -> bool:
    stated = case.expected.get("errors")
    if stated is not None and bool(given.get("errors")) is not bool(stated):
        return False
    return given.get("data") == case.expected.get("data")
