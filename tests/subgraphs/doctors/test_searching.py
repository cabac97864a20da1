import pytest
from sqlalchemy import text
from sqlmodel import update

from subgraphs.doctors.tables import DepartmentRow, DoctorRow, DoctorWordRow
from subgraphs.kernel.migrate import migrate


@pytest.fixture
async def staff(new_doctor, make_department, medicine):
    """Four doctors of two departments; the id of the second."""
    surgery = await make_department("Surgery")
    await new_doctor("Dr. Huzaifa Ansari", specialty="Cardiology")
    await new_doctor("dr. José Núñez", specialty="CARDIOLOGY")
    await new_doctor("Dr. Anna Huber", specialty="Heart Surgery", departmentId=surgery)
    await new_doctor("Dr. Zoë_100%", specialty="Cardiologist", departmentId=surgery)
    return surgery


async def test_all_are_listed_by_name_whatever_the_case_and_the_accents(staff, find):
    assert await find() == ["Dr. Anna Huber", "Dr. Huzaifa Ansari", "dr. José Núñez", "Dr. Zoë_100%"]


async def test_a_specialty_is_compared_whole(staff, find):
    assert await find(specialty=" cardiölogy ") == ["Dr. Huzaifa Ansari", "dr. José Núñez"]
    for other in ("Cardio", "Surgery", "%", "", "\0", "\ud800", "' OR 1=1 --"):
        assert await find(specialty=other) == []


async def test_a_search_finds_the_beginnings_of_words(staff, find):
    for search, names in {
        "hu": ["Dr. Anna Huber", "Dr. Huzaifa Ansari"],
        "HUZ": ["Dr. Huzaifa Ansari"],
        "an hu": ["Dr. Anna Huber", "Dr. Huzaifa Ansari"],
        "jose nun": ["dr. José Núñez"],
        "zaifa": [],
        "huber huzaifa": [],
        "": ["Dr. Anna Huber", "Dr. Huzaifa Ansari", "dr. José Núñez", "Dr. Zoë_100%"],
    }.items():
        assert await find(search=search) == names


async def test_what_is_a_wildcard_elsewhere_is_none_here(staff, find):
    for search in ("%", "_", "*", "?", "\\", "'", '"', "--", "\0", "\ud800", "h%", "a_n"):
        assert await find(search=search) == []
    assert await find(search="zoe_100%") == ["Dr. Zoë_100%"]


async def test_a_department_has_its_own(staff, find):
    assert await find(departmentId=staff) == ["Dr. Anna Huber", "Dr. Zoë_100%"]
    for unknown in ("nowhere", "", "\ud800", "0197b1f0-0000-7000-8000-000000000000"):
        assert await find(departmentId=unknown) == []


async def test_the_arguments_narrow_together(staff, find):
    assert await find(departmentId=staff, search="hu", specialty="heart surgery") == ["Dr. Anna Huber"]
    assert await find(departmentId=staff, search="hu", specialty="cardiology") == []


async def test_a_search_that_is_too_long_is_refused(doctors, ask):
    document = "query ($search: String) { doctors(search: $search) { totalCount } }"
    answer = await ask(doctors.subgraph, document, search="a " * 101)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    answer = await ask(doctors.subgraph, document, search=" ".join(chr(0x4E00 + n) for n in range(100)))
    assert answer["data"]["doctors"]["totalCount"] == 0


async def test_pages_follow_one_another_also_where_names_are_equal(new_doctor, query):
    for number in range(5):
        await new_doctor("Dr. Same", email=f"same{number}@example.com")
    document = """
    query ($after: String) {
      doctors(first: 2, after: $after) {
        edges { cursor node { email } } nodes { email }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
      }
    }
    """
    seen, after = [], None
    for place in range(3):
        page = (await query(document, after=after))["doctors"]
        info = page["pageInfo"]
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        assert (info["hasNextPage"], info["hasPreviousPage"], page["totalCount"]) == (place < 2, place > 0, 5)
        seen += [node["email"] for node in page["nodes"]]
        after = info["endCursor"]
    assert seen == [f"same{number}@example.com" for number in range(5)]


async def test_a_page_that_cannot_be_is_refused(doctors, ask):
    for arguments in ("first: 0", "first: -1", "first: 101", 'after: "x"', 'after: ""', 'after: "é"'):
        answer = await ask(doctors.subgraph, f"{{ doctors({arguments}) {{ totalCount }} }}")
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_an_unknown_doctor_is_null(query, medicine):
    for id in ("nobody", "", "\0", "\ud800", medicine):
        assert await query("query ($id: ID!) { doctor(id: $id) { name } }", id=id) == {"doctor": None}


async def test_entities_come_in_the_order_and_length_asked(new_doctor, query, medicine):
    one, other = await new_doctor(), await new_doctor("Dr. Other")
    document = """
    query ($r: [_Any!]!) { _entities(representations: $r) { ... on Doctor { name } ... on Department { label: name } } }
    """
    keys = [("Doctor", other["id"]), ("Doctor", "nobody"), ("Department", medicine), ("Doctor", one["id"])]
    keys += [("Doctor", other["id"]), ("Department", one["id"]), ("Doctor", 7)]
    found = await query(document, r=[{"__typename": name, "id": id} for name, id in keys])
    assert found["_entities"] == [
        {"name": "Dr. Other"},
        None,
        {"label": "Medicine"},
        {"name": "Dr. Huzaifa"},
        {"name": "Dr. Other"},
        None,
        None,
    ]


async def test_what_was_kept_before_letters_with_strokes_were_folded_is_found_once_migrated(
    doctors, new_doctor, make_department, find, query
):
    await make_department("Zoo")
    await make_department("Øre")
    await new_doctor("Dr. Łukasz", specialty="Øyelege")

    async def as_before(session) -> None:
        await session.exec(update(DepartmentRow).where(DepartmentRow.name == "Øre").values(sort_name="øre"))
        await session.exec(update(DoctorRow).values(sort_name="dr łukasz", specialty_key="øyelege"))
        await session.exec(update(DoctorWordRow).where(DoctorWordRow.word == "lukasz").values(word="łukasz"))
        await session.exec(text("UPDATE alembic_version_doctors SET version_num = '0001'"))

    await doctors.base.database.transaction(as_before)
    assert await find(search="Łukasz") == await find(specialty="Øyelege") == []
    await migrate(doctors.base.database, "doctors")
    assert await find(search="lukasz") == await find(specialty="oyelege") == ["Dr. Łukasz"]
    names = [each["name"] for each in (await query("{ departments { name } }"))["departments"]]
    assert names[-2:] == ["Øre", "Zoo"]
