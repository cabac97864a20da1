"""What doctors serves equals the public contract, down to defaults and descriptions."""

import os
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

from subgraphs.doctors.schema import make_schema

CONTRACT = Path(os.environ.get("HOSPITAL_TEST_CONTRACT") or Path(__file__).parents[3] / "schema" / "api.graphql")
OWN_TYPES = (
    *("DayOfWeek", "Department", "Availability", "Leave", "Doctor", "AvailabilityInput", "CreateDepartmentInput"),
    *("RegisterDoctorInput", "UpdateDoctorInput", "SetAvailabilityInput", "AddLeaveInput", "RemoveLeaveInput"),
    *("DeactivateDoctorInput", "DepartmentPayload", "DoctorPayload", "DoctorConnection", "DoctorEdge"),
    *("PageInfo", "UserError"),
)
OF_OTHERS = {("Doctor", "openSlots"), ("Doctor", "appointments")}
OWN_ROOTS = {
    "Query": {"departments", "doctor", "doctors"},
    "Mutation": {
        *("createDepartment", "registerDoctor", "updateDoctor", "setAvailability"),
        *("addLeave", "removeLeave", "deactivateDoctor"),
    },
}


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
    wanted = {field: what for field, what in shape(contract, name).items() if (name, field) not in OF_OTHERS}
    assert shape(served, name) == wanted
    assert served.type_map[name].description == contract.type_map[name].description


@pytest.mark.parametrize("root", OWN_ROOTS)
def test_its_root_fields_are_those_of_the_contract(contract, served, root):
    wanted, given = shape(contract, root), shape(served, root)
    assert {name for name in given if not name.startswith("_")} == OWN_ROOTS[root]
    assert {name: given[name] for name in OWN_ROOTS[root]} == {name: wanted[name] for name in OWN_ROOTS[root]}


def test_its_error_codes_are_of_the_contract(contract, served):
    assert set(shape(served, "ErrorCode")) <= set(shape(contract, "ErrorCode"))
