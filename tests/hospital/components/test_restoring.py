"""The databases of components and their heads, saved and put back as docs/operations.md says."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from tests.hospital.components.test_operations import ADMIN, chained, changed, urls
from tests.hospital.processes import Command

__all__ = ["urls"]

PASSWORD = ADMIN[-2:]


def server(program: str, mysql_url: str, *arguments: str, given: bytes | None = None) -> bytes:
    at = make_url(mysql_url)
    who = ("--protocol=TCP", f"--host={at.host}", f"--port={at.port}", f"--user={at.username}")
    environment = {**os.environ, "MYSQL_PWD": str(at.password or "")}
    return subprocess.run(
        (program, *who, *arguments), input=given, env=environment, capture_output=True, check=True
    ).stdout


def found(*programs: str) -> str:
    """The first of them that is there."""
    program = next(filter(shutil.which, programs), None)
    if program is None:
        missing = f"none of {' and '.join(programs)} (apt-get install mariadb-client)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    return program


def test_a_head_that_was_signed_after_the_dump_is_found_and_goes_with_the_heads_that_were_saved(
    urls: dict[str, URL], mysql_url: str, command: Command, tmp_path: Path
):
    dump, client = found("mariadb-dump", "mysqldump"), found("mariadb", "mysql")
    heads = tmp_path / "data" / "audit-heads.jsonl"
    assert command("create-admin", "--email", "before@example.com", *PASSWORD)[0] == 0
    chained()
    saved_heads = heads.read_bytes()
    names = [str(url.database) for url in urls.values()]
    saved = server(dump, mysql_url, "--single-transaction", "--databases", *names)
    assert command("create-admin", "--email", "after@example.com", *PASSWORD)[0] == 0
    chained()
    for url in urls.values():
        changed(make_url(mysql_url), f"DROP DATABASE {url.database}")
    server(client, mysql_url, given=saved)

    status, out, error = command("verify-audit")
    assert (status, out) == (1, "1 event, 2 signed heads (the last at event 2).\n")
    assert error.startswith("The trail ends at event 1, but event 2 was signed: ")

    heads.write_bytes(saved_heads)
    assert command("verify-audit")[0] == 0
    assert command("create-admin", "--email", "later@example.com", *PASSWORD)[0] == 0
    chained()
    status, out, _ = command("verify-audit")
    assert (status, out.splitlines()[0]) == (0, "2 events, 2 signed heads (the last at event 2).")
