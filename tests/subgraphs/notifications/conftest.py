"""Notifications under test: the others' events handed to it, the links of a small accounts, and what comes of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subgraphs.accounts.events import AccountInvited, PasswordResetRequested
from subgraphs.appointments.events import AppointmentState
from subgraphs.billing.events import BillState, InsurancePolicyAdded
from subgraphs.kernel.events import Actor, Envelope, Event, envelope
from subgraphs.kernel.ids import new_id
from subgraphs.notifications.app import NotificationsDomain, build
from subgraphs.notifications.rules import Channel
from subgraphs.notifications.service import Outcome, Outgoing
from subgraphs.patients.events import PatientRegistered, PatientState, PatientUpdated

MOBILE, LANDLINE = "+919876543210", "+911126588500"
HOLD = timedelta(minutes=1)
SLOT = datetime(2026, 3, 5, 6, 0, tzinfo=UTC)
LIST = """
query ($filter: NotificationFilter, $first: Int! = 100, $after: String) {
  notifications(filter: $filter, first: $first, after: $after) {
    totalCount
    nodes { id event channel recipient subject body status attempts lastError createdAt sentAt }
    pageInfo { endCursor hasNextPage }
  }
}
"""


@dataclass
class LinksInMemory:
    """Gives the links it has; `down` fails."""

    known: dict[str, str] = field(default_factory=dict)
    down: bool = False

    async def link(self, link_id: str) -> str | None:
        if self.down:
            raise ConnectionError("accounts is down")
        return self.known.get(link_id)


def topic_of(event: Event) -> str:
    match event:
        case PatientState():
            return "patients"
        case AppointmentState():
            return "appointments"
        case BillState() | InsurancePolicyAdded():
            return "billing"
    return "accounts"


@dataclass
class Ward:
    """The domain, and what the tests do with it again and again."""

    domain: NotificationsDomain
    links: LinksInMemory
    ask: Any
    signer: Any
    clock: Any

    @property
    def service(self) -> Any:
        return self.domain.service

    @property
    def admin(self) -> str:
        return str(self.signer.bearer("ADMIN"))

    async def send(self, document: str, bearer: str | None = None, **variables: Any) -> dict[str, Any]:
        return dict(await self.ask(self.domain.subgraph, document, bearer or self.admin, **variables))

    def message(self, event: Event, **fields: Any) -> Envelope:
        at = self.clock.now()
        return envelope(event, id=new_id(), domain=topic_of(event), actor=Actor(), occurred_at=at)

    async def hear(self, *events: Event | Envelope) -> None:
        messages = [each if isinstance(each, Envelope) else self.message(each) for each in events]
        await self.domain.subscribers[0].receive(messages)

    async def patient(self, id: str = "", *, version: int = 1, **fields: Any) -> str:
        given = {"name": "Huzaifa", "email": "huzaifa@example.com", "phone": MOBILE} | fields
        kind = PatientRegistered if version == 1 else PatientUpdated
        patient_id = id or new_id()
        await self.hear(kind(patient_id=patient_id, version=version, **given))
        return patient_id

    async def links_asked(self, *kinds: str) -> list[str]:
        """Their ids, good ones, after the events that announce them."""
        made = []
        for kind in kinds:
            made.append(new_id())
            self.links.known[made[-1]] = f"http://hospital.test#token=secret-{made[-1]}"
            fields: dict[str, Any] = {"account_id": new_id(), "link_id": made[-1], "email": "asha@example.com"}
            invited = kind == "account.invited"
            await self.hear(AccountInvited(role="DOCTOR", **fields) if invited else PasswordResetRequested(**fields))
        return made

    async def all(self, bearer: str | None = None, **wanted: Any) -> list[dict[str, Any]]:
        """The notifications that somebody sees, newest first."""
        answer = await self.send(LIST, bearer, filter=wanted or None)
        assert "errors" not in answer, answer
        return list(answer["data"]["notifications"]["nodes"])

    async def told(self) -> list[tuple[str, str, str]]:
        """What was queued, oldest first: event, channel, recipient."""
        return [(row["event"], row["channel"], row["recipient"]) for row in reversed(await self.all())]

    async def take(self, channel: Channel = Channel.EMAIL, most: int = 100) -> list[Outgoing]:
        return list(await self.service.take(channel, most, HOLD))

    async def settle(self, *messages: Outgoing, error: str | None = None, **more: bool) -> None:
        await self.service.settle([Outcome(message, self.clock.now(), error, **more) for message in messages])


def visit(kind: type[AppointmentState], patient_id: str, **fields: Any) -> AppointmentState:
    known = {
        "appointment_id": new_id(),
        "version": 1,
        "patient_name": "Huzaifa",
        "doctor_id": new_id(),
        "doctor_name": "Dr. Khan",
        "department_id": new_id(),
        "consultation_fee": "100.00",
        "slot": SLOT,
        "end": SLOT + timedelta(minutes=30),
        "status": "PENDING",
        "treats": True,
    }
    return kind(patient_id=patient_id, **known | fields)


def bill(kind: type[BillState], patient_id: str, **fields: Any) -> BillState:
    """Of 1200, of which a payment or claim is about 1000 and the insurance pays 400."""
    known = {
        "bill_id": new_id(),
        "bill_number": "2026-000001",
        "appointment_id": new_id(),
        "patient_name": "Huzaifa",
        "doctor_id": new_id(),
        "drugs_amount": "900.00",
        "consultation_fee": "300.00",
        "total": "1200.00",
        "amount_paid": "0.00",
        "currency": "INR",
        "status": "PENDING",
        "payment_id": new_id(),
        "method": "CARD",
        "amount": "1000.00",
        "claim_id": new_id(),
        "policy_id": new_id(),
        "insurer": "Star Health",
        "approved_amount": "400.00",
        "claim_status": "PARTIALLY_APPROVED",
        "reason": "Wrong card",
    }
    return kind(patient_id=patient_id, **known | fields)


@pytest.fixture
def links() -> LinksInMemory:
    return LinksInMemory()


@pytest.fixture
async def ward(make_base, links, ask, signer, clock) -> Ward:
    domain = build(await make_base("notifications", time_zone="Asia/Kolkata"), links)
    await domain.service.write_defaults()
    return Ward(domain, links, ask, signer, clock)
