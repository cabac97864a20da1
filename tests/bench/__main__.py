"""`make bench`: what screens, bookings, a day's work and mails cost; exit status 1 where a limit is broken."""

import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp

from hospital.logs import LogSettings, configure_logs
from tests.bench import profiles
from tests.bench.by_hand import DOMAINS, serving
from tests.bench.comparing import Comparison
from tests.bench.day import measure_days
from tests.bench.hospital import PASSWORD, Client, Staff, over_http
from tests.bench.mail import compare_mails
from tests.bench.quiet import until_quiet
from tests.bench.server import Side, running
from tests.bench.smtp import taking_mail
from tests.bench.verdicts import Verdicts
from tests.services.ports import spare_port

AT_MOST_TIMES, FULL_SCREENS_A_SECOND = 4.0, 180.0


async def main() -> bool:
    """Whether all limits held."""
    verdicts = Verdicts()
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        async with taking_mail() as smtp_port:
            async with _hospital(scratch, smtp_port) as hospital, _session() as session:
                staff = await Staff.of(over_http(hospital.url, session))
                await _compare(scratch, hospital, session, staff, verdicts)
                await measure_days(hospital, staff, scratch / "data")
            await profiles.print_all(scratch / "data", hospital.url, smtp_port)
    await compare_mails(verdicts)
    return not verdicts.broken


async def _compare(
    scratch: Path, hospital: Side, session: aiohttp.ClientSession, staff: Staff, verdicts: Verdicts
) -> None:
    patient = Client(over_http(hospital.url, session))
    await patient.sign_in("patient@hospital.example")
    async with _by_hand(scratch, hospital, session) as by_hand:
        comparison = Comparison(hospital, by_hand, session)
        print("\nA screen: a patient, ten appointments, their doctors")
        verdicts.at_most(await comparison.screens(patient), AT_MOST_TIMES)
        print("\nA full screen: the same, and ten bills")
        full = await comparison.full_screens(patient)
        verdicts.at_most(full, AT_MOST_TIMES)
        verdicts.faster_than(full, FULL_SCREENS_A_SECOND)
        print("\nA booking: the answer and all that it brings about, against its bare transaction")
        verdicts.at_most(await comparison.bookings(staff.desk), AT_MOST_TIMES)


def _session() -> aiohttp.ClientSession:
    """Drops an idle connection before the servers do."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=2))


@asynccontextmanager
async def _hospital(scratch: Path, smtp_port: int) -> AsyncIterator[Side]:
    port, data = spare_port(), scratch / "data"
    url = f"http://127.0.0.1:{port}"
    up = ["hospital", "up", "--demo", "--demo-password", PASSWORD, "--port", str(port), "--data", str(data)]
    smtp = {"HOSPITAL_SMTP_HOST": "127.0.0.1", "HOSPITAL_SMTP_PORT": str(smtp_port), "HOSPITAL_SMTP_TLS": "none"}
    print("Filling a hospital with demo data …", flush=True)
    async with running(up, f"{url}/readyz", scratch / "hospital.log", smtp) as pid:
        yield Side((pid,), url, partial(until_quiet, data))


@asynccontextmanager
async def _by_hand(scratch: Path, hospital: Side, session: aiohttp.ClientSession) -> AsyncIterator[Side]:
    """The handlers by hand, over a copy of the hospital's databases and with its public keys."""
    copy = scratch / "copy"
    copy.mkdir()
    for name in DOMAINS:
        _copy_database(scratch / "data" / f"{name}.db", copy / f"{name}.db")
    urls = {name: f"sqlite+aiosqlite:///{copy / name}.db" for name in DOMAINS}
    async with serving(urls, hospital.url, session, scratch) as by_hand:
        yield by_hand


def _copy_database(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as known, sqlite3.connect(target) as made:
        known.backup(made)


if __name__ == "__main__":
    configure_logs(LogSettings(level="warning"))
    sys.exit(0 if asyncio.run(main()) else 1)
