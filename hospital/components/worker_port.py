"""The port of a worker: whether it lives, whether it is ready, and what it counts; nothing else is answered there."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Route

from hospital.components.workers import Worker
from hospital.measures import pools_of
from hospital.readable import readable
from hospital.server import Server
from router.entrypoints.metrics import MetricsPage
from router.entrypoints.probes import Readiness, healthz
from router.server import server_config
from router.settings import RouterSettings


def worker_app(worker: Worker) -> Starlette:
    ready = Readiness({name: readable(database) for name, database in worker.databases.items()})
    metrics = MetricsPage({"pools": pools_of(worker.databases), **worker.measures})
    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", ready.respond),
            Route("/metrics", metrics.respond),
        ]
    )


@asynccontextmanager
async def answering(worker: Worker, listener: socket.socket) -> AsyncIterator[None]:
    """Until the end, beside what the worker does."""
    host, port = listener.getsockname()[:2]
    config = server_config(worker_app(worker), RouterSettings(), host=host, port=port)
    config.lifespan = "off"
    listens = asyncio.Event()
    server = Server(config, _nothing, listens.set)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="port")
    try:
        await listens.wait()
        yield
    finally:
        server.stop()
        await serving


async def _nothing() -> None:
    return None
