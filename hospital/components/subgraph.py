"""A subgraph as a process: open to signed requests of the router and of the other domains, and to probes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from hospital.components.building import House
from hospital.components.needs import check_database
from hospital.components.wired import Wired
from hospital.deciding import DECIDERS, types_decided_by
from hospital.measures import outbox_of, pools_of
from hospital.names import NAMES, ROUTER
from hospital.readable import readable
from router.entrypoints.metrics import Measure, MetricsPage
from router.entrypoints.probes import Readiness, healthz
from subgraphs.kernel import calls
from subgraphs.kernel.announced import Announced
from subgraphs.kernel.calls import Call
from subgraphs.kernel.guarded import Guarded
from subgraphs.kernel.http import MAXIMUM_BYTES, subgraph_app
from subgraphs.kernel.signatures import Guard


def subgraph_component(house: House, name: str) -> Starlette:
    """Raises CannotDo where something is not set that it needs."""
    wired = house.wired(name)
    domain = wired.domain
    guard = Guard(frozenset({ROUTER, *NAMES} - {name}), house.keyring)
    guarded = Guarded(
        subgraph_app(domain.subgraph, *calls.routes(_answered(wired)), *wired.routes), guard, MAXIMUM_BYTES
    )
    ready, metrics = Readiness({name: readable(domain.base.database)}), MetricsPage(_measures(wired))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(house.session.aclose)
            stack.push_async_callback(domain.base.database.close)
            await check_database(name, domain.base.database)
            for step in wired.prepare:
                await step()
            for close in wired.closing:
                stack.push_async_callback(close)
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


def _measures(wired: Wired) -> dict[str, Measure]:
    base = wired.domain.base
    return {
        "outbox": outbox_of(base.name, base.database, base.clock),
        "pools": pools_of({base.name: base.database}),
        **wired.measures,
    }


def _answered(wired: Wired) -> Mapping[str, Call]:
    """What other domains ask of it."""
    domain, answered = wired.domain, dict(wired.answered)
    if domain.base.name in DECIDERS:
        types = types_decided_by(domain.base.name)
        answered |= calls.of_announced(Announced(domain.base.database, types).of)
    if any(domain.base.name in deciders for deciders in DECIDERS.values()):
        answered |= calls.of_subscribers(domain.subscribers)
    return answered
