"""The composed schema against the public contract."""

import os
from pathlib import Path

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    build_schema,
    print_ast,
)
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from router.supergraph import read_supergraph

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema((ROOT / "schema" / "api.graphql").read_text())


@pytest.fixture(scope="module")
def served() -> GraphQLSchema:
    return read_supergraph((ROOT / "schema" / "supergraph.graphql").read_text()).public_schema


def defaults(schema: GraphQLSchema) -> dict[str, object]:
    found: dict[str, object] = {}
    for type_name, named in schema.type_map.items():
        if type_name.startswith("__"):
            continue
        if isinstance(named, GraphQLInputObjectType):
            found |= {f"{type_name}.{name}": printed_default(field) for name, field in named.fields.items()}
        elif isinstance(named, GraphQLObjectType):
            found |= {
                f"{type_name}.{name}({argument}:)": printed_default(value)
                for name, field in named.fields.items()
                for argument, value in field.args.items()
            }
    return found


def printed_default(value: object) -> object:
    node = getattr(value, "ast_node", None)
    if node is not None:
        return print_ast(node.default_value) if node.default_value else Undefined
    return getattr(value, "default_value", Undefined)


def test_nothing_in_the_contract_is_broken(contract, served):
    assert [change.description for change in find_breaking_changes(contract, served)] == []


def test_nothing_changes_what_an_operation_means(contract, served):
    additions = {"VALUE_ADDED_TO_ENUM", "OPTIONAL_INPUT_FIELD_ADDED", "OPTIONAL_ARG_ADDED"}
    changes = find_dangerous_changes(contract, served)
    assert [change.description for change in changes if change.type.name not in additions] == []


def test_every_default_is_the_contracts(contract, served):
    wanted, found = defaults(contract), defaults(served)
    assert {name: found.get(name) for name in wanted} == wanted


def test_the_copy_of_the_contract_is_the_one_agreed_on():
    agreed = Path(os.environ.get("HOSPITAL_TEST_CONTRACT", ROOT.parent / "shared" / "api.graphql"))
    if not agreed.exists():
        pytest.skip("the agreed contract is not on this machine (HOSPITAL_TEST_CONTRACT names it)")
    found = build_schema((ROOT / "schema" / "api.graphql").read_text())
    assert find_breaking_changes(build_schema(agreed.read_text()), found) == []
