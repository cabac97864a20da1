"""The gateways are Node's, and not of this project's own set-up."""

import os

import pytest

from tests.gateways.serving import FOLDER, NODE

pytest.register_assert_rewrite("tests.gateways.life")


@pytest.fixture(scope="session")
def equipped() -> None:
    missing = [str(path) for path in (NODE, FOLDER / "node_modules" / ".installed") if not path.exists()]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"missing: {missing}")
    if missing:
        pytest.skip(
            f"NOT TESTED behind other gateways, missing: {missing} (make tests/gateways/node_modules/.installed)"
        )
