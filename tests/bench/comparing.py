"""Screens and bookings through the router, and the same by hand: CPU time of both, round by round."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.bench.hospital import BOOK, FULL_SCREEN, SCREEN, Client, Slot
from tests.bench.server import Send, Side, cpu_ms_each, some_at_once
from tests.bench.verdicts import Round

SCREENS, BOOKINGS, WARM_UP, ROUNDS = 120, 50, 200, 15
"""Short rounds: what others do on the machine then disturbs both sides of one alike."""


@dataclass(frozen=True)
class Comparison:
    hospital: Side
    by_hand: Side
    session: aiohttp.ClientSession

    async def screens(self, patient: Client) -> list[Round]:
        id = await patient.own_patient()
        return await self._screens(patient, SCREEN, id, f"{self.by_hand.url}/screen/{id}", _same_screen)

    async def full_screens(self, patient: Client) -> list[Round]:
        id = await patient.own_patient()
        return await self._screens(patient, FULL_SCREEN, id, f"{self.by_hand.url}/full-screen/{id}", _same_full_screen)

    async def _screens(
        self, patient: Client, document: str, id: str, url: str, check: Callable[[Any, Any], None]
    ) -> list[Round]:
        async def ours(_: int) -> Any:
            return (await patient.ask(document, id=id))["patient"]

        async def theirs(_: int) -> Any:
            async with self.session.get(url, headers={"Authorization": patient.bearer}) as answer:
                return await answer.json()

        check(await ours(0), await theirs(0))
        await some_at_once(ours, WARM_UP)
        await some_at_once(theirs, WARM_UP)
        return [await self._round(ours, theirs, SCREENS) for _ in range(ROUNDS)]

    async def bookings(self, desk: Client) -> list[Round]:
        """Each for somebody who has none yet: the doctors' free half hours, one after the other."""
        slots = await desk.open_slots()
        patients = [await desk.new_patient(number) for number in range(BOOKINGS * ROUNDS)]
        free = iter(range(len(patients)))
        return [await self._booked(desk, slots, patients, [next(free) for _ in range(BOOKINGS)]) for _ in range(ROUNDS)]

    async def _booked(self, desk: Client, slots: list[Slot], patients: list[str], places: list[int]) -> Round:
        async def ours(number: int) -> None:
            slot, patient = slots[places[number]], patients[places[number]]
            await desk.ask(BOOK, patient=patient, doctor=slot.doctor_id, slot=slot.start)

        async def theirs(number: int) -> None:
            body = _booking(patients[places[number]], slots[places[number]])
            headers = {"Authorization": desk.bearer}
            async with self.session.post(f"{self.by_hand.url}/book", json=body, headers=headers) as answer:
                assert answer.status == 200

        return await self._round(ours, theirs, len(places))

    async def _round(self, ours: Send, theirs: Send, count: int) -> Round:
        return Round(await cpu_ms_each(self.hospital, ours, count), await cpu_ms_each(self.by_hand, theirs, count))


def _same_screen(ours: Any, theirs: Any) -> None:
    assert _ids(ours["appointments"]["nodes"]) == _ids(theirs["appointments"]) != []


def _same_full_screen(ours: Any, theirs: Any) -> None:
    _same_screen(ours, theirs)
    assert ours["bills"]["nodes"] == theirs["bills"]
    assert len(theirs["bills"]) == 10


def _ids(nodes: Any) -> list[str]:
    return [node["id"] for node in nodes]


def _booking(patient_id: str, slot: Slot) -> dict[str, str]:
    return {
        "patientId": patient_id,
        "doctorId": slot.doctor_id,
        "departmentId": slot.department_id,
        "slot": slot.start,
    }
