"""The HTTP clients of the process: connections are made when they are first needed, and closed with it.

Subgraphs are asked over the pools; sockets, keys and what is passed on go over aiohttp.
"""

import asyncio
import ssl

import aiohttp

from router.settings import Connections
from router.transports.http1.address import Origin
from router.transports.http1.pool import Pool
from router.transports.tls import tls_context


class HttpSession:
    def __init__(self, connections: Connections | None = None) -> None:
        self._connections = connections or Connections()
        self._session: aiohttp.ClientSession | None = None
        self._tls: ssl.SSLContext | None = None
        self._pools: dict[Origin, Pool] = {}

    def get(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,
                    keepalive_timeout=self._connections.idle_seconds,
                    ssl=self._believed() if self._connections.ca_file else True,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def pool(self, origin: Origin) -> Pool:
        if origin not in self._pools:
            self._pools[origin] = Pool(origin, self._connections, self._believed() if origin.tls else None)
        return self._pools[origin]

    async def aclose(self) -> None:
        pools, self._pools = self._pools, {}
        await asyncio.gather(*(pool.aclose() for pool in pools.values()))
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _believed(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = tls_context(self._connections.ca_file)
        return self._tls
