"""A subgraph as a process: open to signed requests of the router and of the other domains, and to probes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from hospital.components.building import ROUTER, House
from hospital.components.needs import check_database
from hospital.deciding import DECIDERS, types_decided_by
from hospital.domains import NAMES, Domain
from hospital.measures import mail_of, outbox_of, pools_of
from hospital.runtime import check_secret, fill_codes
from hospital.web import readable
from router.entrypoints.metrics import Measure, MetricsPage
from router.entrypoints.probes import Readiness, healthz
from subgraphs.accounts.app import AccountsDomain
from subgraphs.accounts.oauth import oauth_app
from subgraphs.appointments.app import AppointmentsDomain
from subgraphs.doctors.app import DoctorsDomain
from subgraphs.kernel import calls
from subgraphs.kernel.announced import Announced
from subgraphs.kernel.calls import Call
from subgraphs.kernel.guarded import Guarded
from subgraphs.kernel.http import MAXIMUM_BYTES, subgraph_app
from subgraphs.kernel.signatures import Guard
from subgraphs.notifications.app import NotificationsDomain
from subgraphs.patients.app import PatientsDomain
from subgraphs.records.app import RecordsDomain


def subgraph_component(house: House, name: str) -> Starlette:
    """Raises CannotDo where something is not set that it needs."""
    domain = house.domain(name)
    guard = Guard(frozenset({ROUTER, *NAMES} - {name}), house.keyring)
    guarded = Guarded(subgraph_app(domain.subgraph, *_beside(domain)), guard, MAXIMUM_BYTES)
    ready, metrics = Readiness({name: readable(domain.base.database)}), MetricsPage(_measures(domain))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(house.session.aclose)
            stack.push_async_callback(domain.base.database.close)
            await _prepare(domain)
            if isinstance(domain, AppointmentsDomain):
                stack.push_async_callback(domain.stream.stop)
            yield

    async def drain() -> None:
        ready.draining = True

    open_to_all = [
        Route("/healthz", healthz),
        Route("/readyz", ready.respond),
        Route("/metrics", metrics.respond),
    ]
    routes = [*open_to_all, Mount("/", guarded)]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.drain = drain
    return app


def _measures(domain: Domain) -> dict[str, Measure]:
    base = domain.base
    measures = {
        "outbox": outbox_of(base.name, base.database, base.clock),
        "pools": pools_of({base.name: base.database}),
    }
    return measures | ({"mail": mail_of(base)} if isinstance(domain, NotificationsDomain) else {})


async def _prepare(domain: Domain) -> None:
    """What a domain needs to have before it answers; safe for several that start at once. Raises CannotDo."""
    await check_database(domain.base.name, domain.base.database)
    if isinstance(domain, AccountsDomain):
        await check_secret(domain)
        await domain.service.rotate_keys()
    if isinstance(domain, NotificationsDomain):
        await domain.service.write_defaults()
    if isinstance(domain, RecordsDomain):
        await fill_codes(domain)


def _beside(domain: Domain) -> list[BaseRoute]:
    routes: list[BaseRoute] = [*calls.routes(_answered(domain))]
    if isinstance(domain, AccountsDomain):
        oauth = oauth_app(domain.service)
        routes += oauth.routes
    return routes


def _answered(domain: Domain) -> Mapping[str, Call]:
    """What other domains ask of it."""
    answered: dict[str, Call] = {}
    if isinstance(domain, AccountsDomain):
        answered |= calls.of_logins(domain.service) | calls.of_links(domain.service)
        answered |= calls.of_keys(domain.published_keys.document)
    if isinstance(domain, PatientsDomain | DoctorsDomain):
        answered |= calls.of_owner(domain.service)
    if domain.base.name in DECIDERS:
        types = types_decided_by(domain.base.name)
        answered |= calls.of_announced(Announced(domain.base.database, domain.base.clock, types).recently)
    if any(domain.base.name in deciders for deciders in DECIDERS.values()):
        answered |= calls.of_subscribers(domain.subscribers)
    return answered
