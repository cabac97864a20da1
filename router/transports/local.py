"""Subgraphs in the same process: no HTTP and no JSON in between."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any, Protocol

import structlog

from router.transports.base import SubgraphRequest, TransportError, Unreachable
from router.transports.wire import checked_response

log = structlog.get_logger()


class LocalSubgraph(Protocol):
    """Gives and takes what JSON could carry, and changes nothing of what it is given."""

    async def execute(
        self, document: str, variables: Mapping[str, Any], operation_name: str | None, headers: Mapping[str, str]
    ) -> Mapping[str, Any]: ...

    def subscribe(
        self, document: str, variables: Mapping[str, Any], operation_name: str | None, headers: Mapping[str, str]
    ) -> AsyncIterator[Mapping[str, Any]]: ...


class LocalTransport:
    def __init__(
        self,
        services: Mapping[str, LocalSubgraph],
        *,
        seconds_of: Callable[[str], float],
        mutation_seconds: float = 30.0,
    ) -> None:
        self._services = services
        self._seconds_of = seconds_of
        self._mutation_seconds = mutation_seconds
        self._mutations: set[asyncio.Task[Mapping[str, Any]]] = set()

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        service = self._service(request.subgraph)
        try:
            response = await (self._mutate(service, request) if request.is_mutation else self._ask(service, request))
        except TimeoutError:
            raise Unreachable(f"{request.subgraph} did not answer in time") from None
        except asyncio.CancelledError as error:
            raise_if_ours(error)
            raise broken(request.subgraph, error) from error
        except Exception as error:
            raise broken(request.subgraph, error) from error
        return checked_response(request.subgraph, response)

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        events = self._service(request.subgraph).subscribe(*arguments(request))
        try:
            async for response in events:
                yield checked_response(request.subgraph, response)
        except TransportError:
            raise
        except asyncio.CancelledError as error:
            raise_if_ours(error)
            raise broken(request.subgraph, error) from error
        except Exception as error:
            raise broken(request.subgraph, error) from error
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def aclose(self) -> None:
        """Waits for the mutations whose callers have gone."""
        if self._mutations:
            await asyncio.wait(self._mutations, timeout=self._mutation_seconds)

    async def _ask(self, service: LocalSubgraph, request: SubgraphRequest) -> Mapping[str, Any]:
        async with asyncio.timeout(self._seconds_of(request.subgraph)):
            return await service.execute(*arguments(request))

    async def _mutate(self, service: LocalSubgraph, request: SubgraphRequest) -> Mapping[str, Any]:
        """What has begun is brought to its end, whoever stops waiting: it is not cut off between commit and events."""
        mutation = asyncio.ensure_future(service.execute(*arguments(request)))
        self._mutations.add(mutation)
        mutation.add_done_callback(self._mutations.discard)
        try:
            async with asyncio.timeout(self._mutation_seconds):
                return await asyncio.shield(mutation)
        finally:
            if not mutation.done():
                mutation.add_done_callback(partial(note_late_end, request.subgraph))

    def _service(self, subgraph: str) -> LocalSubgraph:
        try:
            return self._services[subgraph]
        except KeyError:
            raise TransportError(f"{subgraph} does not run in this process") from None


def arguments(request: SubgraphRequest) -> tuple[str, Mapping[str, Any], str | None, Mapping[str, str]]:
    return request.document, request.variables, request.operation_name, request.headers


def raise_if_ours(error: asyncio.CancelledError) -> None:
    """Goes on with a cancellation of this very task; one from within the subgraph is that subgraph's failure."""
    task = asyncio.current_task()
    if task is None or task.cancelling():
        raise error


def note_late_end(subgraph: str, mutation: asyncio.Task[Mapping[str, Any]]) -> None:
    error = None if mutation.cancelled() else mutation.exception()
    log.warning("a mutation ended after its caller had gone", subgraph=subgraph, exc_info=error)


def broken(subgraph: str, error: BaseException) -> TransportError:
    log.error("a subgraph in this process failed", subgraph=subgraph, exc_info=error)
    return TransportError(f"{subgraph} failed")
