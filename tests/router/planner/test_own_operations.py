"""The operations of the hospital's own screens, over its own supergraph."""

import time
from pathlib import Path

import pytest
from graphql import DocumentNode, OperationDefinitionNode, parse

from router.planner import Planner
from router.supergraph import Supergraph, read_supergraph

ROOT = Path(__file__).parents[3]
TABS = sorted((ROOT / "hospital" / "graphiql").glob("*.graphql"))
MOST_MILLISECONDS = 20


def supergraph() -> Supergraph:
    return read_supergraph((ROOT / "schema" / "supergraph.graphql").read_text())


def cost_ms(planner: Planner, document: DocumentNode) -> float:
    began = time.thread_time()
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            planner.plan(document, node.name.value if node.name else None)
    return (time.thread_time() - began) * 1_000


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.stem)
def test_a_screen_is_planned_in_twenty_milliseconds(tab: Path) -> None:
    whole, document = supergraph(), parse(tab.read_text())

    assert min(cost_ms(Planner(whole), document) for _ in range(3)) < MOST_MILLISECONDS
