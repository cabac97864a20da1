"""The composed schema against the public contract, over the domains that have moved in."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    build_ast_schema,
    build_schema,
    parse,
    print_ast,
)
from graphql.language import DefinitionNode, DocumentNode
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from router.supergraph import read_supergraph

ROOT = Path(__file__).resolve().parents[2]
NOT_MOVED_IN = {
    "Query": "medicalRecord bill bills billingReport insuranceClaim",
    "Mutation": (
        "createMedicalRecord amendMedicalRecord breakGlass createBill payBill refundPayment voidBill"
        " addInsurancePolicy submitInsuranceClaim decideInsuranceClaim"
    ),
    "Patient": "allergies medicalRecordIds medicalRecords bills insurancePolicies",
    "Appointment": "medicalRecord bill",
    "ErrorCode": "ALREADY_BILLED ALREADY_PAID AMOUNT_EXCEEDS_BALANCE",
}


def contract_document() -> DocumentNode:
    return parse((ROOT / "schema" / "api.graphql").read_text())


def moved_in(document: DocumentNode) -> GraphQLSchema:
    """The contract without the fields of domains that have not moved in, and without the types only those reach."""
    whole = build_ast_schema(replace(document, definitions=tuple(map(_kept_of, document.definitions))))
    return GraphQLSchema(whole.query_type, whole.mutation_type, whole.subscription_type)


def _kept_of(definition: DefinitionNode) -> DefinitionNode:
    left_out = NOT_MOVED_IN.get(definition.name.value, "").split()
    parts = {part: getattr(definition, part) or () for part in ("fields", "values") if hasattr(definition, part)}
    kept = {part: tuple(item for item in items if item.name.value not in left_out) for part, items in parts.items()}
    return replace(definition, **kept)


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return moved_in(contract_document())


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
