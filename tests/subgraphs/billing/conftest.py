"""Billing with appointments and patients that it knows by their events, as it does in the hospital."""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import settings
from sqlmodel import col, select

from subgraphs.appointments.events import AppointmentAccepted
from subgraphs.billing.app import BillingDomain, build
from subgraphs.billing.ledger import OWED, Account
from subgraphs.billing.service import asking
from subgraphs.billing.tables import BillRow, EntryRow, PaymentRow
from subgraphs.kernel.events import Actor, Envelope, Event, envelope
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.tables import OutboxRow
from subgraphs.patients.events import PatientRegistered

settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")

BILL = "bill { id number status total amountPaid balance consultationFee drugsAmount currency patientEmail }"
PAYMENT = f"payment {{ id status amount method }} {BILL}"
CLAIM = "claim { id status amount approvedAmount reason }"
POLICY = "policy { id insurer policyNumber coveragePercent validFrom validTo }"
SELECTIONS = {
    "createBill": BILL,
    "voidBill": BILL,
    "payBill": PAYMENT,
    "refundPayment": PAYMENT,
    "addInsurancePolicy": POLICY,
    "submitInsuranceClaim": CLAIM,
    "decideInsuranceClaim": CLAIM,
}
_keys = count(1)


@dataclass
class House:
    """The domain under test, and everybody in it: `clerk` and `as_patient(id)` are Authorization headers."""

    domain: BillingDomain
    bearer: Callable[..., str]
    send: Callable[..., Awaitable[dict[str, Any]]]
    versions: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def base(self) -> Foundation:
        return self.domain.base

    @property
    def clerk(self) -> str:
        return self.bearer("BILLING_CLERK")

    def as_patient(self, id: str) -> str:
        return self.bearer("PATIENT", f"account-{id[-12:]}", patient_id=id)

    async def hear(self, domain: str, fact: Event) -> None:
        message = envelope(fact, id=new_id(), domain=domain, actor=Actor(), occurred_at=self.base.clock.now())
        for subscriber in self.domain.subscribers:
            await subscriber.receive([message])

    async def patient(self, id: str | None = None, **changes: Any) -> str:
        patient_id = id or new_id()
        self.versions[patient_id] += 1
        known: dict[str, Any] = {"name": "Huzaifa", "email": "h@example.com", "phone": "+919876543210"} | changes
        fact = PatientRegistered(patient_id=patient_id, version=self.versions[patient_id], **known)
        await self.hear("patients", fact)
        return patient_id

    async def visit(self, patient: str | None = None, id: str | None = None, **changes: Any) -> str:
        """An accepted appointment with a fee of 100, or an update of one."""
        appointment_id, patient_id = id or new_id(), patient or await self.patient()
        self.versions[appointment_id] += 1
        known: dict[str, Any] = {
            "appointment_id": appointment_id,
            "version": self.versions[appointment_id],
            "patient_id": patient_id,
            "patient_name": "Huzaifa",
            "doctor_id": new_id(),
            "doctor_name": "Dr. Huzaifa",
            "department_id": new_id(),
            "consultation_fee": Decimal("100.00"),
            "slot": self.base.clock.now(),
            "end": self.base.clock.now(),
            "status": "ACCEPTED",
            "treats": True,
        }
        await self.hear("appointments", AppointmentAccepted(**(known | changes)))
        return appointment_id

    async def ask(self, document: str, bearer: str | None = None, **variables: Any) -> Any:
        """The `data` of the answer, which must hold no errors."""
        answer = await self.send(self.domain.subgraph, document, bearer, **deepcopy(variables))
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def refused(self, document: str, bearer: str | None = None, **variables: Any) -> str:
        """The code of the first error of the answer."""
        answer = await self.send(self.domain.subgraph, document, bearer, **variables)
        return answer["errors"][0]["extensions"]["code"]

    def document(self, mutation: str) -> str:
        kind = mutation[0].upper() + mutation[1:] + "Input"
        return (
            f"mutation ($input: {kind}!) {{ done: {mutation}(input: $input)"
            f" {{ {SELECTIONS[mutation]} errors {{ code field message }} }} }}"
        )

    async def do(self, mutation: str, bearer: str | None = None, /, **wanted: Any) -> Any:
        """The payload of a mutation, by the clerk unless somebody else is named."""
        return (await self.ask(self.document(mutation), bearer or self.clerk, input=wanted))["done"]

    async def done(self, mutation: str, bearer: str | None = None, /, **wanted: Any) -> Any:
        payload = await self.do(mutation, bearer, **wanted)
        assert payload["errors"] == [], payload
        return payload

    async def bill(self, visit: str | None = None, drugs: str = "900", **more: Any) -> Any:
        wanted = {"appointmentId": visit or await self.visit(), "drugsAmount": drugs, **more}
        return (await self.done("createBill", **wanted))["bill"]

    async def pay(self, bill: Any, bearer: str | None = None, **wanted: Any) -> Any:
        """The payload of a payment, by card unless something else is said, with a key of its own."""
        known = {"billId": bill["id"], "method": "CARD", "idempotencyKey": f"key {next(_keys)}"}
        return await self.do("payBill", bearer, **(known | wanted))

    async def paid(self, bill: Any, **wanted: Any) -> Any:
        payload = await self.pay(bill, **wanted)
        assert payload["errors"] == [], payload
        return payload

    async def refund(self, payment: Any, **wanted: Any) -> Any:
        known = {"paymentId": payment["id"], "reason": "Paid twice", "idempotencyKey": f"key {next(_keys)}"}
        return await self.do("refundPayment", **(known | wanted))

    async def policy(self, patient: str, **wanted: Any) -> Any:
        known = {
            "patientId": patient,
            "insurer": "Star Health",
            "policyNumber": "SH-1",
            "coveragePercent": "80",
            "validFrom": "2026-01-01",
            "validTo": "2026-12-31",
        }
        return (await self.done("addInsurancePolicy", **(known | wanted)))["policy"]

    async def claim(self, bill: Any, policy: Any, approved: str | None = None, **wanted: Any) -> Any:
        known = {"billId": bill["id"], "policyId": policy["id"]} | wanted
        claim = (await self.done("submitInsuranceClaim", **known))["claim"]
        if approved is not None:
            claim = (await self.done("decideInsuranceClaim", id=claim["id"], approvedAmount=approved))["claim"]
        return claim

    async def read(self, bill: Any, selection: str = "") -> Any:
        document = f"query ($id: ID!) {{ bill(id: $id) {{ {selection or BILL[6:-1]} }} }}"
        return (await self.ask(document, self.clerk, id=bill["id"]))["bill"]

    async def envelopes(self) -> list[Envelope]:
        """What was announced, in order."""
        async with self.base.database.reading() as session:
            rows = (await session.exec(select(OutboxRow).order_by(col(OutboxRow.sequence)))).all()
        return [Envelope.from_json(row.body) for row in rows]

    async def outbox(self) -> list[tuple[str, dict[str, Any]]]:
        """Type and data of what was announced."""
        return [(message.type, message.data) for message in await self.envelopes()]

    async def announced(self) -> list[str]:
        return [type for type, _ in await self.outbox()]

    async def rows(self, row_class: Any) -> list[Any]:
        async with self.base.database.reading() as session:
            return list((await session.exec(select(row_class))).all())

    async def check_books(self) -> None:
        """Bills, payments and the ledger say the same."""
        entries, payments = await self.rows(EntryRow), await self.rows(PaymentRow)
        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for entry in entries:
            sums["movement", entry.movement] += entry.amount
            sums[entry.bill_id, "owed" if Account(entry.account) in OWED else "else"] += entry.amount
        assert all(amount == 0 for (kind, _), amount in sums.items() if kind == "movement")
        for bill in await self.rows(BillRow):
            own = [payment for payment in payments if payment.bill_id == bill.id]
            paid = sum(payment.amount for payment in own if payment.status == "SUCCESS")
            pending = sum(payment.amount for payment in own if payment.status == "PENDING")
            assert (bill.paid, bill.reserved, bill.total) == (paid, pending, bill.drugs_amount + bill.consultation_fee)
            assert 0 <= bill.paid + bill.reserved <= bill.total
            assert sums[bill.id, "owed"] == (0 if bill.status == "VOID" else bill.total - bill.paid)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that does not answer is waited for a moment alone."""
    monkeypatch.setattr(asking, "ANSWERS_WITHIN_SECONDS", 0.2)


@pytest.fixture
async def house(make_base, signer, ask, quick) -> AsyncIterator[House]:
    opened = House(build(await make_base("billing")), signer.bearer, ask)
    yield opened
    await opened.check_books()


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["errors"]]


def fields(payload: dict[str, Any]) -> list[Any]:
    return [error["field"] for error in payload["errors"]]
