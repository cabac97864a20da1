"""What every refusal has in common: it comes soon, is clear, and says nothing of the inside."""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.hospital import Answer

SECONDS = 3.0
"""Bounded, on a machine that does much else at the same time; alone each takes milliseconds."""

CODES = {"UNAUTHENTICATED", "BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}
INSIDE = re.compile(
    r"traceback|\.py\b|/work/|/tmp/|site-packages|sqlalchemy|sqlite|aiosqlite|select .* from |subgraphs\.|strawberry"
    r"|pydantic|asyncio|orjson|keyerror|typeerror|valueerror|nonetype|0x[0-9a-f]{6}",
    re.IGNORECASE,
)


@contextmanager
def quickly() -> Iterator[None]:
    """What keeps the one loop busy for good is interrupted: everybody's requests would wait for it."""
    before = signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, 2 * SECONDS)
    start = time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < SECONDS


def _interrupt(number: int, frame: object) -> None:
    raise TimeoutError("the loop was not given back")


def check_refused(answer: Answer) -> None:
    """A clear refusal, which says nothing of the inside."""
    assert answer.status in {200, 400, 401, 405, 406, 413, 415}, answer.text[:300]
    assert answer.headers["content-type"].split(";")[0] in {"application/json", "application/graphql-response+json"}
    assert answer.codes, answer.text[:300]
    assert set(answer.codes) <= CODES, answer.text[:300]
    assert all(error["message"] for error in answer.body["errors"])
    data = answer.body.get("data")
    assert data is None or set(data.values()) <= {None}
    assert INSIDE.search(answer.text) is None, answer.text[:500]
    assert len(answer.text) < 10_000
