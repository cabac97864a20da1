"""Telling the operator which listed operations the schema refuses, before a client learns of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256

import structlog

from router.errors import OperationRefused
from router.live import LivePipeline
from router.metrics import LISTED_REFUSED
from router.persisted.safe_list import SafeList
from router.pipeline import Pipeline

LOOK_SECONDS = 1.0

log = structlog.get_logger()


class ListChecks:
    """All that is listed is checked at the start, and again whenever the list or the supergraph is new."""

    def __init__(self, listed: SafeList, live: LivePipeline) -> None:
        self._list = listed
        self._live = live

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        checking = asyncio.create_task(self._keep_checking())
        try:
            yield
        finally:
            checking.cancel()
            await asyncio.wait([checking])

    async def _keep_checking(self) -> None:
        ids: Mapping[str, str] = {}
        pipeline: Pipeline | None = None
        while True:
            if ids is not self._list.ids() or pipeline is not self._live.current:
                ids, pipeline = self._list.ids(), self._live.current
                await check(ids, pipeline)
            await asyncio.sleep(LOOK_SECONDS)


async def check(ids: Mapping[str, str], pipeline: Pipeline) -> None:
    """`ids` are by text. One after the other in a thread: there may be thousands, and requests go on."""
    refused = 0
    for text, id_ in ids.items():
        if why := await asyncio.to_thread(why_refused, text, pipeline):
            refused += 1
            digest = sha256(text.encode("utf-8", "replace")).hexdigest()
            log.warning("a listed operation is refused", id=id_, sha256=digest, why=why)
    LISTED_REFUSED.set(refused)
    log.info("the safe list is checked against the schema", operations=len(ids), refused=refused)


def why_refused(text: str, pipeline: Pipeline) -> str | None:
    try:
        pipeline.validated(text)
    except OperationRefused as refusal:
        return str(refusal)
    except Exception as error:
        log.error("a listed operation cannot be checked", exc_info=error)
        return type(error).__name__
    return None
