import pytest
from sqlalchemy import text
from sqlmodel import delete, select

from subgraphs.kernel import refolding
from subgraphs.kernel.migrate import migrate
from subgraphs.patients.service.importing import ImportedPatient
from subgraphs.patients.tables import NameWordRow, PatientRow

PAGE = """
query ($search: String, $first: Int!, $after: String) {
  patients(search: $search, first: $first, after: $after) {
    edges { cursor node { name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


@pytest.fixture
async def people(register) -> None:
    for name, phone in (
        ("Zoë Ángström", "+46 8 123 456 78"),
        ("huzaifa ansari", "9876543210"),
        ("Huzaifa Khan", None),
        ("Anna-Maria O'Brien", None),
        ("हुज़ैफ़ा अंसारी", None),
        ("100% Sure", None),
    ):
        await register(name=name, phone=phone)


async def test_everybody_in_the_order_of_names_whatever_the_case(find, people):
    everybody = ["100% Sure", "Anna-Maria O'Brien", "huzaifa ansari", "Huzaifa Khan", "Zoë Ángström", "हुज़ैफ़ा अंसारी"]
    assert await find() == await find("") == await find(" \t ") == everybody


async def test_words_of_a_name_are_found_by_their_beginnings(find, people):
    wanted = {
        "huz": ["huzaifa ansari", "Huzaifa Khan"],
        "HUZAIFA": ["huzaifa ansari", "Huzaifa Khan"],
        "khan huz": ["Huzaifa Khan"],
        "huzaifa smith": [],
        "uzaifa": [],
        "zoe ang": ["Zoë Ángström"],
        "ZOË": ["Zoë Ángström"],
        "brien": ["Anna-Maria O'Brien"],
        "maria anna": ["Anna-Maria O'Brien"],
        "हुज़ै": ["हुज़ैफ़ा अंसारी"],
        "100%": ["100% Sure"],
    }
    assert {search: await find(search) for search in wanted} == wanted


async def test_no_character_has_a_meaning_of_its_own(find, people):
    for search in ("%", "_", "hu%", "h_zaifa", "' OR 1=1 --", "{{ 7 * 7 }}", "*", "!!!", "nul\x00", "half \ud800"):
        assert await find(search) == [], search


async def test_a_medical_record_number_is_found_whole(find, people):
    assert await find("MRN-0000002") == await find(" mrn-0000002 ") == ["huzaifa ansari"]
    assert await find("MRN-000000") == await find("MRN-00000020") == await find("0000002") == []


async def test_a_telephone_number_is_found_whole_however_it_is_written(find, people):
    for search in ("9876543210", "+91 98765-43210", "(098765) 43210", "919876543210"):
        assert await find(search) == ["huzaifa ansari"], search
    for part in ("98765", "987654321", "+46 8 123 456 7"):
        assert await find(part) == [], part


async def test_an_imported_telephone_number_is_found_as_it_stands(patients, find, clock):
    sharon = ImportedPatient("1", "Sharon", clock.now().date(), phone="555-773-1234")
    await patients.service.import_patients([sharon])
    assert await find("555-773-1234") == await find("5557731234") == ["Sharon"]


async def test_a_new_name_is_found_and_the_old_one_is_not(find, change, people, patients, register):
    id = (await register(name="Old Name"))["patient"]["id"]
    await change(id, name="New Name", phone="9123456789")
    assert await find("old") == []
    assert await find("new na") == await find("9123456789") == ["New Name"]


async def test_a_search_that_is_too_long_is_bad_input(patients, ask, desk):
    answer = await ask(patients.subgraph, PAGE, desk, search="x " * 200, first=1)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_search_of_very_many_words_is_answered(find, people):
    assert await find(" ".join(f"{chr(97 + place % 26)}{place}" for place in range(50))) == []


async def test_pages_follow_one_another_and_give_each_patient_once(patients, ask, desk, register):
    for name in ("Same", "Same", "Other", "Same", "Zoë"):
        await register(name=name)
    seen, after = [], None
    for place in range(3):
        page = (await ask(patients.subgraph, PAGE, desk, first=2, after=after))["data"]["patients"]
        cursors, info = [edge["cursor"] for edge in page["edges"]], page["pageInfo"]
        assert (info["startCursor"], info["endCursor"]) == (cursors[0], cursors[-1])
        assert (info["hasPreviousPage"], info["hasNextPage"]) == (place > 0, place < 2)
        seen += [edge["node"]["name"] for edge in page["edges"]]
        after = cursors[-1]
    assert seen == ["Other", "Same", "Same", "Same", "Zoë"]


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_it_refuses_a_first_out_of_bounds(patients, ask, desk, first):
    answer = await ask(patients.subgraph, PAGE, desk, first=first)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("after", ["", "x", "AAAAAAAAAAAA", "%", "é"])
async def test_it_refuses_a_cursor_that_is_none(patients, ask, desk, after):
    answer = await ask(patients.subgraph, PAGE, desk, first=1, after=after)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_page_is_one_statement_and_counting_another_that_runs_when_asked(
    patients, ask, desk, people, statements
):
    await ask(patients.subgraph, PAGE, desk, first=100, search="huz")
    assert len(statements) == 1
    await ask(patients.subgraph, "{ patients { totalCount } }", desk)
    assert len(statements) == 3
    assert "count(" in statements[-1]


@pytest.mark.sqlite  # another database tells its plans otherwise
async def test_indexes_serve_the_list_and_every_search(patients, ask, desk, people, statements):
    for search in (None, "huz", "MRN-0000001", "9876543210"):
        await ask(patients.subgraph, PAGE, desk, first=2, search=search)
    async with patients.base.database.engine.connect() as connection:
        for statement in list(statements):
            arguments = tuple(0 for _ in range(statement.count("?")))
            plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", arguments)).all()
            told = " ".join(row[3] for row in plan)
            assert "USING INDEX" in told or "USING COVERING INDEX" in told, told


async def test_names_kept_before_letters_with_strokes_were_folded_are_found_once_migrated(
    patients, register, find, monkeypatch
):
    monkeypatch.setattr(refolding, "_LOT", 1)
    names = ["Łukasz Øst", "Asha Rao", "Ðóra Dal"]
    for name in names:
        await register(name=name)

    async def as_before(session) -> None:
        await session.exec(delete(NameWordRow))
        for name in names:
            row = (await session.exec(select(PatientRow).where(PatientRow.name == name))).one()
            row.sort_name = name.lower()
            session.add_all(NameWordRow(word=word, patient_id=row.id) for word in name.lower().split())
        await session.exec(text("UPDATE alembic_version_patients SET version_num = '0003'"))

    await patients.base.database.transaction(as_before)
    assert await find("lukasz") == await find("Łukasz") == []
    await migrate(patients.base.database, "patients")
    assert await find("lukasz ost") == await find("Łukasz") == ["Łukasz Øst"]
    assert await find("dora") == ["Ðóra Dal"]
    assert await find() == ["Asha Rao", "Ðóra Dal", "Łukasz Øst"]
