"""Whether the process lives, and whether it is ready for requests."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

log = structlog.get_logger()

ReadinessCheck = Callable[[], Awaitable[None]]
"""Raises when what it stands for is not ready."""

CHECK_SECONDS = 2.0


async def healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


class Readiness:
    def __init__(self, checks: Mapping[str, ReadinessCheck]) -> None:
        self._checks = checks
        self.draining = False

    async def respond(self, _: Request) -> Response:
        failed = [name for name, ready in await self._results() if not ready]
        if self.draining:
            failed.append("draining")
        status = HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK
        return JSONResponse({"status": "not ready" if failed else "ok", "failed": failed}, status)

    async def _results(self) -> list[tuple[str, bool]]:
        ready = await asyncio.gather(*(is_ready(name, check) for name, check in self._checks.items()))
        return list(zip(self._checks, ready, strict=True))


async def is_ready(name: str, check: ReadinessCheck) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except Exception as error:
        log.warning("not ready", check=name, exc_info=error)
        return False
    return True
