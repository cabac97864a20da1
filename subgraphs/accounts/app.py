"""Wiring accounts."""

from dataclasses import dataclass

from subgraphs.accounts import copies
from subgraphs.accounts.context import Context
from subgraphs.accounts.hashing import PasswordHashing
from subgraphs.accounts.keys import PublishedKeys, SigningKeys
from subgraphs.accounts.schema import make_schema
from subgraphs.accounts.service import AccountService
from subgraphs.accounts.service.links import LinkTokens
from subgraphs.accounts.service.owners import Owners
from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.last_minute import LastMinute
from subgraphs.kernel.principal import Principal


@dataclass(frozen=True)
class AccountsDomain:
    """What the composition root needs of accounts: `service` is the `Logins` that patients and doctors ask.

    They are the `owners` that it asks in its turn, to be added when they are built.
    """

    base: Foundation
    service: AccountService
    owners: Owners
    subgraph: Subgraph
    published_keys: PublishedKeys
    subscribers: tuple[Subscriber, ...]


def build(base: Foundation, secret: bytes | None = None, hashing: PasswordHashing | None = None) -> AccountsDomain:
    """`secret` seals the signing keys and makes links, where HOSPITAL_SECRET_KEY is not set.

    Raises ValueError without either.
    """
    known = _secret(base, secret)
    keys, owners = SigningKeys(base.database, base.clock, known), Owners()
    service = AccountService(
        base, hashing or PasswordHashing(), keys, LinkTokens(known), owners, LastMinute(base.clock)
    )

    def context(principal: Principal | None) -> Context:
        return Context(principal, service)

    subgraph = Subgraph(base.name, make_schema(), context, base.tokens, base.denials)
    published = PublishedKeys(base.database, base.clock)
    return AccountsDomain(base, service, owners, subgraph, published, (copies.subscriber(base),))


def _secret(base: Foundation, secret: bytes | None) -> bytes:
    given = base.settings.secret_key
    if given is not None:
        return given.get_secret_value().encode()
    if secret is None:
        raise ValueError("accounts needs a secret to seal its signing keys: set HOSPITAL_SECRET_KEY")
    return secret
