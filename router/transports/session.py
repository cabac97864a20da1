"""The one pooled HTTP client of the process, made when it is first needed."""

import aiohttp


class HttpSession:
    """Drops idle connections before a server would (uvicorn: after 5 s), so that none is used as it closes."""

    IDLE_SECONDS = 4.0

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def get(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=self.IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
