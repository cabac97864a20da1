"""The list of codes, as set-up has made it and as others could."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from subgraphs.records.codes import FILE, Codes, NoCodes
from subgraphs.records.rules import icd_code

LINES = dict(line.split("\t") for line in FILE.read_text("utf-8").splitlines())


def test_every_code_is_found_with_its_words():
    codes = Codes()
    assert len(LINES) > 70_000
    assert {code: codes.display(code) for code in LINES} == LINES


@given(some.text(alphabet="AEJSXZ0159.\t\n ~é", max_size=9))
def test_nothing_else_is_found(text: str):
    assert Codes().display(text) == LINES.get(text)


@given(some.sampled_from(sorted(LINES)), some.integers(1, 7))
def test_a_category_has_its_first_code_below_it(code: str, length: int):
    below = sorted(other for other in (code[:length], code) if other in LINES)
    found = Codes().first_below(code[:length])
    if code[:length] in LINES:
        assert found is None
    else:
        assert found is not None
        assert found.startswith(code[:length])
        assert found <= below[0]


@given(some.sampled_from(sorted(LINES)))
def test_a_code_is_found_however_it_is_written(code: str):
    for written in (code, code.lower(), code.replace(".", ""), f"  {code} "):
        assert icd_code(written) == code


@pytest.mark.parametrize(
    "given", ["", "J06.", "J.069", "J06.9 x", "J 06.9", "JJ6.9", "J06.12345", "Ｊ06.9", "J06.9\n.x"]
)
def test_what_is_not_written_as_a_code_is_none(given: str):
    assert icd_code(given) == ""


def test_a_small_list_of_ones_own(tmp_path: Path):
    path = tmp_path / "codes.tsv"
    path.write_text("A00.0\tCholera\nB1\té\n", "utf-8")
    codes = Codes(path)
    assert [codes.display(code) for code in ("A00.0", "B1", "A", "A00", "C", "")] == ["Cholera", "é", *[None] * 4]


@pytest.mark.parametrize("content", [None, b""])
def test_no_list_is_said_at_once(tmp_path: Path, content: bytes | None):
    path = tmp_path / "codes.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NoCodes, match="`make setup` makes them"):
        Codes(path)


def test_the_running_hospital_never_imports_the_library_of_codes():
    program = "import sys, hospital.__main__; sys.exit('simple_icd_10_cm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
