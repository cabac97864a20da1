"""Where the time of screens, bookings and days goes, in a hospital that runs in this process."""

from collections.abc import Awaitable
from pathlib import Path

from tests.bench.day import Days, free_slots
from tests.bench.hospital import BOOK, FULL_SCREEN, SCREEN, Client, Staff
from tests.bench.server import some_at_once
from tests.bench.shares import Here, Work, hospital_here, print_shares

SCREENS, BOOKINGS, DAYS, WARM_UP = 300, 100, 20, 50


async def print_all(data: Path, url: str, smtp_port: int) -> None:
    print("\nWhere the time goes, without HTTP")
    async with hospital_here(data, url, smtp_port) as here:
        staff, patient = await Staff.of(here.post), Client(here.post)
        await patient.sign_in("patient@hospital.example")
        await _screens(patient, "screen", SCREEN)
        await _screens(patient, "full screen", FULL_SCREEN)
        await _bookings(here, staff.desk)
        await _days(here, staff)


async def _screens(patient: Client, what: str, document: str) -> None:
    id = await patient.own_patient()

    async def ask(count: int) -> None:
        await some_at_once(lambda _: patient.ask(document, id=id), count, at_once=1)

    await ask(WARM_UP)
    await print_shares(f"a {what}", SCREENS, lambda: ask(SCREENS), lambda: ask(SCREENS))


async def _bookings(here: Here, desk: Client) -> None:
    slots = await desk.open_slots()
    patients = [await desk.new_patient(number) for number in range(2 * BOOKINGS)]

    def booking(first: int) -> Work:
        async def book(number: int) -> None:
            place = first + number
            slot = slots[-1 - place]
            await desk.ask(BOOK, patient=patients[place], doctor=slot.doctor_id, slot=slot.start)

        return lambda: _all_done(here, some_at_once(book, BOOKINGS))

    await here.until_quiet()
    await print_shares("a booking", BOOKINGS, booking(0), booking(BOOKINGS))


async def _days(here: Here, staff: Staff) -> None:
    slots = await free_slots(staff)
    clocked = await Days.planned(staff, slots[:DAYS], "clocked")
    profiled = await Days.planned(staff, slots[DAYS : 2 * DAYS], "profiled")
    await here.until_quiet()
    await print_shares("a day", DAYS, lambda: _whole(here, clocked), lambda: _whole(here, profiled))


async def _whole(here: Here, days: Days) -> None:
    for step in days.steps.values():
        await _all_done(here, some_at_once(step, DAYS))


async def _all_done(here: Here, work: Awaitable[None]) -> None:
    await work
    await here.until_quiet()
