"""The domains of one hospital in one process: built on their databases, each given what it asks of the others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from alembic.util import CommandError
from sqlalchemy.exc import DatabaseError, DBAPIError

from hospital.folder import DataFolder
from hospital.mailbox.durable import DurableMailbox
from hospital.names import MIGRATED_BY, NAMES
from hospital.problems import CannotDo
from hospital.secret import heads_key, secret_of
from subgraphs.accounts import app as accounts
from subgraphs.accounts.app import AccountsDomain
from subgraphs.accounts.keys import PublishedKeys
from subgraphs.accounts.rules import AUDIENCE
from subgraphs.appointments import app as appointments
from subgraphs.appointments.app import AppointmentsDomain
from subgraphs.audit import app as audit
from subgraphs.audit.app import AuditDomain
from subgraphs.audit.heads import HeadsFile
from subgraphs.billing import app as billing
from subgraphs.billing.app import BillingDomain
from subgraphs.doctors import app as doctors
from subgraphs.doctors.app import DoctorsDomain
from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database
from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.migrate import upgrade
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.settings import Settings
from subgraphs.kernel.tokens import TokenChecker
from subgraphs.notifications import app as notifications
from subgraphs.notifications.app import NotificationsDomain
from subgraphs.patients import app as patients
from subgraphs.patients.app import PatientsDomain
from subgraphs.records import app as records
from subgraphs.records.app import RecordsDomain

Domain: TypeAlias = (
    AccountsDomain
    | PatientsDomain
    | DoctorsDomain
    | AppointmentsDomain
    | RecordsDomain
    | BillingDomain
    | NotificationsDomain
    | AuditDomain
)


@dataclass(frozen=True)
class Domains:
    accounts: AccountsDomain
    patients: PatientsDomain
    doctors: DoctorsDomain
    appointments: AppointmentsDomain
    records: RecordsDomain
    billing: BillingDomain
    notifications: NotificationsDomain
    audit: AuditDomain
    mailbox: DurableMailbox

    @property
    def bases(self) -> tuple[Foundation, ...]:
        return tuple(domain.base for domain in self._all)

    @property
    def subgraphs(self) -> dict[str, Subgraph]:
        return {domain.base.name: domain.subgraph for domain in self._all}

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        return tuple(subscriber for domain in self._all for subscriber in domain.subscribers)

    @property
    def _all(self) -> tuple[Domain, ...]:
        before = (self.accounts, self.patients, self.doctors, self.appointments, self.records)
        return *before, self.billing, self.notifications, self.audit

    async def close(self) -> None:
        for base in self.bases:
            await base.database.close()
        await self.mailbox.close()


async def migrate_all(folder: DataFolder, on_each: Callable[[str], None] = lambda name: None) -> None:
    """Brings every database to the newest revision; safe to repeat. Raises CannotDo."""
    for name, owners in MIGRATED_BY.items():
        database = Database(folder.database_url(name), readers=1)
        try:
            await upgrade(database, *owners)
        except CommandError as error:  # such as a revision that a newer hospital has made
            raise CannotDo(f"{folder.path / name}.db cannot be migrated: {error}.") from None
        except DBAPIError as error:
            raise CannotDo(f"{folder.path / name}.db cannot be used: {error.orig}.{_advice(error)}") from None
        finally:
            await database.close()
        on_each(name)


def _advice(error: DBAPIError) -> str:
    damaged = type(error) is DatabaseError  # all else has a class of its own
    return " Put the whole folder back from a backup." if damaged else ""


async def build_domains(folder: DataFolder, settings: Settings, clock: Clock) -> Domains:
    """Over databases that are migrated. Nothing runs yet."""
    databases = {name: Database(folder.database_url(name)) for name in NAMES}
    published = PublishedKeys(databases["accounts"], clock)
    tokens = TokenChecker(published, issuer=settings.public_url, audience=AUDIENCE)
    bases = {name: Foundation.of(name, databases[name], settings, clock, tokens) for name in NAMES}
    mailbox = DurableMailbox(Database(folder.database_url("mailbox"), readers=1))
    secret = secret_of(folder, settings)
    logins = accounts.build(bases["accounts"], secret)
    patients_domain = patients.build(bases["patients"], logins.service)
    doctors_domain = doctors.build(bases["doctors"], logins.service)
    logins.owners.add(RoleName.PATIENT, patients_domain.service)
    logins.owners.add(RoleName.DOCTOR, doctors_domain.service)
    return Domains(
        accounts=logins,
        patients=patients_domain,
        doctors=doctors_domain,
        appointments=appointments.build(bases["appointments"]),
        records=records.build(bases["records"]),
        billing=billing.build(bases["billing"]),
        notifications=notifications.build(bases["notifications"], logins.service),
        audit=audit.build(bases["audit"], HeadsFile(folder.audit_heads, heads_key(secret))),
        mailbox=mailbox,
    )
