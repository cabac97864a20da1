"""What the gateways sign in JavaScript is what components check in Python: both are held by signature.json."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from subgraphs.kernel.signatures import Asked, Guard, Keyring, NotSigned
from tests.gateways.serving import FOLDER, NODE

SIGN = """
import { readFileSync } from "node:fs";
import { signature } from "./signature.mjs";
const { asked, signing } = JSON.parse(readFileSync("signature.json", "utf8"));
process.stdout.write(signature(asked, signing));
"""


@pytest.fixture
def vector() -> Any:
    return json.loads((FOLDER / "signature.json").read_text("utf-8"))


@pytest.fixture
def guard(vector: Any, tmp_path: Path) -> Guard:
    signing, file = vector["signing"], tmp_path / "callers.json"
    file.write_text(json.dumps({signing["caller"]: {signing["id"]: signing["key"]}}))
    return Guard(frozenset({signing["caller"]}), Keyring(file), lambda: float(signing["time"]))


def asked(vector: Any, **changed: Any) -> Asked:
    given = vector["asked"] | {"body": vector["asked"]["body"].encode()} | changed
    return Asked(**given)


def test_components_take_it(vector: Any, guard: Guard):
    assert guard.check(asked(vector), vector["header"]) == "router"


@pytest.mark.parametrize("part", [{"method": "GET"}, {"path": "/"}, {"body": b"{}"}, {"authorization": "Bearer e"}])
def test_components_take_it_for_nothing_else(vector: Any, guard: Guard, part: dict[str, Any]):
    with pytest.raises(NotSigned):
        guard.check(asked(vector, **part), vector["header"])


@pytest.mark.skipif(not NODE.exists(), reason="no Node beside Python")
def test_gateways_make_it(vector: Any):
    command = [str(NODE), "--input-type=module", "--eval", SIGN]
    made = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=True, timeout=30)
    assert made.stdout == vector["header"]
