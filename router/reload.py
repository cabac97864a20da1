"""A supergraph that is replaced while the router runs: what begins from then on is planned with the new one.

What runs already, subscriptions too, ends in the old one.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from weakref import ref

import structlog

from router.live import LivePipeline
from router.memory import settle_memory_again
from router.metrics import RELOADS, SUPERGRAPH, SUPERGRAPH_TAKEN
from router.pipeline import Pipeline
from router.supergraph import Supergraph, SupergraphError, read_supergraph

log = structlog.get_logger()


class SupergraphFile:
    """A file with a supergraph, and whether it holds another than when it was read last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._touched: tuple[int, int, int] | None = None
        self.digest = ""

    def read(self) -> Supergraph:
        """Raises SupergraphError, whose message is a line."""
        self._touched, self.digest = self._stamp(), ""
        try:
            text = self._path.read_bytes()
            self.digest = sha256(text).hexdigest()
            return read_supergraph(text.decode())
        except OSError as error:
            raise SupergraphError(f"{self._path} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise SupergraphError(f"{self._path} is no text in UTF-8.") from None
        except SupergraphError as error:
            raise SupergraphError(f"{self._path}: {str(error).splitlines()[0]}") from None

    def is_new(self) -> bool:
        """The text is looked at only if the file was touched."""
        before, self._touched = self._touched, self._stamp()
        return before != self._touched and self.digest != self._digest()

    def _stamp(self) -> tuple[int, int, int] | None:
        with suppress(OSError):
            found = self._path.stat()
            return found.st_mtime_ns, found.st_size, found.st_ino
        return None

    def _digest(self) -> str:
        with suppress(OSError):
            return sha256(self._path.read_bytes()).hexdigest()
        return ""


class Reloading:
    """`plan` makes the pipeline of a supergraph, in a thread; `taken` is told of each that holds from now on."""

    def __init__(
        self,
        file: SupergraphFile,
        live: LivePipeline,
        plan: Callable[[Supergraph], Pipeline],
        taken: Callable[[Supergraph], None],
        every_seconds: float,
    ) -> None:
        self._file = file
        self._live = live
        self._plan = plan
        self._taken = taken
        self._every_seconds = every_seconds or None
        self._told = asyncio.Event()
        self._leaving: list[ref[Pipeline]] = []
        self._held = file.digest
        show(self._held)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        watching = asyncio.create_task(self._watch())
        loop.add_signal_handler(signal.SIGHUP, self._told.set)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)
            watching.cancel()
            await asyncio.wait([watching])

    async def look(self, *, told: bool = False) -> None:
        """Takes what the file holds, if that is new. Who tells it to look hears of what is not, and why again."""
        if await asyncio.to_thread(self._file.is_new) or (told and self._file.digest != self._held):
            await self._reload()
        elif told:
            RELOADS.labels("unchanged").inc()
            log.info("the supergraph has not changed", sha256=self._held)
        self._settle()

    async def _reload(self) -> None:
        try:
            supergraph = await asyncio.to_thread(self._file.read)
            if self._file.digest == self._held:
                log.info("the supergraph's file holds again what holds here", sha256=self._held)
                return
            pipeline = await asyncio.to_thread(self._plan, supergraph)
        except Exception as error:
            RELOADS.labels("refused").inc()
            log.error(
                "a new supergraph is refused: the one before it stays", exc_info=unless_said(error), why=str(error)
            )
            return
        self._taken(supergraph)
        self._leaving.append(ref(self._live.current))
        self._live.current = pipeline
        self._held = self._file.digest
        RELOADS.labels("taken").inc()
        show(self._held)
        log.info("a new supergraph is taken", sha256=self._held, subgraphs=sorted(supergraph.subgraphs))

    async def _watch(self) -> None:
        while True:
            told = await self._pause()
            try:
                await self.look(told=told)
            except Exception as error:
                log.error("the supergraph's file cannot be watched", exc_info=error)

    async def _pause(self) -> bool:
        """Whether it was told to go on."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._every_seconds):
                await self._told.wait()
        told = self._told.is_set()
        self._told.clear()
        return told

    def _settle(self) -> None:
        """Once an old pipeline is used no more: its schema is made of cycles that are hidden from the collector."""
        in_use = [old for old in self._leaving if old() is not None]
        if len(in_use) < len(self._leaving):
            settle_memory_again()
        self._leaving = in_use


def unless_said(error: Exception) -> Exception | None:
    return None if isinstance(error, SupergraphError) else error


def show(digest: str) -> None:
    SUPERGRAPH.clear()
    SUPERGRAPH.labels(digest).set(1)
    SUPERGRAPH_TAKEN.set(time.time())
