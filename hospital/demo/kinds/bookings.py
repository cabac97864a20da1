"""Appointments to come: booked by the desk, or the patient who has a login; decided on by the doctors."""

from hospital.demo.diary import Entry
from hospital.demo.filling import Filling
from hospital.demo.kinds.logins import DESK_EMAIL
from hospital.demo.people import PATIENT_EMAIL
from hospital.demo.plan import Plan
from hospital.demo.silence import silent
from subgraphs.appointments.service import Booking, Request
from subgraphs.appointments.service.transitions import ACCEPT, CANCEL, REJECT, Transition
from subgraphs.kernel.errors import Refused

_DECISIONS: dict[str, Transition] = {"ACCEPTED": ACCEPT, "REJECTED": REJECT, "CANCELLED": CANCEL}


def size(plan: Plan) -> int:
    return len(plan.bookings)


async def fill(filling: Filling) -> None:
    for entry in filling.plan.bookings:
        await _book(filling, entry)
        filling.advanced("Appointments", 1)


async def _book(filling: Filling, entry: Entry) -> None:
    """One that cannot be booked any more, as its time has come meanwhile, is left out."""
    service = silent(filling.runtime.domains.appointments.service)
    patient, doctor = filling.patients[entry.patient], filling.doctors[entry.doctor]
    booker = filling.logins[DESK_EMAIL if entry.patient else PATIENT_EMAIL]
    booking = Booking(patient, doctor, entry.start, entry.notes, f"demo:book/{entry.number}")
    try:
        row = await service.book(booker, booking)
        decision = _DECISIONS.get(entry.status)
        if decision is not None:
            email = filling.plan.doctors[entry.doctor].given.email or ""
            decider = booker if decision is CANCEL else filling.logins[email]
            asked = Request(row.id, entry.reason, idempotency_key=f"demo:decide/{entry.number}")
            await service.perform(decider, decision, asked)
    except Refused:
        return
