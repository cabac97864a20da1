"""GraphiQL's first tabs are operations that this hospital can really run."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from graphql import OperationDefinitionNode, parse, validate

from hospital.supergraph import SUPERGRAPH
from hospital.tabs import TABS, tabs_of
from router.entrypoints.graphiql.page import read_tabs
from router.supergraph import read_supergraph

EDITOR_CHARACTERS = 49
"""What is seen without scrolling where the window is 1,300 pixels wide."""
MIDNIGHT = "2026-03-08T00:00:00-05:00"
NOON = datetime(2026, 3, 8, 12, tzinfo=ZoneInfo("America/New_York"))


@pytest.mark.parametrize("path", sorted(TABS.glob("*.graphql")), ids=lambda path: path.stem)
def test_a_tab_fits_the_schema(path: Path):
    schema = read_supergraph(SUPERGRAPH.read_text()).public_schema
    assert validate(schema, parse(path.read_text())) == []


@pytest.mark.parametrize("path", sorted(TABS.glob("*.graphql")), ids=lambda path: path.stem)
def test_a_tab_is_no_wider_than_the_editor_of_a_small_window(path: Path):
    assert max(map(len, path.read_text().splitlines())) <= EDITOR_CHARACTERS


def test_the_variables_are_those_of_the_operations():
    with tabs_of(NOON) as folder:
        tabs = read_tabs(folder)
    assert len(tabs) == len(list(TABS.glob("*.graphql")))
    for tab in tabs:
        operations = [node for node in parse(tab.query).definitions if isinstance(node, OperationDefinitionNode)]
        declared = {variable.variable.name.value for node in operations for variable in node.variable_definitions or ()}
        assert tab.variables.keys() == declared


def test_the_days_are_those_of_the_hospital():
    """Midnight there, by the clock that was put forward on the day itself."""
    with tabs_of(NOON) as folder:
        found = {path.stem: json.loads(path.read_text())["variables"] for path in folder.glob("*.json")}
    assert (found["02-find-a-doctor"]["from"], found["02-find-a-doctor"]["to"]) == ("2026-03-08", "2026-03-15")
    assert (found["08-billing"]["from"], found["08-billing"]["to"]) == ("2026-02-06", "2026-03-08")
    for tab in ("05-accept", "06-front-desk", "07-treat"):
        assert (found[tab]["from"], found[tab]["to"]) == (MIDNIGHT, "2026-03-16T00:00:00-04:00")
