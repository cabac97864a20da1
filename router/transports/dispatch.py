"""One transport over several: each subgraph by the way that leads to it."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from router.transports.base import SubgraphRequest, Transport


class DispatchingTransport:
    """Subgraphs named in `local_names` go the local way, all others the remote one."""

    def __init__(self, local: Transport, local_names: Collection[str], remote: Transport) -> None:
        self._local = local
        self._local_names = frozenset(local_names)
        self._remote = remote

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        return await self._way(request).execute(request)

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        return self._way(request).subscribe(request)

    def _way(self, request: SubgraphRequest) -> Transport:
        return self._local if request.subgraph in self._local_names else self._remote
