"""A day's work, from the booking to the payment: many days side by side, step by step."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.bench.hospital import BOOK, Client, Slot, Staff
from tests.bench.server import Send, Side, cpu_ms_each

DAYS, ROUNDS = 30, 3
MAILS_A_DAY, AUDITED_A_DAY = 4, 7
"""Booked, accepted, billed, paid; and of every step one event."""

_DOCTOR = "doctor@hospital.example"
_MOVE = "mutation ($id: ID!) {{ {}(input: {{id: $id}}) {{ appointment {{ id status }} errors {{ code }} }} }}"
_RECORD = """
mutation Record($patient: ID!, $appointment: ID!) {
  createMedicalRecord(input: {
    patientId: $patient, appointmentId: $appointment, description: "Routine checkup"
    diagnoses: [{code: "J06.9"}], medicines: [{name: "Paracetamol", dosage: "500mg", duration: "5 days"}]
  }) { medicalRecord { id revisitingDate } errors { code } }
}
"""
_BILL = """
mutation Bill($appointment: ID!) {
  createBill(input: {appointmentId: $appointment, drugsAmount: "900"}) { bill { id total status } errors { code } }
}
"""
_PAY = """
mutation Pay($bill: ID!, $key: String!) {
  payBill(input: {billId: $bill, method: CARD, idempotencyKey: $key}) {
    payment { id status } bill { status } errors { code }
  }
}
"""


@dataclass(frozen=True)
class Days:
    """As many days as there are slots, each of another patient who has an e-mail address."""

    staff: Staff
    slots: list[Slot]
    patients: list[str]
    _appointments: dict[int, str] = field(default_factory=dict)
    _bills: dict[int, str] = field(default_factory=dict)

    @classmethod
    async def planned(cls, staff: Staff, slots: list[Slot], label: str) -> Self:
        """`label` tells the patients' addresses from those of other days."""
        addresses = [f"{label}.{number}@example.com" for number in range(len(slots))]
        patients = [await staff.desk.new_patient(number, email) for number, email in enumerate(addresses)]
        return cls(staff, slots, patients)

    @property
    def steps(self) -> dict[str, Send]:
        return {
            "book": self._book,
            "accept": self._moved("acceptAppointment", self.staff.doctor),
            "check in": self._moved("checkInAppointment", self.staff.desk),
            "write a record": self._write_record,
            "complete": self._moved("completeAppointment", self.staff.doctor),
            "bill": self._bill,
            "pay": self._pay,
        }

    async def _book(self, number: int) -> None:
        slot = self.slots[number]
        wanted = {"patient": self.patients[number], "doctor": slot.doctor_id, "slot": slot.start}
        answer = await self.staff.desk.ask(BOOK, **wanted)
        self._appointments[number] = answer["bookAppointment"]["appointment"]["id"]

    def _moved(self, mutation: str, who: Client) -> Send:
        document = _MOVE.format(mutation)

        async def move(number: int) -> None:
            await who.ask(document, id=self._appointments[number])

        return move

    async def _write_record(self, number: int) -> None:
        of = {"patient": self.patients[number], "appointment": self._appointments[number]}
        await self.staff.doctor.ask(_RECORD, **of)

    async def _bill(self, number: int) -> None:
        answer = await self.staff.clerk.ask(_BILL, appointment=self._appointments[number])
        self._bills[number] = answer["createBill"]["bill"]["id"]

    async def _pay(self, number: int) -> None:
        answer = await self.staff.clerk.ask(_PAY, bill=self._bills[number], key=self._bills[number])
        assert answer["payBill"]["bill"]["status"] == "PAID"


async def free_slots(staff: Staff) -> list[Slot]:
    """Of the doctor who works here."""
    return await staff.desk.open_slots(_DOCTOR, months=2)


async def measure_days(hospital: Side, staff: Staff, data: Path) -> None:
    """Prints how many days a CPU second has, and what each step takes of one."""
    slots = await free_slots(staff)
    print("\nA day's work: from the booking to the payment, the mails sent to a local SMTP server, all of it audited")
    for turn in range(ROUNDS):
        days = await Days.planned(staff, slots[turn * DAYS : (turn + 1) * DAYS], f"round{turn}")
        await hospital.until_quiet()
        before = _left_behind(data)
        spent = {name: await cpu_ms_each(hospital, step, DAYS) for name, step in days.steps.items()}
        mails, audited = (now - then for now, then in zip(_left_behind(data), before, strict=True))
        assert (mails, audited) == (MAILS_A_DAY * DAYS, AUDITED_A_DAY * DAYS), (mails, audited)
        _print(spent)


def _print(spent: dict[str, float]) -> None:
    whole = sum(spent.values())
    steps = ", ".join(f"{name} {ms:.1f}" for name, ms in spent.items())
    print(f"  {whole:.1f} ms of CPU time, {1000 / whole:.1f} a CPU second ({steps})", flush=True)


def _left_behind(data: Path) -> tuple[int, int]:
    """How many mails were sent so far, and how many events stand in the audit trail."""
    mails = "SELECT count(*) FROM notifications WHERE status = 'SENT' AND channel = 'EMAIL'"
    return _count(data / "notifications.db", mails), _count(data / "audit.db", "SELECT count(*) FROM audit_events")


def _count(file: Path, statement: str) -> int:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        [(count,)] = database.execute(statement)
        return int(count)
