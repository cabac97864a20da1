"""How long after a booking's answer its mail is at the SMTP server, and its event at a subscriber."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.hospital import BOOK, Slot
from tests.bench.over_servers import OverServers
from tests.bench.server import some_at_once
from tests.bench.verdicts import Verdicts
from tests.e2e.sockets import Changes, listening_to

P99_MS = 250.0
_LAST_WITHIN_SECONDS = 30.0
_CHANGED = "subscription { appointmentStatusChanged { appointment { id } status } }"


@dataclass
class Arrivals:
    """By appointment when it was answered and when its event came; by address when mail came. Monotonic seconds."""

    answered: dict[str, float] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    events: dict[str, float] = field(default_factory=dict)
    mails: dict[str, float] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        return self.answered.keys() <= self.events.keys() and set(self.addresses.values()) <= self.mails.keys()

    def event_waits(self) -> list[float]:
        return sorted(self.events[id] - at for id, at in self.answered.items())

    def mail_waits(self) -> list[float]:
        return sorted(self.mails[self.addresses[id]] - at for id, at in self.answered.items())


async def measure_arrivals(
    hospital: OverServers, slots: Sequence[Slot], told: Path, a_second: int, verdicts: Verdicts | None
) -> None:
    """Without verdicts it is reported alone."""
    print(f"\n{len(slots)} bookings, {a_second} a second: from the answer to the mail, and to the subscription's event")
    patients = await _patients(hospital, len(slots), f"at{a_second}")
    async with listening_to(hospital.url, hospital.staff.desk.bearer, _CHANGED) as changes:
        arrivals = Arrivals()
        listening = asyncio.create_task(_listen(changes, arrivals))
        await _book_all(hospital, slots, patients, a_second, arrivals)
        await _until_complete(arrivals, told)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    for what, waits in (("mail", arrivals.mail_waits()), ("event", arrivals.event_waits())):
        _judge(what, waits, verdicts)


async def _patients(hospital: OverServers, count: int, label: str) -> list[tuple[str, str]]:
    """Ids and addresses; each has had no mail before."""
    known: list[tuple[str, str]] = []

    async def register(number: int) -> None:
        address = f"{label}.{number}@example.com"
        known.append((await hospital.staff.desk.new_patient(number, address), address))

    await some_at_once(register, count)
    return known


async def _listen(changes: Changes, arrivals: Arrivals) -> None:
    while True:
        change = await changes.next(seconds=120)
        arrivals.events.setdefault(change["appointment"]["id"], time.monotonic())


async def _book_all(
    hospital: OverServers, slots: Sequence[Slot], patients: Sequence[tuple[str, str]], a_second: int, into: Arrivals
) -> None:
    """At even distances, whatever the answers take."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as bookings:
        for number, (slot, (patient, address)) in enumerate(zip(slots, patients, strict=True)):
            await asyncio.sleep(max(0.0, began + number / a_second - time.monotonic()))
            bookings.create_task(_book(hospital, slot, patient, address, into))
    print(f"  booked in {time.monotonic() - began:.1f} s", flush=True)


async def _book(hospital: OverServers, slot: Slot, patient: str, address: str, into: Arrivals) -> None:
    answer = await hospital.staff.desk.ask(BOOK, patient=patient, doctor=slot.doctor_id, slot=slot.start)
    id = answer["bookAppointment"]["appointment"]["id"]
    into.answered[id], into.addresses[id] = time.monotonic(), address


async def _until_complete(arrivals: Arrivals, told: Path) -> None:
    async with asyncio.timeout(_LAST_WITHIN_SECONDS):
        while not arrivals.is_complete:
            await asyncio.sleep(0.2)
            arrivals.mails |= _mails(told)


def _mails(told: Path) -> dict[str, float]:
    """By address when its last one came."""
    lines = (line.split() for line in told.read_text().splitlines())
    return {address: float(at) for at, address in lines}


def _judge(what: str, waits: Sequence[float], verdicts: Verdicts | None) -> None:
    middle, late = (waits[int(len(waits) * share)] * 1000 for share in (0.5, 0.99))
    measured = f"{what}: {middle:.0f} ms in the middle, {late:.0f} ms for 99 of 100"
    if verdicts is None:
        print(f"  {measured}", flush=True)
    else:
        verdicts.within(measured, late, P99_MS)
