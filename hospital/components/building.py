"""One domain as a component: over its own database, asking the others over the network what it asks of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib import import_module
from typing import TypeAlias

from hospital.components.arriving import Bringing
from hospital.components.settings import ComponentSettings
from hospital.components.wired import Domain, Wired
from hospital.deciding import DECIDERS, HANDED_OVER_AT_MOST, hearers
from hospital.folder import DataFolder
from hospital.mailbox.durable import DurableMailbox
from hospital.names import NAMES, ROUTER
from hospital.problems import CannotDo
from hospital.secret import secret_of
from subgraphs.accounts.rules import AUDIENCE
from subgraphs.kernel.clock import Clock, SystemClock
from subgraphs.kernel.database import Database
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.handover import Handover, Receiver
from subgraphs.kernel.peers import (
    Peer,
    PeerSession,
    RemoteAnnouncements,
    RemoteReceiver,
)
from subgraphs.kernel.remote_keys import RemoteKeys
from subgraphs.kernel.settings import Settings
from subgraphs.kernel.signatures import BadKeyring, Keyring, Signer
from subgraphs.kernel.tokens import KeySource, TokenChecker

Wire: TypeAlias = "Callable[[House, Foundation], Wired]"
"""Of a module of hospital.components.wiring: no domain is imported where it is not built."""


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
        self.secret()

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
        return self.wired(name).domain

    def wired(self, name: str) -> Wired:
        """As a component, with what it is given and answers beside. Raises CannotDo."""
        database = self.components.database(name)
        tokens = TokenChecker(self._keys(name, database), issuer=self.settings.public_url, audience=AUDIENCE)
        wire: Wire = import_module(f"hospital.components.wiring.{name}").wire
        wired = wire(self, Foundation.of(name, database, self.settings, self.clock, tokens))
        database.after_commit = partial(_handed_over, self._handover(name))
        owners = [owner for owner, deciders in DECIDERS.items() if name in deciders]
        if owners:
            wired.domain.base.arrivals.bring = self._bringing(wired.domain, owners)
        return wired

    def _keys(self, name: str, database: Database) -> KeySource:
        """Accounts publishes them itself."""
        if name != "accounts":
            return RemoteKeys(self.peer("accounts", name))
        published: KeySource = import_module("subgraphs.accounts.keys").PublishedKeys(database, self.clock)
        return published

    def mailbox(self) -> DurableMailbox:
        """Of the data folder, where mail and SMS go that no server takes."""
        return DurableMailbox(Database(self.folder.database_url("mailbox"), readers=1))

    @property
    def folder(self) -> DataFolder:
        return DataFolder(self.settings.data)

    def secret(self) -> bytes:
        if self.settings.secret_key is None:
            raise CannotDo("HOSPITAL_SECRET_KEY is not set: components have no folder of their own to keep one in.")
        return secret_of(self.folder, self.settings)

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
