"""The first tables"""

import sqlalchemy as sa
from alembic import op

from subgraphs.kernel import columns
from subgraphs.kernel.migrate import ensure_index, ensure_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    ensure_table(
        op,
        "appointment_copies",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=False),
        sa.Column("consultation_fee", columns.Money(), nullable=False),
        sa.Column("status", columns.ExactText(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_table(
        op,
        "bill_numbers",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year"),
    )
    ensure_table(
        op,
        "bills",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("number", columns.ExactText(length=16), nullable=False),
        sa.Column("import_key", columns.ExactText(length=200), nullable=True),
        sa.Column("appointment_id", columns.ExactText(length=36), nullable=False),
        sa.Column("billed_appointment_id", columns.ExactText(length=36), nullable=True),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("patient_name", columns.PlainText(length=200), nullable=False),
        sa.Column("patient_email", columns.PlainText(length=320), nullable=True),
        sa.Column("patient_phone", columns.PlainText(length=64), nullable=True),
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=False),
        sa.Column("drugs_amount", columns.Money(), nullable=False),
        sa.Column("consultation_fee", columns.Money(), nullable=False),
        sa.Column("total", columns.Money(), nullable=False),
        sa.Column("paid", columns.Money(), nullable=False),
        sa.Column("reserved", columns.Money(), nullable=False),
        sa.Column("currency", columns.ExactText(length=3), nullable=False),
        sa.Column("status", columns.ExactText(length=16), nullable=False),
        sa.Column("billed_on", sa.Date(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("billed_appointment_id"),
        sa.UniqueConstraint("import_key"),
        sa.UniqueConstraint("number"),
    )
    ensure_index(op, "ix_bills_billed_on", "bills", ["billed_on"], unique=False)
    ensure_index(op, "ix_bills_created_at", "bills", ["created_at", "id"], unique=False)
    ensure_index(op, "ix_bills_patient_id", "bills", ["patient_id", "created_at", "id"], unique=False)
    ensure_index(op, "ix_bills_status", "bills", ["status", "created_at", "id"], unique=False)
    ensure_table(
        op,
        "insurance_claims",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("bill_id", columns.ExactText(length=36), nullable=False),
        sa.Column("policy_id", columns.ExactText(length=36), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("amount", columns.Money(), nullable=False),
        sa.Column("approved_amount", columns.Money(), nullable=True),
        sa.Column("paid", columns.Money(), nullable=False),
        sa.Column("status", columns.ExactText(length=24), nullable=False),
        sa.Column("reason", columns.LongText(), nullable=True),
        sa.Column("claimed_on", sa.Date(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_index(op, "ix_insurance_claims_bill_id", "insurance_claims", ["bill_id", "created_at", "id"], unique=False)
    ensure_index(op, "ix_insurance_claims_claimed_on", "insurance_claims", ["claimed_on"], unique=False)
    ensure_table(
        op,
        "insurance_policies",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("import_key", columns.ExactText(length=200), nullable=True),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("insurer", columns.PlainText(length=200), nullable=False),
        sa.Column("policy_number", columns.PlainText(length=200), nullable=False),
        sa.Column("coverage_percent", columns.Money(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("import_key"),
    )
    ensure_index(
        op, "ix_insurance_policies_patient_id", "insurance_policies", ["patient_id", "created_at", "id"], unique=False
    )
    ensure_table(
        op,
        "ledger_entries",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("movement", columns.ExactText(length=36), nullable=False),
        sa.Column("account", columns.ExactText(length=24), nullable=False),
        sa.Column("amount", columns.Money(), nullable=False),
        sa.Column("bill_id", columns.ExactText(length=36), nullable=False),
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=False),
        sa.Column("subject_id", columns.ExactText(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_index(op, "ix_ledger_entries_bill_id", "ledger_entries", ["bill_id"], unique=False)
    ensure_index(op, "ix_ledger_entries_day", "ledger_entries", ["day", "account"], unique=False)
    ensure_table(
        op,
        "patient_copies",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", columns.PlainText(length=200), nullable=False),
        sa.Column("email", columns.PlainText(length=320), nullable=True),
        sa.Column("phone", columns.PlainText(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_table(
        op,
        "payments",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("bill_id", columns.ExactText(length=36), nullable=False),
        sa.Column("claim_id", columns.ExactText(length=36), nullable=True),
        sa.Column("amount", columns.Money(), nullable=False),
        sa.Column("method", columns.ExactText(length=16), nullable=False),
        sa.Column("status", columns.ExactText(length=16), nullable=False),
        sa.Column("token", columns.ExactText(length=200), nullable=True),
        sa.Column("reference", columns.ExactText(length=255), nullable=True),
        sa.Column("asks", sa.Integer(), nullable=False),
        sa.Column("ask_at", columns.Instant(), nullable=True),
        sa.Column("refund_number", sa.Integer(), nullable=False),
        sa.Column("refund_reason", columns.LongText(), nullable=True),
        sa.Column("by_account_id", columns.ExactText(length=36), nullable=True),
        sa.Column("by_name", columns.PlainText(length=320), nullable=True),
        sa.Column("by_role", columns.ExactText(length=16), nullable=True),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_index(op, "ix_payments_ask_at", "payments", ["ask_at"], unique=False)
    ensure_index(op, "ix_payments_bill_id", "payments", ["bill_id", "id"], unique=False)
