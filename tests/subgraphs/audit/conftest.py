"""Audit under test: messages as other domains would send them, a heads file, and a hand inside the database."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.audit.app import AuditDomain, build
from subgraphs.audit.heads import HeadsFile
from subgraphs.audit.tables import AuditEventRow
from subgraphs.kernel.events import Actor, Envelope
from subgraphs.kernel.ids import new_id

FIELDS = (
    "id sequence action outcome type resourceType resourceId patientId patient { id } actorId actorName actorRole"
    " reason occurredAt recordedAt previousHash hash"
)
EVENTS = f"""query ($filter: AuditEventFilter, $first: Int = 20, $after: String) {{
  auditEvents(filter: $filter, first: $first, after: $after) {{
    nodes {{ {FIELDS} }} edges {{ cursor }} pageInfo {{ hasNextPage hasPreviousPage endCursor }}
  }}
}}"""
CHAIN = "{ auditChain { length headHash intact firstBrokenSequence } }"
KEY = b"a key of the heads of thirty-two bytes"


@pytest.fixture
def heads(tmp_path) -> HeadsFile:
    return HeadsFile(tmp_path / "audit-heads.jsonl", KEY)


@pytest.fixture
async def audit(make_base, heads) -> AuditDomain:
    return build(await make_base("audit"), heads)


@pytest.fixture
def message(clock) -> Callable[..., Envelope]:
    """A message as it comes off the wire; keywords are audit attributes."""

    def make(
        actor: Actor | None = None, *, id: str | None = None, at: datetime | None = None, **given: Any
    ) -> Envelope:
        attributes = {"type": "bill.paid", "action": "UPDATE", "outcome": "SUCCESS", "resourcetype": "Bill"} | given
        whole = Envelope(
            id=id or new_id(),
            topic="hospital.billing",
            type=str(attributes["type"]),
            schema_version=1,
            key="key",
            occurred_at=at or clock.now(),
            actor=actor or Actor(),
            audit=attributes,
            data={},
        )
        return Envelope.from_json(whole.to_json())

    return make


@pytest.fixture
def tell(audit, message) -> Callable[..., Awaitable[Envelope]]:
    """Brings a message to the trail."""

    async def bring(actor: Actor | None = None, **given: Any) -> Envelope:
        made = message(actor, **given)
        await audit.subscribers[0].receive([made])
        return made

    return bring


@pytest.fixture
def tell_all(audit) -> Callable[[Iterable[Envelope]], Awaitable[None]]:
    """Brings many in one transaction."""

    async def bring(messages: Iterable[Envelope]) -> None:
        [subscriber] = audit.subscribers
        await audit.base.database.transaction(lambda session: subscriber.apply(session, list(messages)))

    return bring


@pytest.fixture
def trail(audit) -> Callable[[], Awaitable[list[AuditEventRow]]]:
    async def read() -> list[AuditEventRow]:
        async with audit.base.database.reading() as session:
            return list(await session.exec(select(AuditEventRow).order_by(AuditEventRow.sequence)))

    return read


@pytest.fixture
def tamper(audit) -> Callable[..., Awaitable[None]]:
    """Runs a statement behind the hospital's back."""

    async def run(statement: str, **values: Any) -> None:
        async def work(session: AsyncSession) -> None:
            await (await session.connection()).execute(text(statement), values)

        await audit.base.database.transaction(work)

    return run


@pytest.fixture
def auditor(signer) -> str:
    return signer.bearer("AUDITOR")


@pytest.fixture
def look(audit, ask, auditor) -> Callable[..., Awaitable[Any]]:
    """The connection that auditEvents gives, to the auditor unless another bearer is given."""

    async def send(bearer: str | None = auditor, **variables: Any) -> Any:
        answer = await ask(audit.subgraph, EVENTS, bearer, **variables)
        assert "errors" not in answer, answer
        return answer["data"]["auditEvents"]

    return send


@pytest.fixture
def chain(audit, ask, auditor) -> Callable[[], Awaitable[dict[str, Any]]]:
    async def send() -> dict[str, Any]:
        answer = await ask(audit.subgraph, CHAIN, auditor)
        assert "errors" not in answer, answer
        return answer["data"]["auditChain"]

    return send
