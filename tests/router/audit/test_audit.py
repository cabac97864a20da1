"""Every case of the federation audit, answered from the recorded exchanges with its subgraphs.

By the supergraphs published with the audit, and by those that the composer of `schema/` makes of its subgraphs.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from router.supergraph import Supergraph, read_supergraph
from tests.router.audit.cases import EXCHANGES, Case, answer, data_folder, passes, read_cases
from tests.router.audit.composing import INSTALLED, NARROWED, compose, published
from tests.router.audit.exchanges import RecordedTransport, load

FOLDER = data_folder()
MOST_REQUESTS = 398
SOURCES = {"published": published, "composed": compose}

if not FOLDER.is_dir():
    reason = f"The audit's cases are not at {FOLDER}: set HOSPITAL_TEST_FEDERATION_AUDIT to their folder."
    pytest.skip(reason, allow_module_level=True)

CASES = read_cases(FOLDER)


@cache
def supergraphs_of(source: str) -> Mapping[str, Supergraph]:
    return {group: read_supergraph(sdl) for group, sdl in SOURCES[source](FOLDER).items()}


@pytest.fixture(scope="module", params=SOURCES)
def source(request: pytest.FixtureRequest) -> str:
    if request.param == "composed" and not INSTALLED.is_dir():
        pytest.skip("The composer is not installed: `make test` installs it.")
    return str(request.param)


@pytest.fixture(scope="module")
def exchanges() -> Mapping[str, Any]:
    return load(EXCHANGES)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_it_answers_as_the_audit_expects(case: Case, source: str, exchanges: Mapping[str, Any]) -> None:
    transport = RecordedTransport(case.group, exchanges)

    given = await answer(supergraphs_of(source)[case.group], case.query, transport)

    if source == "composed" and str(case) in NARROWED:
        assert given["data"] is None
        assert "can never be of type" in given["errors"][0]["message"]
        return
    assert passes(case, given), f"expected {case.expected}, given {given}"


async def test_it_needs_no_more_requests_than_the_best_known_router(source: str, exchanges: Mapping[str, Any]) -> None:
    count = 0
    for case in CASES:
        transport = RecordedTransport(case.group, exchanges)
        await answer(supergraphs_of(source)[case.group], case.query, transport)
        count += len(transport.requests)

    assert count <= MOST_REQUESTS
