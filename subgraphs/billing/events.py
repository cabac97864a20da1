"""What billing announces: ids, amounts, states and where mail about them goes; never what a card is known by."""

from decimal import Decimal

from subgraphs.kernel.events import Action, Event, Outcome


class BillState(Event):
    """The bill as it now is; `bill_number` is what people call it by. The contact is as it was at the billing."""

    action = Action.UPDATE
    resource_type = "Bill"

    bill_id: str
    bill_number: str
    appointment_id: str
    patient_id: str
    patient_name: str
    patient_email: str | None = None
    patient_phone: str | None = None
    doctor_id: str
    total: Decimal
    amount_paid: Decimal
    currency: str
    status: str
    imported: bool = False

    def key(self) -> str:
        return self.bill_id

    def audited_patient(self) -> str | None:
        return self.patient_id


class BillCreated(BillState):
    """A bill was made for an appointment."""

    type = "bill.created"
    action = Action.CREATE

    drugs_amount: Decimal
    consultation_fee: Decimal


class BillVoided(BillState):
    """The bill is not to be paid any more."""

    type = "bill.voided"

    reason: str

    def audited_reason(self) -> str | None:
        return self.reason


class BillPaid(BillState):
    """A payment of the bill succeeded: one event each, `amount` is the payment's, in full or in part of the bill."""

    type = "bill.paid"

    payment_id: str
    amount: Decimal
    method: str
    claim_id: str | None = None


class PaymentState(BillState):
    """What became of a payment; `reason` is fit for people to read."""

    resource_type = "Payment"

    payment_id: str
    amount: Decimal
    method: str
    claim_id: str | None = None
    reason: str | None = None

    def audited_resource(self) -> str | None:
        return self.payment_id

    def audited_reason(self) -> str | None:
        return self.reason


class PaymentFailed(PaymentState):
    """A payment did not succeed."""

    type = "payment.failed"
    outcome = Outcome.FAILED


class PaymentRefunded(PaymentState):
    """A payment was given back."""

    type = "payment.refunded"


class PaymentRefundFailed(PaymentState):
    """The provider did not give a payment back: it stays as it is; `reason` is the provider's."""

    type = "payment.refund_failed"
    outcome = Outcome.FAILED


class InsurancePolicyAdded(Event):
    """A patient is insured by that insurer."""

    type = "insurance_policy.added"
    action = Action.CREATE
    resource_type = "InsurancePolicy"

    policy_id: str
    patient_id: str
    insurer: str
    imported: bool = False

    def key(self) -> str:
        return self.policy_id

    def audited_patient(self) -> str | None:
        return self.patient_id


class ClaimState(BillState):
    """The claim as it now is; `amount` is what was claimed, `claim_status` its state."""

    resource_type = "InsuranceClaim"

    claim_id: str
    policy_id: str
    insurer: str
    amount: Decimal
    approved_amount: Decimal | None = None
    claim_status: str
    reason: str | None = None

    def audited_resource(self) -> str | None:
        return self.claim_id

    def audited_reason(self) -> str | None:
        return self.reason


class ClaimSubmitted(ClaimState):
    """An insurer was asked to pay."""

    type = "claim.submitted"
    action = Action.CREATE


class ClaimDecided(ClaimState):
    """The insurer has decided."""

    type = "claim.decided"


EVENTS = (
    BillCreated,
    BillVoided,
    BillPaid,
    PaymentFailed,
    PaymentRefunded,
    PaymentRefundFailed,
    InsurancePolicyAdded,
    ClaimSubmitted,
    ClaimDecided,
)
