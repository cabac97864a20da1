"""How subgraphs are reached over the network, as the settings say."""

from collections.abc import Mapping

from router.settings import RouterSettings
from router.transports.base import Transport
from router.transports.http import HttpTransport
from router.transports.session import HttpSession
from router.transports.signatures import Signer
from router.transports.traffic.breaker import BreakingTransport
from router.transports.traffic.caps import CappedTransport
from router.transports.traffic.headers import HeaderRulesTransport
from router.transports.traffic.retries import RetryingTransport
from router.transports.traffic.sharing import SharingTransport


def remote_transport(
    urls: Mapping[str, str], settings: RouterSettings, session: HttpSession, signer: Signer | None
) -> Transport:
    transport = HttpTransport(
        urls,
        session,
        seconds_of=settings.seconds_of,
        mutation_seconds=settings.mutation_seconds,
        reply_bytes=settings.subgraph_reply_bytes,
        signer=signer,
        events=settings.traffic.events,
    )
    return with_traffic_rules(transport, settings)


def with_traffic_rules(transport: Transport, settings: RouterSettings) -> Transport:
    """From the network outwards: what is shared is sent again once for all, and each attempt counts for itself."""
    rules = settings.traffic
    transport = CappedTransport(transport, rules.caps)
    if rules.breaker.share:
        transport = BreakingTransport(transport, rules.breaker)
    if rules.retries.most:
        transport = RetryingTransport(transport, rules.retries, settings.seconds_of)
    if rules.sharing.queries:
        transport = SharingTransport(transport, rules.sharing)
    return HeaderRulesTransport(transport, rules.headers, settings.forwarded_headers) if rules.headers else transport
