"""The list of codes: how the table is filled from the file of set-up, or from another, and what is found in it."""

import asyncio
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlmodel import select

from subgraphs.records import codes as file_of_codes
from subgraphs.records import repository
from subgraphs.records.app import build
from subgraphs.records.codes import FILE, NoCodes
from subgraphs.records.rules import MAXIMUM_ITEMS, Codes, CodeSystem, Diagnosis, icd_code
from subgraphs.records.service import ImportedRecord
from subgraphs.records.tables import CodeRow
from tests.subgraphs.records.conftest import CODES, problems

LINES = dict(line.split("\t") for line in FILE.read_text("utf-8").splitlines())
COLD = {"J06.9": CODES["J06.9"]}


@pytest.fixture
async def empty(make_base):
    """Records whose table was never filled."""
    return build(await make_base("records")).service


async def all_codes(service) -> dict[str, str]:
    async with service.base.database.reading() as session:
        return {row.code: row.display for row in await session.exec(select(CodeRow))}


async def test_the_table_is_what_set_up_made(empty):
    await empty.fill_codes()
    assert len(LINES) > 70_000
    assert await all_codes(empty) == LINES
    found = await empty.codes(["J06.9", "E11", "E11.3", "J06", "Z99.999", "J", "j06.9", "J06.9 ", "%", ""])
    first = {"E11": "E11.00", "E11.3": "E11.311", "J06": "J06.0"}
    assert found.displays == COLD
    assert {code: found.first_below[code] for code in first} == first
    assert "Z99.999" not in found.first_below


async def test_a_table_that_is_of_this_file_is_left_alone(empty, write_list, statements):
    await empty.fill_codes(write_list(CODES))
    statements.clear()
    await empty.fill_codes(write_list(CODES))
    assert [statement.partition(" ")[0] for statement in statements] == ["SELECT"]


async def test_a_newer_list_takes_the_place_of_the_older(empty, write_list):
    await empty.fill_codes(write_list(CODES))
    newer = {"A00.0": "Cholera", "B1": "é", "J06.9": "A cold"}
    await empty.fill_codes(write_list(newer))
    assert await all_codes(empty) == newer


async def test_of_several_that_start_at_once_one_fills_the_table(empty, write_list, statements):
    await asyncio.gather(*(empty.fill_codes(write_list(CODES)) for _ in range(5)))
    assert [statement for statement in statements if statement.startswith("DELETE")] == ["DELETE FROM icd10cm_codes"]
    assert await all_codes(empty) == CODES


async def test_a_code_that_is_gone_is_given_no_more(house, treated, write_list):
    await house.domain.service.fill_codes(write_list({"A00.0": "Cholera"}))
    payload = await house.create(*treated, diagnoses=[{"code": "J06.9"}])
    assert problems(payload) == [("INVALID_INPUT", ["diagnoses", "0", "code"])]


async def test_a_record_keeps_its_codes_and_their_words_whatever_becomes_of_the_list(house, treated, write_list):
    record = await house.created(*treated, diagnoses=[{"code": "J06.9"}])
    await house.domain.service.fill_codes(write_list({"A00.0": "Cholera"}))
    both = [{"code": "J06.9"}, {"code": "A00.0"}]
    amended = (await house.amend(treated[0], record["id"], diagnoses=both))["medicalRecord"]
    assert [(each["code"], each["display"]) for each in amended["diagnoses"]] == [*COLD.items(), ("A00.0", "Cholera")]
    await house.domain.service.fill_codes(write_list({"A00.0": "Other words"}))
    assert (await house.amend(treated[0], record["id"], diagnoses=both))["medicalRecord"]["version"] == 2


@pytest.mark.parametrize("content", ["A00.0\tCholera\nA00.1\n", "", b"\xff\t\xff\n"])
async def test_a_damaged_file_changes_nothing(empty, write_list, monkeypatch, content):
    monkeypatch.setattr(file_of_codes, "_LOT", 1)
    path = write_list(CODES)
    await empty.fill_codes(path)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    await empty.fill_codes(path)
    assert await all_codes(empty) == CODES
    await empty.fill_codes(write_list(COLD))
    assert await all_codes(empty) == COLD


async def test_a_table_that_is_filled_needs_no_file(empty, write_list):
    path = write_list(CODES)
    await empty.fill_codes(path)
    path.unlink()
    await empty.fill_codes(path)
    assert await all_codes(empty) == CODES


NONE, DAMAGED = "There is no list .* `make setup` makes it", "The list .* is damaged .* once that file is gone"


@pytest.mark.parametrize(("content", "said"), [(None, NONE), (b"", DAMAGED), (b"A00.0\n", DAMAGED)])
async def test_without_a_list_it_is_said_how_to_get_one(empty, tmp_path, content, said):
    path = tmp_path / "codes.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NoCodes, match=said):
        await empty.fill_codes(path)
    assert await all_codes(empty) == {}
    assert await empty.codes(["J06.9"]) == Codes()


async def test_no_more_codes_are_looked_up_than_a_record_may_have(house, treated, statements):
    codes = [{"code": f"Z{number:05d}"} for number in range(5000)]
    payload = await house.create(*treated, diagnoses=codes)
    assert problems(payload) == [("INVALID_INPUT", ["diagnoses"])]
    assert len(statements) <= 1 + MAXIMUM_ITEMS


async def test_codes_are_looked_up_while_nobody_waits_to_write(house, treated, monkeypatch):
    doctor, patient = treated[:2]
    visit = await house.visit(doctor, patient, "COMPLETED")
    writing, found = [], []
    transaction, codes = house.domain.base.database.transaction, repository.codes

    async def noted(work):
        writing.append(work)
        try:
            return await transaction(work)
        finally:
            writing.remove(work)

    async def looked_up(session, asked):
        found.append((sorted(asked), len(writing)))
        return await codes(session, asked)

    monkeypatch.setattr(house.domain.base.database, "transaction", noted)
    monkeypatch.setattr(repository, "codes", looked_up)
    record = await house.created(doctor, patient, diagnoses=[{"code": "J06.9"}])
    await house.amend(doctor, record["id"], diagnoses=[{"code": "Z99.999"}])
    cold = Diagnosis(CodeSystem.ICD10CM, "J06.9")
    given = ImportedRecord("one", visit, house.domain.base.clock.now(), "Seen elsewhere", diagnoses=(cold,))
    assert (await house.domain.service.import_records([given])).refused == {}
    assert found == [(["J06.9"], 0), (["Z99.999"], 0), (["J06.9"], 0)]


@given(some.sampled_from(sorted(LINES)))
def test_a_code_is_found_however_it_is_written(code: str):
    for written in (code, code.lower(), code.replace(".", ""), f"  {code} "):
        assert icd_code(written) == code


@pytest.mark.parametrize(
    "given", ["", "J06.", "J.069", "J06.9 x", "J 06.9", "JJ6.9", "J06.12345", "Ｊ06.9", "J06.9\n.x"]
)
def test_what_is_not_written_as_a_code_is_none(given: str):
    assert icd_code(given) == ""


def test_the_running_hospital_never_imports_the_library_of_codes():
    imports = "import sys, hospital.commands.up, hospital.components.wiring.records"
    program = f"{imports}; sys.exit('simple_icd_10_cm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
