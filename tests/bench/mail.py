"""`python -m tests.bench.mail`: mails a second that the sender gets through a local SMTP server, against a bare loop.

The server is a process of its own; both sides send the same messages, ours from rows in a database that are then
marked.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtplib import SMTP
from sqlmodel import func, select

from hospital.logs import LogSettings, configure_logs
from subgraphs.appointments.events import AppointmentBooked
from subgraphs.kernel.clock import SystemClock
from subgraphs.kernel.database import Database
from subgraphs.kernel.events import Actor, envelope
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.migrate import migrate
from subgraphs.kernel.settings import Settings
from subgraphs.notifications.app import NotificationsDomain, build
from subgraphs.notifications.rules import Channel
from subgraphs.notifications.tables import NotificationRow
from subgraphs.patients.events import PatientRegistered
from tests.bench.smtp import taking_mail
from tests.bench.verdicts import Verdicts
from workers.email.sender import email_sender
from workers.email.settings import SmtpSettings, Tls
from workers.email.smtp import SmtpMailbox

MAILS, AT_LEAST = 10_000, 0.5
_AT_ONCE = 250


class _NoLinks:
    async def link(self, link_id: str) -> str | None:
        return None


async def compare_mails(verdicts: Verdicts, mails: int = MAILS) -> None:
    print(f"\n{mails:,} mails through a local SMTP server, against a bare loop that sends as many")
    async with taking_mail() as port:
        with tempfile.TemporaryDirectory() as scratch:
            async with _notifications(Path(scratch)) as domain:
                await _queue(domain, mails)
                ours = await _ours(domain, port, mails)
        bare = await _bare(port, mails)
    measured = f"{ours:.0f} a second, a bare loop {bare:.0f}: {ours / bare:.2f} of it"
    verdicts.at_least(measured, ours / bare, AT_LEAST)


@asynccontextmanager
async def _notifications(folder: Path) -> AsyncIterator[NotificationsDomain]:
    database, clock, tokens = Database(f"sqlite+aiosqlite:///{folder}/notifications.db"), SystemClock(), Any
    await migrate(database, "notifications")
    domain = build(Foundation.of("notifications", database, Settings(), clock, tokens), _NoLinks())  # type: ignore[arg-type]
    await domain.service.write_defaults()
    yield domain
    await database.close()


async def _queue(domain: NotificationsDomain, mails: int) -> None:
    patient_id, now = new_id(), domain.base.clock.now()
    patient = PatientRegistered(patient_id=patient_id, version=1, name="Huzaifa", email="huzaifa@example.com")
    booked = AppointmentBooked(
        appointment_id=new_id(),
        version=1,
        patient_id=patient_id,
        patient_name="Huzaifa",
        doctor_id=new_id(),
        doctor_name="Dr. Khan",
        department_id=new_id(),
        consultation_fee="0.00",
        slot=now,
        end=now,
        status="PENDING",
        treats=True,
    )
    events = [("patients", patient), *[("appointments", booked)] * mails]
    for start in range(0, len(events), _AT_ONCE):
        await domain.subscribers[0].receive(
            [
                envelope(event, id=new_id(), domain=topic, actor=Actor(), occurred_at=now)
                for topic, event in events[start : start + _AT_ONCE]
            ]
        )


async def _ours(domain: NotificationsDomain, port: int, mails: int) -> float:
    mailbox = SmtpMailbox(SmtpSettings(host="127.0.0.1", port=port, tls=Tls.NONE), "no-reply@hospital.example")
    sender = email_sender(domain.service, mailbox, domain.base.clock, rest=mailbox.rest, lanes=4)
    began = time.perf_counter()
    task = asyncio.create_task(sender.run())
    await _emptied(domain)
    spent = time.perf_counter() - began
    sender.stop()
    await task
    return mails / spent


async def _emptied(domain: NotificationsDomain) -> None:
    queued = select(func.count()).where(NotificationRow.channel == Channel.EMAIL, NotificationRow.status == "QUEUED")
    while True:
        async with domain.base.database.reading() as session:
            if (await session.exec(queued)).one() == 0:
                return
        await asyncio.sleep(0.2)


async def _bare(port: int, mails: int) -> float:
    began = time.perf_counter()
    async with SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        for number in range(mails):
            await client.send_message(_message(number))
    return mails / (time.perf_counter() - began)


def _message(number: int) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "no-reply@hospital.example", "huzaifa@example.com"
    message["Subject"], message["Message-ID"] = f"Appointment {number}", f"<{number}@hospital.example>"
    text = "Dear Huzaifa,\n\nYou asked for an appointment with Dr. Khan on 2026-03-02 at 11:30 (UTC).\n\n"
    message.set_content(text * 2)
    message.add_alternative(f"<p>{text * 2}</p>", subtype="html")
    return message


if __name__ == "__main__":
    configure_logs(LogSettings(level="warning"))
    found = Verdicts()
    asyncio.run(compare_mails(found, *map(int, sys.argv[1:2])))
    sys.exit(1 if found.broken else 0)
