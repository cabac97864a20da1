CREATE = """
mutation ($name: String!) {
  createDepartment(input: {name: $name}) { department { name } errors { code field } }
}
"""
NAMES = "{ departments { name } }"


async def test_an_admin_creates_a_department(doctors, ask, admin, announced):
    answer = await ask(doctors.subgraph, CREATE, admin, name=" Médicine ")
    assert answer == {"data": {"createDepartment": {"department": {"name": "Médicine"}, "errors": []}}}
    [event] = await announced()
    assert (event.type, event.data["name"]) == ("department.created", "Médicine")


async def test_it_refuses_every_other_role_and_announces_that(doctors, signer, ask, query, announced):
    for role in ("PATIENT", "DOCTOR", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR"):
        answer = await ask(doctors.subgraph, CREATE, signer.bearer(role), name="Medicine")
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await query(NAMES) == {"departments": []}
    assert [event.type for event in await announced()] == ["access.denied"] * 5


async def test_it_asks_for_a_token_first(doctors, ask, query):
    answer = await ask(doctors.subgraph, CREATE, name="Medicine")
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert await query(NAMES) == {"departments": []}


async def test_it_refuses_what_is_no_name(doctors, ask, admin, query):
    for name in ("", "  ", "a" * 201, "Medi\ncine", "Medi\0cine", "\ud800", "…"):
        answer = await ask(doctors.subgraph, CREATE, admin, name=name)
        assert answer["data"]["createDepartment"]["errors"] == [{"code": "INVALID_INPUT", "field": ["name"]}]
    assert await query(NAMES) == {"departments": []}


async def test_departments_are_listed_by_name_whatever_the_case(make_department, query):
    for name in ("surgery", "Étoile", "Dermatology"):
        await make_department(name)
    assert [row["name"] for row in (await query(NAMES))["departments"]] == ["Dermatology", "Étoile", "surgery"]


async def test_two_departments_may_bear_one_name(make_department, query):
    assert await make_department("Radiology") != await make_department("Radiology")
    assert [row["name"] for row in (await query(NAMES))["departments"]] == ["Radiology", "Radiology"]


async def test_the_names_that_make_a_longer_key_than_themselves_are_taken(make_department, query):
    await make_department("ﷺ" * 200)
    assert len((await query(NAMES))["departments"]) == 1


async def test_a_department_pages_through_its_doctors_alone(make_department, medicine, new_doctor, query):
    surgery = await make_department("Surgery")
    for name in ("Dr. C", "Dr. A", "Dr. B"):
        await new_doctor(name)
    await new_doctor("Dr. D", departmentId=surgery)
    document = """
    query ($after: String) {
      departments { name doctors(first: 2, after: $after) {
        nodes { name } totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
      } }
    }
    """
    first, other = (each["doctors"] for each in (await query(document))["departments"])
    assert [node["name"] for node in first["nodes"]] == ["Dr. A", "Dr. B"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    assert ([node["name"] for node in other["nodes"]], other["totalCount"]) == (["Dr. D"], 1)
    rest = (await query(document, after=first["pageInfo"]["endCursor"]))["departments"][0]["doctors"]
    assert [node["name"] for node in rest["nodes"]] == ["Dr. C"]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_a_page_that_cannot_be_is_refused(doctors, medicine, ask):
    for arguments in ("first: 0", "first: 101", 'after: "x"', 'after: ""'):
        answer = await ask(doctors.subgraph, f"{{ departments {{ doctors({arguments}) {{ totalCount }} }} }}")
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_cursor_of_the_list_of_all_doctors_is_none_of_a_departments(doctors, new_doctor, query, ask):
    await new_doctor()
    cursor = (await query("{ doctors { edges { cursor } } }"))["doctors"]["edges"][0]["cursor"]
    document = "query ($after: String) { departments { doctors(after: $after) { totalCount } } }"
    answer = await ask(doctors.subgraph, document, after=cursor)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
