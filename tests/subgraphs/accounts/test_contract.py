"""What accounts serves is its part of the contract, to the letter."""

import os
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, build_schema
from strawberry.federation.schema import Schema

from subgraphs.accounts.schema import make_schema

CONTRACT = Path(os.environ.get("HOSPITAL_TEST_CONTRACT", Path(__file__).parents[3] / "schema" / "api.graphql"))
OWN = {
    *("Query", "Mutation", "Account", "Viewer", "Session", "UserError"),
    *("SignInInput", "InviteAccountInput", "DisableAccountInput", "ChangePasswordInput", "RequestPasswordResetInput"),
    *("ResetPasswordInput", "RefreshSessionInput", "CreateStaffAccountInput"),
    *("SessionPayload", "SignOutPayload", "AccountPayload", "RequestPasswordResetPayload"),
}
ROOTS = {
    "Query": {"viewer", "account"},
    "Mutation": {
        *("signIn", "refreshSession", "signOut", "createStaffAccount", "inviteAccount", "disableAccount"),
        *("changePassword", "requestPasswordReset", "resetPassword"),
    },
}


@pytest.fixture(scope="module")
def contract():
    return build_schema(CONTRACT.read_text())


@pytest.fixture(scope="module")
def served() -> Schema:
    return make_schema()


def described(field):
    arguments = getattr(field, "args", {})
    return (
        str(field.type),
        field.description,
        {name: (str(argument.type), argument.default_value) for name, argument in arguments.items()},
        getattr(field, "default_value", None),
    )


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_type_has_the_fields_of_the_contract(contract, served, name):
    ours, theirs = served._schema.type_map[name], contract.type_map[name]
    assert isinstance(ours, GraphQLObjectType | GraphQLInputObjectType)
    shown = {field: described(ours.fields[field]) for field in ours.fields if not field.startswith("_")}
    wanted = ROOTS.get(name, theirs.fields)
    assert shown == {field: described(theirs.fields[field]) for field in wanted}


@pytest.mark.parametrize("name", ["Role", "StaffRole"])
def test_an_enum_has_the_values_of_the_contract(contract, served, name):
    assert list(served._schema.type_map[name].values) == list(contract.type_map[name].values)


def test_every_code_is_one_of_the_contract(contract, served):
    assert set(served._schema.type_map["ErrorCode"].values) <= set(contract.type_map["ErrorCode"].values)


def test_patients_and_doctors_are_stubs(served):
    printed = served.as_str()
    for name in ("Patient", "Doctor"):
        assert f'type {name} @key(fields: "id", resolvable: false) {{\n  id: ID!\n}}' in printed
