"""Each subgraph's part of the contract, to the letter: types, defaults, descriptions."""

from dataclasses import replace
from pathlib import Path

import pytest
from graphql import DefinitionNode, Node, parse, print_ast

from schema import generate

SCHEMA = Path(__file__).resolve().parents[2] / "schema"
SUBGRAPHS = sorted({path.stem for path in SCHEMA.glob("*.graphql")} - {"api", "supergraph"})
OF_ONES_OWN = {"ErrorCode"}
"""What no subgraph has whole: each has the codes that it gives."""


def definitions(name: str) -> dict[str, DefinitionNode]:
    """The types of a schema by name, without what federation adds."""
    document = parse((SCHEMA / f"{name}.graphql").read_text())
    named = {node.name.value: node for node in document.definitions if getattr(node, "name", None)}
    return {type_name: node for type_name, node in named.items() if not type_name.startswith("_")}


def items_of(node: DefinitionNode) -> dict[str, tuple[str | None, str]]:
    """Each field or value of a type by name: its description, and how it is written without directives."""
    items = (*(getattr(node, "fields", None) or ()), *(getattr(node, "values", None) or ()))
    written = {item.name.value: (description_of(item), _bare(item)) for item in items}
    return {name: item for name, item in written.items() if not name.startswith("_")}


def _bare(item: Node) -> str:
    return print_ast(replace(item, description=None, directives=()))


def description_of(node: Node) -> str | None:
    return node.description.value if node.description else None


CONTRACT = definitions("api")
PARTS = {(name, type_name): node for name in SUBGRAPHS for type_name, node in definitions(name).items()}


@pytest.mark.parametrize("subgraph", SUBGRAPHS)
def test_the_schema_of_a_subgraph_is_the_one_that_it_serves(subgraph):
    assert generate.sdl_of(generate.SUBGRAPHS[subgraph]()) == (SCHEMA / f"{subgraph}.graphql").read_text()


@pytest.mark.parametrize(("subgraph", "name"), PARTS)
def test_what_a_subgraph_serves_is_written_as_in_the_contract(subgraph, name):
    served, agreed = items_of(PARTS[subgraph, name]), items_of(CONTRACT[name])
    assert served == {item: agreed.get(item) for item in served}


@pytest.mark.parametrize(
    ("subgraph", "name"),
    [part for part, node in PARTS.items() if node.kind != "object_type_definition" and part[1] not in OF_ONES_OWN],
)
def test_an_input_an_enum_and_a_scalar_are_served_whole(subgraph, name):
    assert items_of(PARTS[subgraph, name]).keys() == items_of(CONTRACT[name]).keys()


@pytest.mark.parametrize("name", sorted({name for _, name in PARTS}))
def test_a_type_is_described_as_in_the_contract(name):
    described = {description_of(node) for (_, served), node in PARTS.items() if served == name}
    assert described - {None} == {description_of(CONTRACT[name])} - {None}
