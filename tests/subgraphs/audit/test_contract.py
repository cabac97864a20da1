"""What audit serves equals the public contract, down to defaults and descriptions."""

import os
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

from subgraphs.audit.schema import make_schema

CONTRACT = Path(os.environ.get("HOSPITAL_TEST_CONTRACT") or Path(__file__).parents[3] / "schema" / "api.graphql")
OWN_TYPES = (
    *("AuditEvent", "AuditChain", "AuditEventFilter", "AuditEventConnection", "AuditEventEdge", "PageInfo"),
    *("AuditAction", "AuditOutcome", "Role"),
)


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema(CONTRACT.read_text())


@pytest.fixture(scope="module")
def served() -> GraphQLSchema:
    return build_schema(make_schema().as_str(), assume_valid=True)


def shape(schema: GraphQLSchema, name: str) -> dict[str, object]:
    """Each field or value of the type: its type, its default, its description, its arguments."""
    kind = schema.type_map[name]
    if hasattr(kind, "values"):
        return dict.fromkeys(kind.values)
    return {field_name: described(field) for field_name, field in kind.fields.items()}


def described(field) -> tuple[object, ...]:
    arguments = {name: described(argument) for name, argument in getattr(field, "args", {}).items()}
    return str(field.type), getattr(field, "default_value", None), field.description, arguments


@pytest.mark.parametrize("name", OWN_TYPES)
def test_its_types_are_those_of_the_contract(contract, served, name):
    assert shape(served, name) == shape(contract, name)


def test_its_root_fields_are_those_of_the_contract(contract, served):
    wanted, given = shape(contract, "Query"), shape(served, "Query")
    assert {name for name in given if not name.startswith("_")} == {"auditEvents", "auditChain"}
    assert {name: given[name] for name in ("auditEvents", "auditChain")}.items() <= wanted.items()


def test_of_patients_it_gives_the_id_alone(served):
    assert set(served.type_map["Patient"].fields) == {"id"}
    assert 'type Patient @key(fields: "id", resolvable: false)' in make_schema().as_str()
