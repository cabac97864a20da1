"""What is served on the public port: the router over the domains of this process, and beside it what is no GraphQL."""

import asyncio
import time
from collections.abc import Callable

from joserfc.jwk import KeySet, import_key
from starlette.applications import Starlette
from starlette.types import ASGIApp

from hospital.mail_waiting import mail_of
from hospital.measures import dead_letters_of, outboxes_read, pools_of
from hospital.readable import readable
from hospital.runtime import Runtime
from hospital.supergraph import SUPERGRAPH
from hospital.tabs import tabs_of
from router.app import create_app
from router.auth import JwksSource, TokenChecker
from router.entrypoints.metrics import Measure
from router.settings import RouterSettings
from router.supergraph import read_supergraph
from router.transports.local import LocalTransport
from subgraphs.accounts.front_page.page import front_page
from subgraphs.accounts.keys import PublishedKeys
from subgraphs.accounts.oauth import oauth_app
from subgraphs.accounts.rules import AUDIENCE

_KEYS_FRESH_SECONDS, _KEYS_PAUSE_SECONDS = 300.0, 1.0


class OwnKeys(JwksSource):
    """The keys that accounts publishes in this process; read again at most once a second, whatever tokens say."""

    def __init__(self, published: PublishedKeys, clock: Callable[[], float] = time.monotonic) -> None:
        self._published, self._clock = published, clock
        self._keys, self._read_at = KeySet([]), -float("inf")
        self._reading = asyncio.Lock()

    async def keys(self) -> KeySet:
        if self._clock() - self._read_at > _KEYS_FRESH_SECONDS:
            await self.refreshed_keys()
        return self._keys

    async def refreshed_keys(self) -> KeySet:
        async with self._reading:
            if self._clock() - self._read_at >= _KEYS_PAUSE_SECONDS:
                document = await self._published.document()
                self._keys = KeySet([import_key(key) for key in document["keys"]])
                self._read_at = self._clock()
            return self._keys


def web_app(runtime: Runtime, settings: RouterSettings, *, mailbox: ASGIApp) -> Starlette:
    """`mailbox` is what answers at /dev/mailbox."""
    if settings.graphiql_tabs is not None:
        return _web_app(runtime, settings, mailbox)
    with tabs_of(runtime.clock.now().astimezone(runtime.settings.zone)) as tabs:
        return _web_app(runtime, settings.model_copy(update={"graphiql_tabs": tabs}), mailbox)


def _web_app(runtime: Runtime, settings: RouterSettings, mailbox: ASGIApp) -> Starlette:
    domains, oauth = runtime.domains, oauth_app(runtime.domains.accounts.service)
    transport = LocalTransport(
        domains.subgraphs, seconds_of=settings.seconds_of, mutation_seconds=settings.mutation_seconds
    )
    keys = OwnKeys(domains.accounts.published_keys)
    return create_app(
        read_supergraph(SUPERGRAPH.read_text("utf-8")),
        transport,
        settings,
        token_checker=TokenChecker(keys, issuer=runtime.settings.public_url, audience=AUDIENCE),
        mounts={
            "/": front_page(settings.path),
            "/oauth": oauth,
            "/.well-known": oauth,
            "/dev/mailbox": mailbox,
        },
        readiness={base.name: readable(base.database) for base in domains.bases},
        measures=measures_of(runtime),
        on_shutdown=[transport.aclose],
    )


def measures_of(runtime: Runtime) -> dict[str, Measure]:
    databases = {base.name: base.database for base in runtime.domains.bases}
    return {
        "outboxes": outboxes_read(runtime.delivery.feeds, runtime.delivery.sources, runtime.clock),
        "dead letters": dead_letters_of(list(databases.values())),
        "mail": mail_of(runtime.domains.notifications.base),
        "pools": pools_of(databases),
    }
