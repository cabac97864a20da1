"""Appointments as people live them over the public port: booked, accepted, billed, paid, given back, voided."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.e2e.hospital import Gate

BOOK, ACCEPT = "bookAppointment", "acceptAppointment"
BILL, PAY, REFUND, VOID = "createBill", "payBill", "refundPayment", "voidBill"
MADE = {
    BOOK: "appointment { id }",
    ACCEPT: "appointment { id }",
    BILL: "bill { id }",
    PAY: "payment { id status }",
    REFUND: "payment { id status }",
    VOID: "bill { id }",
}
INPUTS = {ACCEPT: "AppointmentTransitionInput"}
REFUNDS_DECLINED = ("refund_fail", "refund_late_fail")
CONSOLE = ("succeed", "fail", "late", "silent", "refund_fail", "refund_late", "late_fail", "cash")
STRIPE = ("pm_card_visa", "pm_card_chargeDeclined", "pm_upi", "cash")
"""What payments are made with, by the provider that knows it."""

METHODS = {"cash": "CASH", "pm_upi": "UPI"}
DECLINED = {"fail", "late_fail", "pm_card_chargeDeclined"}
SHARES = (("1000",), ("400", "600"), ("700", "400"), ("400", "400", "400"))
"""Of a bill of 1000: in whole, in parts, and more than there is to pay."""


@dataclass(frozen=True)
class Staff:
    """Who is signed in at that gate: headers, those of doctors by their id."""

    gate: Gate
    admin: str
    clerk: str
    doctors: dict[str, str]


@dataclass
class Life:
    """One appointment. What was not answered is asked again with its key; `answered` has the rest, by step.

    `payments` are made at once: token and amount each. `voids` has somebody void the bill at the same time.
    """

    name: str
    doctor: str
    patient: str
    slot: str
    payments: tuple[tuple[str, str], ...]
    refunds: bool
    voids: bool
    answered: dict[str, Any] = field(default_factory=dict)
    is_over: bool = False

    async def go_on(self, staff: Staff) -> None:
        """To its end. Raises what the connection raises."""
        booking = {"doctorId": self.doctor, "patientId": self.patient, "slot": self.slot}
        visit = await self._step(staff, BOOK, staff.admin, booking)
        if not visit["errors"]:
            id = visit["appointment"]["id"]
            await self._step(staff, ACCEPT, staff.doctors[self.doctor], {"id": id})
            amounts = {"drugsAmount": "900", "consultationFee": "100"}
            bill = await self._step(staff, BILL, staff.clerk, {"appointmentId": id} | amounts)
            if not bill["errors"]:
                await self._settle(staff, bill["bill"]["id"])
        self.is_over = True

    async def _settle(self, staff: Staff, bill: str) -> None:
        asked = [self._pay(staff, bill, place) for place in range(len(self.payments))]
        voids = [self._step(staff, VOID, staff.clerk, {"id": bill, "reason": "Wrong"})] if self.voids else []
        await all_of([*voids, *asked])
        paid = [self.answered[f"{PAY} {place}"]["payment"] for place in range(len(self.payments))]
        if self.refunds:
            back = [(place, one["id"]) for place, one in enumerate(paid) if one and one["status"] != "FAILED"]
            await all_of([self._refund(staff, place, id) for place, id in back])

    def _pay(self, staff: Staff, bill: str, place: int) -> Awaitable[Any]:
        token, amount = self.payments[place]
        how = {} if token == "cash" else {"paymentMethodToken": token}
        wanted = {"billId": bill, "amount": amount, "method": METHODS.get(token, "CARD")}
        return self._step(staff, PAY, staff.clerk, wanted | how, place)

    def _refund(self, staff: Staff, place: int, id: str) -> Awaitable[Any]:
        return self._step(staff, REFUND, staff.clerk, {"paymentId": id, "reason": "Given back"}, place)

    async def _step(self, staff: Staff, mutation: str, bearer: str, wanted: dict[str, Any], place: int = 0) -> Any:
        step = f"{mutation} {place}"
        if step not in self.answered:
            key = {} if mutation == VOID else {"idempotencyKey": f"{self.name} {step}"}
            answer = await staff.gate.data(document(mutation), bearer, i=wanted | key)
            self.answered[step] = answer[mutation]
        return self.answered[step]

    def made(self, mutation: str) -> list[str]:
        """The ids that its answers to that mutation named, of those that were not refused."""
        entity = MADE[mutation].partition(" ")[0]
        return [answer[entity]["id"] for answer in self._answers(mutation) if not answer["errors"]]

    def refused(self, *mutations: str) -> list[Any]:
        """The answers to those that were refusals."""
        return [answer for each in mutations for answer in self._answers(each) if answer["errors"]]

    def ends(self) -> dict[str, str]:
        """How each of its payments must end, by id."""
        return {
            answer["payment"]["id"]: self._end(place)
            for place in range(len(self.payments))
            if (answer := self.answered.get(f"{PAY} {place}")) and not answer["errors"]
        }

    def _answers(self, mutation: str) -> list[Any]:
        return [answer for step, answer in self.answered.items() if step.startswith(f"{mutation} ")]

    def _end(self, place: int) -> str:
        token = self.payments[place][0]
        refund = self.answered.get(f"{REFUND} {place}")
        if token in DECLINED:
            return "FAILED"
        return "REFUNDED" if refund and not refund["errors"] and token not in REFUNDS_DECLINED else "SUCCESS"


def document(mutation: str) -> str:
    kind = INPUTS.get(mutation, mutation[0].upper() + mutation[1:] + "Input")
    return f"mutation ($i: {kind}!) {{ {mutation}(input: $i) {{ {MADE[mutation]} errors {{ code }} }} }}"


async def all_of(asked: Iterable[Awaitable[Any]]) -> None:
    """Until each has its answer or none; then raises the first failure."""
    for answer in await asyncio.gather(*asked, return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer


def rivals(
    chance: Random, doctors: list[str], patients: list[str], slots: list[str], tokens: Sequence[str]
) -> list[Life]:
    """Two lives that want the same, for each doctor and slot."""
    wanted = [(doctor, slot) for slot in slots for doctor in doctors]
    lives: list[Life] = []
    for place, (doctor, slot) in enumerate(wanted):
        for name, patient in zip("ab", chance.sample(patients, 2), strict=True):
            payments = tuple((chance.choice(tokens), share) for share in SHARES[place % len(SHARES)])
            refunds, voids = chance.random() < 0.5, chance.random() < 0.2
            lives.append(Life(f"{place}{name}", doctor, patient, slot, payments, refunds, voids))
    return lives
