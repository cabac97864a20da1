"""House rules that no linter holds."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    path
    for room in ("subgraphs", "router", "workers", "hospital", "schema", "tests")
    for path in (ROOT / room).rglob("*.py")
    if "node_modules" not in path.parts
]


def test_no_file_is_longer_than_400_lines():
    long = {
        str(path.relative_to(ROOT)): lines for path in SOURCES if (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_no_file_is_a_helper_bin():
    bins = {"utils", "helpers", "common", "manager", "base_service", "misc"}
    assert [str(path.relative_to(ROOT)) for path in SOURCES if path.stem in bins] == []


def test_only_transaction_commits():
    """A source of messages has a `commit` too, and so has the connection of SQLite; migrations commit their own."""
    commits = re.compile(r"(?<!source)(?<!consumer)(?<!cursor\.connection)\.commit\(")
    committing = {path.name for path in SOURCES if "tests" not in path.parts and commits.search(path.read_text())}
    assert committing == {"database.py", "migrate.py"}
