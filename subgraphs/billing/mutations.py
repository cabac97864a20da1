"""The root fields of billing that change something."""

from collections.abc import Awaitable

import strawberry

from subgraphs.billing.context import Info
from subgraphs.billing.inputs import (
    AddInsurancePolicyInput,
    CreateBillInput,
    DecideInsuranceClaimInput,
    PayBillInput,
    RefundPaymentInput,
    SubmitInsuranceClaimInput,
    VoidBillInput,
)
from subgraphs.billing.service import Paid
from subgraphs.billing.tables import BillRow, ClaimRow
from subgraphs.billing.types import (
    Bill,
    BillPayload,
    InsuranceClaim,
    InsuranceClaimPayload,
    InsurancePolicy,
    InsurancePolicyPayload,
    Payment,
    PaymentPayload,
    UserError,
)
from subgraphs.kernel.errors import Refused


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def create_bill(self, info: Info, input: CreateBillInput) -> BillPayload | None:
        return await _bill(info, info.context.service.create_bill(info.context.principal, input.meant()))

    @strawberry.mutation(
        description="CARD and UPI go through the payment provider; CASH, BANK_TRANSFER and INSURANCE are recorded"
        " by the BILLING_CLERK."
    )
    async def pay_bill(self, info: Info, input: PayBillInput) -> PaymentPayload | None:
        return await _payment(info, info.context.service.pay(info.context.principal, input.meant()))

    @strawberry.mutation
    async def refund_payment(self, info: Info, input: RefundPaymentInput) -> PaymentPayload | None:
        service, principal = info.context.service, info.context.principal
        return await _payment(info, service.refund(principal, input.payment_id, input.reason, input.idempotency_key))

    @strawberry.mutation(
        description="The number stays; the appointment may be billed anew. Only where nothing is paid."
    )
    async def void_bill(self, info: Info, input: VoidBillInput) -> BillPayload | None:
        return await _bill(info, info.context.service.void_bill(info.context.principal, input.id, input.reason))

    @strawberry.mutation
    async def add_insurance_policy(self, info: Info, input: AddInsurancePolicyInput) -> InsurancePolicyPayload | None:
        info.context.renew()
        try:
            row = await info.context.service.add_policy(info.context.principal, input.meant())
        except Refused as refused:
            return InsurancePolicyPayload(policy=None, errors=UserError.all_of(refused))
        return InsurancePolicyPayload(policy=InsurancePolicy.of(row), errors=[])

    @strawberry.mutation
    async def submit_insurance_claim(
        self, info: Info, input: SubmitInsuranceClaimInput
    ) -> InsuranceClaimPayload | None:
        return await _claim(info, info.context.service.submit_claim(info.context.principal, input.meant()))

    @strawberry.mutation
    async def decide_insurance_claim(
        self, info: Info, input: DecideInsuranceClaimInput
    ) -> InsuranceClaimPayload | None:
        return await _claim(info, info.context.service.decide_claim(info.context.principal, input.meant()))


async def _bill(info: Info, doing: Awaitable[BillRow]) -> BillPayload:
    info.context.renew()
    try:
        return BillPayload(bill=Bill.of(await doing), errors=[])
    except Refused as refused:
        return BillPayload(bill=None, errors=UserError.all_of(refused))


async def _payment(info: Info, doing: Awaitable[Paid]) -> PaymentPayload:
    info.context.renew()
    try:
        paid = await doing
    except Refused as refused:
        return PaymentPayload(payment=None, bill=None, errors=UserError.all_of(refused))
    return PaymentPayload(payment=Payment.of(paid.payment), bill=Bill.of(paid.bill), errors=[])


async def _claim(info: Info, doing: Awaitable[ClaimRow]) -> InsuranceClaimPayload:
    info.context.renew()
    try:
        return InsuranceClaimPayload(claim=InsuranceClaim.of(await doing), errors=[])
    except Refused as refused:
        return InsuranceClaimPayload(claim=None, errors=UserError.all_of(refused))
