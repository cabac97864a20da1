"""The rows that billing owns, its ledger, and its copies of appointments and patients."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Index, MetaData, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kernel.columns import ExactText, Instant, LongText, Money, PlainText

_registry = registry()
METADATA: MetaData = _registry.metadata


class BillingTable(SQLModel, registry=_registry):
    pass


class BillRow(BillingTable, table=True):
    """`reserved` is what payments without an answer may take yet; the contact is as it was at the billing.

    `billed_appointment_id` is the appointment's while the bill is not void: unique, so an appointment has one bill.
    """

    __tablename__ = "bills"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("billed_appointment_id"),
        UniqueConstraint("import_key"),
        Index("ix_bills_created_at", "created_at", "id"),
        Index("ix_bills_patient_id", "patient_id", "created_at", "id"),
        Index("ix_bills_status", "status", "created_at", "id"),
        Index("ix_bills_billed_on", "billed_on"),
    )

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    number: str = Field(sa_type=ExactText(16))
    import_key: str | None = Field(default=None, sa_type=ExactText(200))
    appointment_id: str = Field(sa_type=ExactText(36))
    billed_appointment_id: str | None = Field(default=None, sa_type=ExactText(36))
    patient_id: str = Field(sa_type=ExactText(36))
    patient_name: str = Field(sa_type=PlainText(200))
    patient_email: str | None = Field(default=None, sa_type=PlainText(320))
    patient_phone: str | None = Field(default=None, sa_type=PlainText(64))
    doctor_id: str = Field(sa_type=ExactText(36))
    drugs_amount: Decimal = Field(sa_type=Money)
    consultation_fee: Decimal = Field(sa_type=Money)
    total: Decimal = Field(sa_type=Money)
    paid: Decimal = Field(sa_type=Money)
    reserved: Decimal = Field(sa_type=Money)
    currency: str = Field(sa_type=ExactText(3))
    status: str = Field(sa_type=ExactText(16))
    billed_on: date
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class NumberRow(BillingTable, table=True):
    """The last number of a year: taken in the transaction of its bill, and so given back when that fails."""

    __tablename__ = "bill_numbers"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int


class PaymentRow(BillingTable, table=True):
    """`reference` is what the provider calls it; `token` is there until the provider has said what became of it.

    `ask_at` is when the provider is to be asked (again) how the payment, or its refund, stands; None: it has said.
    `asks` counts how often it was asked. `refund_number` counts the refunds that were begun; of the last, `refund_key`
    is the idempotency key as claims have it, and `refund_failure` what the provider said who gave nothing back.
    """

    __tablename__ = "payments"
    __table_args__ = (Index("ix_payments_bill_id", "bill_id", "id"), Index("ix_payments_ask_at", "ask_at"))

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    bill_id: str = Field(sa_type=ExactText(36))
    claim_id: str | None = Field(default=None, sa_type=ExactText(36))
    amount: Decimal = Field(sa_type=Money)
    method: str = Field(sa_type=ExactText(16))
    status: str = Field(sa_type=ExactText(16))
    token: str | None = Field(default=None, sa_type=ExactText(200))
    reference: str | None = Field(default=None, sa_type=ExactText(255))
    asks: int = 0
    ask_at: datetime | None = Field(default=None, sa_type=Instant)
    refund_number: int = 0
    refund_reason: str | None = Field(default=None, sa_type=LongText)
    refund_failure: str | None = Field(default=None, sa_type=LongText)
    refund_key: str | None = Field(default=None, sa_type=ExactText(64))
    by_account_id: str | None = Field(default=None, sa_type=ExactText(36))
    by_name: str | None = Field(default=None, sa_type=PlainText(320))
    by_role: str | None = Field(default=None, sa_type=ExactText(16))
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class PolicyRow(BillingTable, table=True):
    __tablename__ = "insurance_policies"
    __table_args__ = (
        UniqueConstraint("import_key"),
        Index("ix_insurance_policies_patient_id", "patient_id", "created_at", "id"),
    )

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    import_key: str | None = Field(default=None, sa_type=ExactText(200))
    patient_id: str = Field(sa_type=ExactText(36))
    insurer: str = Field(sa_type=PlainText(200))
    policy_number: str = Field(sa_type=PlainText(200))
    coverage_percent: Decimal = Field(sa_type=Money)
    valid_from: date
    valid_to: date
    created_at: datetime = Field(sa_type=Instant)


class ClaimRow(BillingTable, table=True):
    """`paid` is what the insurer has paid of it."""

    __tablename__ = "insurance_claims"
    __table_args__ = (
        Index("ix_insurance_claims_bill_id", "bill_id", "created_at", "id"),
        Index("ix_insurance_claims_claimed_on", "claimed_on"),
    )

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    bill_id: str = Field(sa_type=ExactText(36))
    policy_id: str = Field(sa_type=ExactText(36))
    patient_id: str = Field(sa_type=ExactText(36))
    amount: Decimal = Field(sa_type=Money)
    approved_amount: Decimal | None = Field(default=None, sa_type=Money)
    paid: Decimal = Field(sa_type=Money)
    status: str = Field(sa_type=ExactText(24))
    reason: str | None = Field(default=None, sa_type=LongText)
    claimed_on: date
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class EntryRow(BillingTable, table=True):
    """A line of the ledger, never changed: `amount` is a debit, or where it is below 0 a credit.

    The lines of one `movement` add up to nothing.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        Index("ix_ledger_entries_day", "day", "account"),
        Index("ix_ledger_entries_bill_id", "bill_id"),
    )

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    movement: str = Field(sa_type=ExactText(36))
    account: str = Field(sa_type=ExactText(24))
    amount: Decimal = Field(sa_type=Money)
    bill_id: str = Field(sa_type=ExactText(36))
    doctor_id: str = Field(sa_type=ExactText(36))
    subject_id: str = Field(sa_type=ExactText(36))
    day: date
    at: datetime = Field(sa_type=Instant)


class AppointmentCopyRow(BillingTable, table=True):
    """An appointment as of `version`; the fee is as it was at the booking."""

    __tablename__ = "appointment_copies"

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    version: int
    patient_id: str = Field(sa_type=ExactText(36))
    doctor_id: str = Field(sa_type=ExactText(36))
    consultation_fee: Decimal = Field(sa_type=Money)
    status: str = Field(sa_type=ExactText(16))


class PatientCopyRow(BillingTable, table=True):
    """A patient as of `version`: whom a policy may be of, and where mail about bills goes."""

    __tablename__ = "patient_copies"

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    version: int
    name: str = Field(sa_type=PlainText(200))
    email: str | None = Field(default=None, sa_type=PlainText(320))
    phone: str | None = Field(default=None, sa_type=PlainText(64))
