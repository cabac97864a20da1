"""One domain as a component: over its own database, asking the others over the network what it asks of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from hospital.components.arriving import Bringing
from hospital.components.settings import ComponentSettings
from hospital.deciding import DECIDERS, hearers
from hospital.delivery import HANDED_OVER_AT_MOST
from hospital.domains import NAMES, Domain, Domains, heads_key, secret_of
from hospital.folder import DataFolder
from hospital.mailbox.durable import DurableMailbox
from hospital.problems import CannotDo
from subgraphs.accounts import app as accounts
from subgraphs.accounts.app import AccountsDomain
from subgraphs.accounts.keys import PublishedKeys
from subgraphs.accounts.service.grants import AUDIENCE
from subgraphs.appointments import app as appointments
from subgraphs.audit import app as audit
from subgraphs.audit.heads import HeadsFile
from subgraphs.billing import app as billing
from subgraphs.doctors import app as doctors
from subgraphs.kernel.clock import Clock, SystemClock
from subgraphs.kernel.database import Database
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.handover import Handover, Receiver
from subgraphs.kernel.peers import (
    Peer,
    PeerSession,
    RemoteAnnouncements,
    RemoteLinks,
    RemoteLogins,
    RemoteOwner,
    RemoteReceiver,
)
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.remote_keys import RemoteKeys
from subgraphs.kernel.settings import Settings
from subgraphs.kernel.signatures import BadKeyring, Keyring, Signer
from subgraphs.kernel.tokens import KeySource, TokenChecker
from subgraphs.notifications import app as notifications
from subgraphs.patients import app as patients
from subgraphs.records import app as records

ROUTER = "router"
"""The caller that is no domain."""


@dataclass(frozen=True)
class House:
    """What every component of a hospital is given: its settings, its keys, and the way to the others."""

    settings: Settings
    components: ComponentSettings
    clock: Clock = field(default_factory=SystemClock)
    session: PeerSession = field(default_factory=PeerSession)

    @cached_property
    def keyring(self) -> Keyring:
        """Raises CannotDo."""
        if self.components.callers is None:
            raise CannotDo("HOSPITAL_CALLERS is not set: `hospital keys` makes the file that it names.")
        try:
            return Keyring(self.components.callers)
        except BadKeyring as error:
            raise CannotDo(f"HOSPITAL_CALLERS: {error}") from None

    def check_settings(self) -> None:
        """Raises CannotDo for what any of the components would not run with."""
        for caller in (ROUTER, *NAMES):
            self.signer(caller)
        for name in NAMES:
            self.components.database(name)
        self._secret()

    def signer(self, caller: str) -> Signer:
        """Raises CannotDo."""
        try:
            self.keyring.signing(caller)
        except BadKeyring as error:
            raise CannotDo(f"HOSPITAL_CALLERS: {error}") from None
        return Signer(caller, self.keyring)

    def peer(self, domain: str, caller: str) -> Peer:
        return Peer(domain, self.components.url(domain), self.signer(caller), self.session)

    def domain(self, name: str) -> Domain:
        """Built over its database; nothing runs yet. Raises CannotDo."""
        database = self.components.database(name)
        keys: KeySource = RemoteKeys(self.peer("accounts", name))
        if name == "accounts":
            keys = PublishedKeys(database, self.clock)
        tokens = TokenChecker(keys, issuer=self.settings.public_url, audience=AUDIENCE)
        built = self._built(name, Foundation.of(name, database, self.settings, self.clock, tokens))
        database.after_commit = partial(_handed_over, self._handover(name))
        owners = [owner for owner, deciders in DECIDERS.items() if name in deciders]
        if owners:
            built.base.arrivals.bring = self._bringing(built, owners)
        return built

    def domains(self) -> Domains:
        """All of them, each over its own database."""
        built: dict[str, Any] = {name: self.domain(name) for name in NAMES}
        return Domains(**built, mailbox=self.mailbox())

    def mailbox(self) -> DurableMailbox:
        """Of the data folder, where mail and SMS go that no server takes."""
        return DurableMailbox(Database(self._folder.database_url("mailbox"), readers=1))

    def _built(self, name: str, base: Foundation) -> Domain:
        builders: dict[str, Callable[[], Domain]] = {
            "accounts": lambda: self._accounts(base),
            "patients": lambda: patients.build(base, RemoteLogins(self.peer("accounts", name))),
            "doctors": lambda: doctors.build(base, RemoteLogins(self.peer("accounts", name))),
            "appointments": lambda: appointments.build(base),
            "records": lambda: records.build(base),
            "billing": lambda: billing.build(base),
            "notifications": lambda: notifications.build(base, RemoteLinks(self.peer("accounts", name))),
            "audit": lambda: audit.build(base, HeadsFile(self._folder.audit_heads, heads_key(self._secret()))),
        }
        return builders[name]()

    def _accounts(self, base: Foundation) -> AccountsDomain:
        built = accounts.build(base, self._secret())
        built.owners.add(RoleName.PATIENT, RemoteOwner(self.peer("patients", "accounts")))
        built.owners.add(RoleName.DOCTOR, RemoteOwner(self.peer("doctors", "accounts")))
        return built

    @property
    def _folder(self) -> DataFolder:
        return DataFolder(self.settings.data)

    def _secret(self) -> bytes:
        if self.settings.secret_key is None:
            raise CannotDo("HOSPITAL_SECRET_KEY is not set: components have no folder of their own to keep one in.")
        return secret_of(self._folder, self.settings)

    def _bringing(self, domain: Domain, owners: Sequence[str]) -> Bringing:
        asked = [RemoteAnnouncements(self.peer(owner, domain.base.name)) for owner in owners]
        return Bringing(asked, domain.subscribers)

    def _handover(self, name: str) -> Handover:
        receivers = {each: RemoteReceiver(self.peer(each, name)) for each in DECIDERS.get(name, ())}
        wanted = hearers(name).items()
        by_type: dict[str, tuple[Receiver, ...]] = {type: tuple(receivers[each] for each in by) for type, by in wanted}
        return Handover(by_type, lambda: None)


async def _handed_over(handover: Handover, events: Sequence[Envelope]) -> None:
    if len(events) <= HANDED_OVER_AT_MOST:
        await handover(events)
