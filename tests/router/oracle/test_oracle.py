"""Operations by chance over schemas by chance, other ones each time; HOSPITAL_TEST_ORACLE_SEED repeats them."""

import os
import random
import sys
from collections.abc import Iterator

import pytest

from tests.router.oracle.composer import INSTALLED, Composer
from tests.router.oracle.hunt import as_test, hunt
from tests.router.oracle.shrink import shrink

OPERATIONS = 200
OVER_EACH = 10
SEED = int(os.environ.get("HOSPITAL_TEST_ORACLE_SEED") or random.randrange(10**9))

if not INSTALLED.is_dir():
    pytest.skip("The composer is not installed: `make test` installs it.", allow_module_level=True)


@pytest.fixture(scope="module")
def composer() -> Iterator[Composer]:
    with Composer() as running:
        yield running


@pytest.mark.timeout(300)  # what fails is shrunk first
async def test_the_router_answers_as_the_whole_schema_does(composer: Composer) -> None:
    sys.stdout.write(f"HOSPITAL_TEST_ORACLE_SEED={SEED}\n")
    async for found in hunt(OPERATIONS, SEED, composer, OVER_EACH):
        if found.differences:
            small = await shrink(found.failing, composer)
            pytest.fail(f"HOSPITAL_TEST_ORACLE_SEED={SEED}\n{as_test(small, found.differences)}")
