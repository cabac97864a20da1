"""Subgraphs in the same process: no HTTP and no JSON in between."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any, Protocol

import structlog

from router.transports.base import SubgraphRequest, TransportError
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
    def __init__(self, services: Mapping[str, LocalSubgraph], *, seconds_of: Callable[[str], float]) -> None:
        self._services = services
        self._seconds_of = seconds_of

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        service = self._service(request.subgraph)
        try:
            async with asyncio.timeout(self._seconds_of(request.subgraph)):
                response = await service.execute(*arguments(request))
        except TimeoutError:
            raise TransportError(f"{request.subgraph} did not answer in time") from None
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
        except Exception as error:
            raise broken(request.subgraph, error) from error
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    def _service(self, subgraph: str) -> LocalSubgraph:
        try:
            return self._services[subgraph]
        except KeyError:
            raise TransportError(f"{subgraph} does not run in this process") from None


def arguments(request: SubgraphRequest) -> tuple[str, Mapping[str, Any], str | None, Mapping[str, str]]:
    return request.document, request.variables, request.operation_name, request.headers


def broken(subgraph: str, error: Exception) -> TransportError:
    log.error("a subgraph in this process failed", subgraph=subgraph, exc_info=error)
    return TransportError(f"{subgraph} failed")
