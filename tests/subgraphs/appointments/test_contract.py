"""What appointments serves equals the public contract, down to defaults and descriptions."""

import os
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

from subgraphs.appointments.schema import make_schema

CONTRACT = Path(os.environ.get("HOSPITAL_TEST_CONTRACT") or Path(__file__).parents[3] / "schema" / "api.graphql")
WHOLE = (
    *("Slot", "AppointmentTransition", "AppointmentStatusChange", "AppointmentStatus", "AppointmentFilter"),
    *("BookAppointmentInput", "RescheduleAppointmentInput", "AppointmentTransitionInput", "AppointmentPayload"),
    *("AppointmentConnection", "AppointmentEdge", "PageInfo", "UserError", "Subscription"),
)
PARTS = {
    "Appointment": None,
    "Patient": {"id", "appointments"},
    "Doctor": {"id", "openSlots", "appointments"},
    "Query": {"appointment", "appointments", "appointmentChangesCursor"},
    "Mutation": {
        *("bookAppointment", "acceptAppointment", "rejectAppointment", "rescheduleAppointment"),
        *("cancelAppointment", "checkInAppointment", "completeAppointment", "markNoShow"),
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


@pytest.mark.parametrize("name", WHOLE)
def test_its_own_types_are_those_of_the_contract(contract, served, name):
    assert shape(served, name) == shape(contract, name)
    assert served.type_map[name].description == contract.type_map[name].description


@pytest.mark.parametrize("name", PARTS)
def test_its_parts_of_shared_types_are_those_of_the_contract(contract, served, name):
    wanted, given = shape(contract, name), shape(served, name)
    own = PARTS[name] or set(wanted) - {"medicalRecord", "bill"}
    assert {field for field in given if not field.startswith("_")} == own
    assert {field: given[field] for field in own} == {field: wanted[field] for field in own}


def test_its_error_codes_are_of_the_contract(contract, served):
    assert set(shape(served, "ErrorCode")) <= set(shape(contract, "ErrorCode"))
