"""The router as an ASGI application: wiring only."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from router.auth import Authenticator, TokenChecker
from router.authorization import PolicyCheck, no_policies, with_claim
from router.entrypoints.graphiql.page import GraphiQLPage, read_tabs
from router.entrypoints.headers import REQUEST_ID
from router.entrypoints.http import GraphQLOverHttp
from router.entrypoints.metrics import Measure, MetricsPage
from router.entrypoints.negotiation import prefers_html
from router.entrypoints.origins import ASKED_FOR_FIRST
from router.entrypoints.passthrough import PlainPaths, Proxy, not_found
from router.entrypoints.probes import Readiness, ReadinessCheck, healthz
from router.entrypoints.websocket import GraphQLOverWebSocket
from router.live import LivePipeline
from router.overrides import LabelCheck, no_labels
from router.persisted import PersistedOperations
from router.persisted.checking import ListChecks
from router.pipeline import Pipeline
from router.reload import Reloading, SupergraphFile
from router.settings import RouterSettings
from router.supergraph import Supergraph
from router.transports.base import Transport
from router.transports.session import HttpSession
from router.transports.signatures import Signer


def create_app(
    supergraph: Supergraph,
    transport: Transport,
    settings: RouterSettings,
    *,
    token_checker: TokenChecker | None = None,
    mounts: Mapping[str, ASGIApp] | None = None,
    readiness: Mapping[str, ReadinessCheck] | None = None,
    measures: Mapping[str, Measure] | None = None,
    on_shutdown: Sequence[Callable[[], Awaitable[None]]] = (),
    signer: Signer | None = None,
    policies: PolicyCheck = no_policies,
    labels: LabelCheck = no_labels,
    file: SupergraphFile | None = None,
    on_reload: Callable[[Supergraph], None] = lambda _: None,
) -> Starlette:
    """`mounts` are served at their path prefix (`/` at that path alone) and see the whole path.

    `on_shutdown` runs when no request is left; `signer` signs what is passed on to other components.
    `file` is where the supergraph was read, and is read again when it changes; `on_reload` is told what it holds then.
    `policies` says which of those that @policy names hold besides what a token claims, `labels` which of those that
    @override names.
    """
    persisted = PersistedOperations(settings.persisted)

    def planned(supergraph: Supergraph) -> Pipeline:
        return Pipeline(
            supergraph,
            transport,
            settings.limits,
            introspection=settings.introspection,
            shown_extensions=settings.shown_extensions,
            cache_size=settings.plan_cache_size,
            cache_characters=settings.plan_cache_characters,
            policies=with_claim(settings.authorization.policy_claim, policies),
            reject_unauthorized=settings.authorization.reject_unauthorized,
            persisted=persisted,
            overrides=settings.overrides,
            labels=labels,
            shared=settings.subscriptions,
            planning=settings.planning,
        )

    authenticator = Authenticator(token_checker)
    live = LivePipeline(planned(supergraph))
    http = GraphQLOverHttp(live, authenticator, settings)
    sockets = GraphQLOverWebSocket(live, authenticator, settings)
    ready = Readiness(readiness or {})
    session = HttpSession(settings.connections)
    reloading = Reloading(file, live, planned, on_reload, settings.reload.every_seconds) if file else None
    checks = ListChecks(persisted.listed, live) if persisted.listed else None

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with reloading.running() if reloading else nullcontext(), checks.running() if checks else nullcontext():
            yield
        for close in (*on_shutdown, session.aclose):
            await close()

    async def drain() -> None:
        ready.draining = True
        await asyncio.gather(http.drain(), sockets.drain())

    app = RouterApp(
        settings.path,
        http,
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", ready.respond),
            Route("/metrics", MetricsPage(measures or {}).respond),
            WebSocketRoute(settings.path, sockets),
            *graphql_routes(http, settings),
            *passthrough_routes(proxies(settings, session, signer) | dict(mounts or {}), settings.limits.body_bytes),
        ],
        middleware=[cross_origin(settings)],
        exception_handlers={404: nothing_here, 405: nothing_here},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.drain = drain
    return app


def graphql_routes(graphql: GraphQLOverHttp, settings: RouterSettings) -> list[BaseRoute]:
    if not settings.graphiql:
        return [Route(settings.path, graphql)]
    tabs = read_tabs(settings.graphiql_tabs) if settings.graphiql_tabs else []
    page = GraphiQLPage(settings.path, tabs)
    return [
        Route(settings.path, PageOrApi(page, graphql)),
        Mount(f"{settings.path}/assets", page.static_files()),
    ]


class RouterApp(Starlette):
    """A POST to the API needs nothing of what stands around the other routes, unless it comes from a page."""

    def __init__(self, path: str, api: ASGIApp, **options: Any) -> None:
        super().__init__(**options)
        self._path, self._api = path, api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        direct = scope["type"] == "http" and scope["path"] == self._path and scope["method"] == "POST"
        if direct and not any(name == b"origin" for name, _ in scope["headers"]):
            await self._api(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class PageOrApi:
    """One address for both: GraphiQL for who would rather read HTML, the API for all others."""

    def __init__(self, page: GraphiQLPage, api: ASGIApp) -> None:
        self._page = page
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        wants_page = request.method == "GET" and prefers_html(request.headers.get("accept"))
        await (self._page.response() if wants_page else self._api)(scope, receive, send)


def proxies(settings: RouterSettings, session: HttpSession, signer: Signer | None) -> dict[str, ASGIApp]:
    return {
        prefix: Proxy(target, session, settings.passthrough_seconds, signer)
        for prefix, target in settings.passthrough.items()
    }


def passthrough_routes(targets: Mapping[str, ASGIApp], body_bytes: int) -> list[BaseRoute]:
    return [
        Route(path, PlainPaths(RequestBodyLimitMiddleware(target, max_body_size=body_bytes)))
        for prefix, target in targets.items()
        for path in ((prefix,) if prefix == "/" else (prefix, f"{prefix}/{{rest:path}}"))
    ]


def cross_origin(settings: RouterSettings) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["content-type", *ASKED_FOR_FIRST],
        expose_headers=[REQUEST_ID],
        max_age=600,
    )


async def nothing_here(_: Request, __: Exception) -> Response:
    return not_found()
