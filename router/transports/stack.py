"""How subgraphs are reached over the network, as the settings say."""

from collections.abc import Mapping

from router.settings import RouterSettings
from router.transports.base import Transport
from router.transports.http import HttpTransport
from router.transports.session import HttpSession
from router.transports.signatures import Signer


def remote_transport(
    urls: Mapping[str, str], settings: RouterSettings, session: HttpSession, signer: Signer | None
) -> Transport:
    return HttpTransport(
        urls,
        session,
        seconds_of=settings.seconds_of,
        mutation_seconds=settings.mutation_seconds,
        reply_bytes=settings.subgraph_reply_bytes,
        signer=signer,
    )
