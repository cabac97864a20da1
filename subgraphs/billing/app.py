"""Wiring billing."""

from dataclasses import dataclass

from subgraphs.billing import copies
from subgraphs.billing.context import Context
from subgraphs.billing.providers import Provider
from subgraphs.billing.providers.console import ConsoleProvider
from subgraphs.billing.providers.stripe import StripeProvider
from subgraphs.billing.schema import make_schema
from subgraphs.billing.service import BillingService
from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.settings import Settings


@dataclass(frozen=True)
class BillingDomain:
    """What the composition root needs of billing."""

    base: Foundation
    service: BillingService
    subgraph: Subgraph
    subscribers: tuple[Subscriber, ...]


def build(base: Foundation, provider: Provider | None = None) -> BillingDomain:
    """`provider` None: the one of the settings."""
    service = BillingService(base, provider or provider_of(base.settings))

    def context(principal: Principal | None) -> Context:
        return Context(principal, service)

    subgraph = Subgraph(base.name, make_schema(), context, base.tokens, base.denials)
    return BillingDomain(base, service, subgraph, (copies.subscriber(base),))


def provider_of(settings: Settings) -> Provider:
    if settings.payment_provider == "stripe" and settings.stripe_secret_key is not None:
        return StripeProvider(settings.stripe_url, settings.stripe_secret_key)
    return ConsoleProvider()
