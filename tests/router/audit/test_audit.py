"""Every case of the federation audit, answered from the recorded exchanges with its subgraphs."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from router.supergraph import Supergraph
from tests.router.audit.cases import EXCHANGES, Case, answer, data_folder, passes, read_cases, read_group
from tests.router.audit.exchanges import RecordedTransport, load

FOLDER = data_folder()
MOST_REQUESTS = 398

if not FOLDER.is_dir():
    reason = f"The audit's cases are not at {FOLDER}: set HOSPITAL_TEST_FEDERATION_AUDIT to their folder."
    pytest.skip(reason, allow_module_level=True)

CASES = read_cases(FOLDER)


@cache
def supergraph_of(group: str) -> Supergraph:
    return read_group(FOLDER, group)


@pytest.fixture(scope="module")
def exchanges() -> Mapping[str, Any]:
    return load(EXCHANGES)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_it_answers_as_the_audit_expects(case: Case, exchanges: Mapping[str, Any]) -> None:
    transport = RecordedTransport(case.group, exchanges)

    given = await answer(supergraph_of(case.group), case.query, transport)

    assert passes(case, given), f"expected {case.expected}, given {given}"


async def test_it_needs_no_more_requests_than_the_best_known_router(exchanges: Mapping[str, Any]) -> None:
    count = 0
    for case in CASES:
        transport = RecordedTransport(case.group, exchanges)
        await answer(supergraph_of(case.group), case.query, transport)
        count += len(transport.requests)

    assert count <= MOST_REQUESTS
