"""A domain under test: its own database, a clock that can be set, tokens of any role, and no network."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from sqlalchemy import Engine, event
from sqlmodel import col, select

from subgraphs.kernel.database import Database
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.settings import Settings
from subgraphs.kernel.tables import OutboxRow
from subgraphs.kernel.tokens import StaticKeys, TokenChecker

ISSUER, AUDIENCE = "http://hospital.test", "hospital"


class SetClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


@dataclass(frozen=True)
class Signer:
    key: ECKey

    def bearer(self, role: str, account_id: str = "", *, seconds: int = 900, **claims: Any) -> str:
        """An Authorization header of that role; further claims are `patient_id`, `doctor_id`, `name`."""
        now = int(time.time())
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": account_id or f"account-of-{role.lower()}",
            "role": role,
            "name": f"{role.lower()}@hospital.test",
            "iat": now,
            "exp": now + seconds,
            **claims,
        }
        header = {"alg": "ES256", "typ": "at+jwt", "kid": self.key.kid}
        return "Bearer " + jwt.encode(header, payload, self.key, algorithms=["ES256"])


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer(ECKey.generate_key("P-256", {"kid": "test"}))


@pytest.fixture
def clock() -> SetClock:
    return SetClock(datetime(2026, 3, 2, 6, 0, tzinfo=UTC))


@pytest.fixture
def tokens(signer: Signer) -> TokenChecker:
    return TokenChecker(StaticKeys(KeySet([signer.key])), issuer=ISSUER, audience=AUDIENCE)


@pytest.fixture
def make_base(
    database_of: Callable[[str], Awaitable[Database]], clock: SetClock, tokens: TokenChecker
) -> Callable[..., Awaitable[Foundation]]:
    """Makes the foundation of a domain by its name, on a migrated database of its own."""

    async def make(name: str, **settings: Any) -> Foundation:
        return Foundation.of(name, await database_of(name), Settings(**settings), clock, tokens)

    return make


@pytest.fixture
def announced_by() -> Callable[[Foundation], Awaitable[list[Envelope]]]:
    """Every event of a domain so far, oldest first."""

    async def read(base: Foundation) -> list[Envelope]:
        async with base.database.reading() as session:
            rows = (await session.exec(select(OutboxRow).order_by(col(OutboxRow.sequence)))).all()
        return [Envelope.from_json(row.body) for row in rows]

    return read


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement as it is run, of any engine."""
    run: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        run.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield run
    event.remove(Engine, "before_cursor_execute", note)


Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def ask() -> Ask:
    """Sends a document to a subgraph: `await ask(subgraph, "{ … }", bearer, name=value)`."""

    async def send(subgraph: Subgraph, document: str, bearer: str | None = None, **variables: Any) -> dict[str, Any]:
        headers = {"authorization": bearer} if bearer else {}
        return await subgraph.execute(document, variables, None, headers)

    return send


@pytest.fixture
async def another_process() -> AsyncIterator[Callable[[Foundation], Foundation]]:
    """The same domain as another process has it: over the same database, with connections of its own."""
    opened: list[Database] = []

    def make(base: Foundation) -> Foundation:
        opened.append(Database(base.database.url.render_as_string(hide_password=False)))
        return Foundation.of(base.name, opened[-1], base.settings, base.clock, base.tokens)

    yield make
    for database in opened:
        await database.close()
