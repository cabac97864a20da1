"""GraphiQL's first tabs are operations that this hospital can really run."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse, validate

from hospital.tabs import TABS, tabs_of
from hospital.web import SUPERGRAPH
from router.entrypoints.graphiql.page import read_tabs
from router.supergraph import read_supergraph


@pytest.mark.parametrize("path", sorted(TABS.glob("*.graphql")), ids=lambda path: path.stem)
def test_a_tab_fits_the_schema(path: Path):
    schema = read_supergraph(SUPERGRAPH.read_text()).public_schema
    assert validate(schema, parse(path.read_text())) == []


def test_the_variables_are_those_of_the_operations_and_fit_the_day():
    today = date(2026, 3, 2)
    with tabs_of(today) as folder:
        tabs = read_tabs(folder)
    assert len(tabs) == len(list(TABS.glob("*.graphql"))) >= 4
    for tab in tabs:
        operations = [node for node in parse(tab.query).definitions if isinstance(node, OperationDefinitionNode)]
        declared = {variable.variable.name.value for node in operations for variable in node.variable_definitions or ()}
        assert tab.variables.keys() <= declared
    days = {tab.variables[name] for tab in tabs for name in ("from", "to") if name in tab.variables}
    assert days == {str(today), str(today + timedelta(days=7))}
