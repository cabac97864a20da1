"""Billing's rows of who may see and do what."""

from subgraphs.kernel.access import Deed, Seat, Thing, seat_towards
from subgraphs.kernel.principal import Principal, RoleName

_TYPES = {
    "Bill": (
        *("id", "number", "appointment", "patient", "patientEmail", "drugsAmount", "consultationFee", "total"),
        *("amountPaid", "balance", "currency", "status", "payments", "claims", "createdAt", "updatedAt"),
    ),
    "Payment": ("id", "bill", "claim", "amount", "method", "status", "createdAt"),
    "InsurancePolicy": ("id", "patient", "insurer", "policyNumber", "coveragePercent", "validFrom", "validTo"),
    "InsuranceClaim": (
        *("id", "bill", "policy", "amount", "approvedAmount", "status", "reason", "createdAt", "updatedAt"),
    ),
}
_REPORT_TYPES = {
    "BillingReport": ("from", "to", "billed", "collected", "outstanding", "claimed", "byDay", "byDoctor"),
    "BillingDay": ("day", "billed", "collected"),
    "BillingByDoctor": ("doctorId", "doctor", "billed", "collected"),
}

BILL = Thing(
    name="bill, payments, policies, claims",
    fields=(
        *("Query.bill", "Query.bills", "Query.insuranceClaim"),
        *("Patient.bills", "Patient.insurancePolicies", "Appointment.bill"),
        *(f"{kind}.{name}" for kind, names in _TYPES.items() for name in names),
    ),
    seen_by=frozenset({Seat.OWN, Seat.BILLING_CLERK, Seat.ADMIN}),
)

REPORT = Thing(
    name="billing report",
    fields=(
        "Query.billingReport",
        *(f"{kind}.{name}" for kind, names in _REPORT_TYPES.items() for name in names),
    ),
    seen_by=frozenset({Seat.BILLING_CLERK, Seat.ADMIN}),
)

_CLERK = frozenset({RoleName.BILLING_CLERK})

BILLING = Deed(
    "create a bill, add a policy, submit and decide claims",
    ("createBill", "addInsurancePolicy", "submitInsuranceClaim", "decideInsuranceClaim"),
    _CLERK,
)
PAY = Deed("pay a bill", ("payBill",), _CLERK | {RoleName.PATIENT})
VOID = Deed("void a bill, refund a payment", ("voidBill", "refundPayment"), _CLERK)

THINGS = (BILL, REPORT)
DEEDS = (BILLING, PAY, VOID)


def sees_bills_of(principal: Principal | None, patient_id: str) -> bool:
    return BILL.may_see(seat_towards(principal, patient_id))


def sees_every_bill(principal: Principal | None) -> bool:
    return seat_towards(principal, None) in BILL.seen_by


def sees_some_bill(principal: Principal | None) -> bool:
    return sees_bills_of(principal, (principal.patient_id or "") if principal else "")
