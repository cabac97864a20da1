"""GraphiQL's first tabs as GraphiQL sends them: the whole document, the operation's name, all variables of the tab."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graphql import OperationDefinitionNode, parse

from hospital.tabs import tabs_of
from router.entrypoints.graphiql.page import Tab, read_tabs


@dataclass
class Tabs:
    """By operation, its tab; in the order of the tabs. `asked` are the operations that were asked for, in order."""

    by_operation: dict[str, Tab]
    asked: list[str] = field(default_factory=list)

    def request(self, operation: str, **filled: Any) -> dict[str, Any]:
        """What is sent when the values have been written into the variables of the tab; a trailing `_` is not sent."""
        tab, values = self.by_operation[operation], {name.rstrip("_"): value for name, value in filled.items()}
        assert values.keys() <= tab.variables.keys(), f"{operation} has no place for all of {sorted(values)}"
        self.asked.append(operation)
        return {"query": tab.query, "operationName": operation, "variables": tab.variables | values}


def tabs_on(now: datetime) -> Tabs:
    with tabs_of(now) as folder:
        return Tabs({name: tab for tab in read_tabs(folder) for name in operations_in(tab)})


def operations_in(tab: Tab) -> list[str]:
    nodes = parse(tab.query).definitions
    return [node.name.value for node in nodes if isinstance(node, OperationDefinitionNode) and node.name]
