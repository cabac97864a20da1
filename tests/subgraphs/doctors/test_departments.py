import pytest
from sqlmodel import select

from subgraphs.doctors.app import DoctorsDomain, build
from subgraphs.kernel.tables import OutboxRow

CREATE = """
mutation ($name: String!) {
  createDepartment(input: {name: $name}) { department { name } errors { code field } }
}
"""


@pytest.fixture
async def doctors(make_base) -> DoctorsDomain:
    return build(await make_base("doctors"))


async def recorded(domain: DoctorsDomain) -> list[str]:
    async with domain.base.database.reading() as session:
        return [row.type for row in (await session.exec(select(OutboxRow))).all()]


async def test_an_admin_creates_a_department(doctors, signer, ask):
    answer = await ask(doctors.subgraph, CREATE, signer.bearer("ADMIN"), name=" Médicine ")
    assert answer == {"data": {"createDepartment": {"department": {"name": "Médicine"}, "errors": []}}}
    assert await recorded(doctors) == ["department.created"]


@pytest.mark.parametrize("role", ["PATIENT", "DOCTOR", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR"])
async def test_it_refuses_every_other_role_and_announces_that(doctors, signer, ask, role):
    answer = await ask(doctors.subgraph, CREATE, signer.bearer(role), name="Medicine")
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await ask(doctors.subgraph, "{ departments { name } }"))["data"] == {"departments": []}
    assert await recorded(doctors) == ["access.denied"]


async def test_departments_are_listed_by_name_whatever_the_case(doctors, signer, ask):
    for name in ("surgery", "Étoile", "Dermatology"):
        await ask(doctors.subgraph, CREATE, signer.bearer("ADMIN"), name=name)
    answer = await ask(doctors.subgraph, "{ departments { name } }")
    assert [row["name"] for row in answer["data"]["departments"]] == ["Dermatology", "Étoile", "surgery"]
