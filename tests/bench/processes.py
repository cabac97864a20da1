"""`make bench-processes`: what the hospital costs as processes over MariaDB and Kafka, and how soon its news arrive.

Exit status 1 where a limit is broken.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from hospital.logs import LogSettings, configure_logs
from tests.bench.arriving import measure_arrivals
from tests.bench.by_hand import serving
from tests.bench.comparing import Comparison
from tests.bench.day import Days
from tests.bench.hospital import PASSWORD, Client
from tests.bench.moving import compare_moving
from tests.bench.over_servers import OverServers, hospital_over_servers
from tests.bench.server import Side
from tests.bench.smtp import taking_mail
from tests.bench.verdicts import Verdicts
from tests.services import kafka, mariadb

_PATIENT = "patient@hospital.example"
_VISITS = 10
_RATES = {20: 600, 50: 750}
"""Bookings a second, and how many."""

_SIGN_UP = (
    "mutation ($input: RegisterPatientInput!) { registerPatient(input: $input) { patient { id } errors { code } } }"
)


async def main() -> bool:
    """Whether all limits held."""
    verdicts = Verdicts()
    with tempfile.TemporaryDirectory() as made:
        scratch, told = Path(made), Path(made) / "mails"
        async with taking_mail(told) as smtp_port, hospital_over_servers(scratch, smtp_port) as hospital:
            await _compare_screens(hospital, scratch)
            free = iter(hospital.slots[_VISITS:])
            for a_second, count in _RATES.items():
                slots = [next(free) for _ in range(count)]
                await measure_arrivals(hospital, slots, told, a_second, verdicts if a_second == min(_RATES) else None)
        await compare_moving(scratch, verdicts)
    return not verdicts.broken


async def _compare_screens(hospital: OverServers, scratch: Path) -> None:
    patient = await _with_visits(hospital)
    side = Side(hospital.answering, hospital.url)
    async with serving(hospital.urls, hospital.url, hospital.session, scratch) as by_hand:
        comparison = Comparison(side, by_hand, hospital.session)
        print("\nOver processes and MariaDB, as CPU time of the router and the subgraphs")
        for what, rounds in (
            ("a screen", await comparison.screens(patient)),
            ("a full screen", await comparison.full_screens(patient)),
        ):
            Verdicts.report(what, rounds)


async def _with_visits(hospital: OverServers) -> Client:
    """A patient who has ten appointments, and a bill of each."""
    patient = hospital.client()
    given: dict[str, Any] = {"name": "Huzaifa", "dob": "1990-01-01", "email": _PATIENT, "password": PASSWORD}
    id = (await patient.ask(_SIGN_UP, input=given))["registerPatient"]["patient"]["id"]
    await patient.sign_in(_PATIENT)
    visits = Days(hospital.staff, hospital.slots[:_VISITS], [id] * _VISITS)
    for name, step in visits.steps.items():
        if name != "pay":
            for number in range(_VISITS):
                await step(number)
    return patient


if __name__ == "__main__":
    for can_run, missing in ((mariadb.can_run, mariadb.MISSING), (kafka.can_run, kafka.MISSING)):
        if not can_run():
            sys.exit(missing)
    configure_logs(LogSettings(level="warning"))
    sys.exit(0 if asyncio.run(main()) else 1)
