"""Insurance policies, and bills of most visits that took place: paid in several ways, in part, or not yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from hospital.demo.diary import Entry
from hospital.demo.filling import Filling
from hospital.demo.plan import Plan
from subgraphs.billing.rules import ZERO, PaymentMethod
from subgraphs.billing.service.importing import ImportedBill, ImportedClaim, ImportedPayment, ImportedPolicy
from subgraphs.billing.service.insuring import NewPolicy
from subgraphs.kernel.importing import Imported

_BILLED, _INSURED = 0.9, 0.35
_INSURERS = ("Niva Health", "Sanjeevani General", "Lotus Life", "Deccan Mutual")
_COVERAGE = ("50", "70", "80", "90")
_METHODS = (PaymentMethod.CARD, PaymentMethod.UPI, PaymentMethod.CASH, PaymentMethod.BANK_TRANSFER)
_METHOD_WEIGHTS = (35, 30, 25, 10)
_OUTCOMES, _OUTCOME_WEIGHTS = ("paid", "in part", "open"), (75, 10, 15)
_DRUGS = ("0", "0", "120.50", "240", "385.75", "640", "915.25", "1480")
_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class DemoBill:
    """Of the visit; `paid` is how much by hand and how. `claimed` None: not insured; `approved` None: not decided."""

    visit: Entry
    drugs: Decimal
    paid: Decimal
    method: PaymentMethod
    claimed: Decimal | None = None
    approved: Decimal | None = None

    @property
    def facts(self) -> int:
        """How many events it makes: the bill, its payments, the claim and its decision."""
        decided = self.approved is not None
        return 1 + bool(self.paid) + (self.claimed is not None) + decided + bool(self.approved)


def insured(plan: Plan) -> dict[int, Decimal]:
    """By place, the patients who are insured, and how much of a bill is covered (in percent)."""
    drawn = {place: Random(f"{plan.state.seed} policy {place}") for place in range(len(plan.patients))}
    return {place: Decimal(draw.choice(_COVERAGE)) for place, draw in drawn.items() if draw.random() < _INSURED}


def bills(plan: Plan) -> list[DemoBill]:
    covered = insured(plan)
    found = (_bill(plan, entry, covered.get(entry.patient)) for entry in plan.visits if entry.status == "COMPLETED")
    return [bill for bill in found if bill is not None]


def size(plan: Plan) -> int:
    return len(insured(plan)) + len(bills(plan))


async def fill(filling: Filling) -> None:
    service = filling.runtime.domains.billing.service
    await filling.runtime.delivery.settled()
    covered = insured(filling.plan)

    async def take_policies(batch: Sequence[int]) -> Imported:
        return await service.import_policies([_policy(filling, place, covered[place]) for place in batch])

    policies = await filling.in_batches("Insurance policies", list(covered), take_policies)

    async def take_bills(batch: Sequence[DemoBill]) -> Imported:
        return await service.import_bills([_imported(filling, bill, policies) for bill in batch])

    await filling.in_batches("Bills", bills(filling.plan), take_bills)


def _bill(plan: Plan, visit: Entry, coverage: Decimal | None) -> DemoBill | None:
    draw = Random(f"{plan.state.seed} bill {visit.number}")
    if draw.random() > _BILLED:
        return None
    drugs = Decimal(draw.choice(_DRUGS))
    total = drugs + plan.doctors[visit.doctor].given.consultation_fee
    [method] = draw.choices(_METHODS, _METHOD_WEIGHTS)
    [outcome] = draw.choices(_OUTCOMES, _OUTCOME_WEIGHTS)
    if coverage is None:
        return DemoBill(visit, drugs, _by_hand(total, outcome), method)
    claimed = (total * coverage / 100).quantize(Decimal("0.01"))
    approved = None if outcome == "open" else claimed if outcome == "paid" else (claimed / 2).quantize(Decimal(1))
    return DemoBill(visit, drugs, _by_hand(total - claimed, outcome), method, claimed, approved)


def _by_hand(due: Decimal, outcome: str) -> Decimal:
    return {"paid": due, "in part": (due / 2).quantize(Decimal(1)), "open": ZERO}[outcome]


def _policy(filling: Filling, place: int, coverage: Decimal) -> ImportedPolicy:
    draw = Random(f"{filling.plan.state.seed} insurer {place}")
    first = date(filling.plan.state.now.year - 1, 1, 1)
    policy = NewPolicy(
        patient_id=filling.patients[place],
        insurer=draw.choice(_INSURERS),
        policy_number=f"P{draw.randrange(10**7):07d}",
        coverage_percent=coverage,
        valid_from=first,
        valid_to=first + 3 * _YEAR,
    )
    return ImportedPolicy(f"demo:policy/{place}", policy, filling.plan.state.now)


def _imported(filling: Filling, bill: DemoBill, policies: dict[str, str]) -> ImportedBill:
    at = bill.visit.end
    payments = (ImportedPayment(bill.paid, bill.method, at),) if bill.paid else ()
    claim = None
    if bill.claimed is not None:
        policy = policies[f"demo:policy/{bill.visit.patient}"]
        claim = ImportedClaim(policy, bill.claimed, at, bill.approved, at if bill.approved else None)
    key, visit = f"demo:bill/{bill.visit.number}", filling.visits[bill.visit.number]
    return ImportedBill(key, visit, bill.drugs, at, payments, claim)
