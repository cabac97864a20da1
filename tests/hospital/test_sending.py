"""Where mail and SMS of a whole hospital go out, as the settings say."""

import asyncio
from datetime import date

import pytest

from hospital.problems import CannotDo
from hospital.runtime import Runtime, keeping_time
from hospital.sending_settings import SendingSettings
from hospital.settings import read_sending_settings
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.notifications.service import Wanted
from subgraphs.patients.service.importing import ImportedPatient
from tests.workers.post import PostOffice, open_office

DESK = Principal("desk", RoleName.RECEPTIONIST, "desk@example.com")


async def invite(runtime: Runtime, *numbers: int) -> list[str]:
    """Invites new patients one after another; gives their addresses."""
    patients, accounts = runtime.domains.patients.service, runtime.domains.accounts.service
    addresses = [f"p{number:02}@example.com" for number in numbers]
    batch = [ImportedPatient(email, "Huzaifa", date(1990, 1, 1), email=email) for email in addresses]
    imported = await patients.import_patients(batch)
    await runtime.delivery.settled()
    for email in addresses:
        await accounts.invite(DESK, imported.ids[email], None)
    await runtime.delivery.settled()
    return addresses


async def until_taken(office: PostOffice, count: int) -> None:
    async with asyncio.timeout(30):
        while True:
            if len(office.taken) >= count:
                return
            await asyncio.sleep(0.02)


async def test_with_an_smtp_server_mail_goes_there_and_not_into_the_mailbox(runtime: Runtime):
    office = PostOffice()
    async with open_office(office) as smtp, keeping_time(runtime, SendingSettings(smtp)):
        addresses = await invite(runtime, 1, 2)
        await until_taken(office, 2)
    assert sorted(office.recipients) == addresses
    assert office.senders == ["no-reply@127.0.0.1"] * 2
    assert await runtime.domains.mailbox.count() == 0
    assert f"{runtime.settings.public_url}#token=" in office.taken[0][1].as_string()


async def test_what_was_queued_while_nothing_was_sent_is_caught_up_in_order(runtime: Runtime):
    office = PostOffice()
    addresses = await invite(runtime, *range(12))
    async with open_office(office) as smtp:
        smtp = smtp.model_copy(update={"connections": 1})
        async with keeping_time(runtime, SendingSettings(smtp)):
            await until_taken(office, 12)
    assert office.recipients == addresses


async def test_one_that_is_refused_stops_nobody(runtime: Runtime):
    office = PostOffice(at_rcpt={"p01@example.com": "550 nobody here", "p02@example.com": "451 later"})
    addresses = await invite(runtime, *range(5))
    async with open_office(office) as smtp, keeping_time(runtime, SendingSettings(smtp)):
        await until_taken(office, 3)
    assert sorted(office.recipients) == [addresses[0], *addresses[3:]]
    admin = Principal("admin", RoleName.ADMIN, "admin@example.com")
    service = runtime.domains.notifications.service
    from_all = await service.notifications(admin, Wanted(), 10, None)
    rows = {row.recipient: row for row in from_all.page.rows}
    assert (rows[addresses[1]].status, rows[addresses[1]].last_error) == ("FAILED", "550 nobody here")
    assert (rows[addresses[2]].status, rows[addresses[2]].attempts) == ("QUEUED", 1)
    assert "451 later" in rows[addresses[2]].last_error


@pytest.mark.parametrize(
    ("name", "value"), [("HOSPITAL_SMTP_PORT", "many"), ("HOSPITAL_SMS_PROVIDER", "twilio"), ("HOSPITAL_SMTP_TLS", "?")]
)
def test_a_setting_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(CannotDo, match="HOSPITAL_SM"):
        read_sending_settings()
