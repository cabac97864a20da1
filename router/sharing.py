"""One subscription upstream for all listeners that ask the same with the same credentials.

It is joined until its first event comes and not after: who joins hears all that a subscription of their own would say,
whatever its arguments mean to the subgraph (a cursor, a count, a value to begin with).
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from contextlib import aclosing
from typing import Any

import orjson

from router.context import RequestContext
from router.errors import ErrorCode, RequestRefused, refused

OF_ONE_REQUEST = frozenset({"x-request-id", "traceparent", "tracestate"})
"""Headers that say which request it is, and nothing of who asks for what."""

Response = Mapping[str, Any]
Responses = AsyncGenerator[Response, None]


class SharedStreams:
    def __init__(self, most_behind: int) -> None:
        self._most_behind = most_behind
        self._joinable: dict[Hashable, SharedStream] = {}

    async def listen(self, key: Hashable, begin: Callable[[], Responses]) -> Responses:
        """The responses of a stream that has told none yet, or of one that begins. Raises what ends it, RequestRefused
        where others are too far ahead."""
        stream = self._joinable.get(key) or self._begun(key, begin)
        listener = stream.join()
        try:
            while (response := await listener.next()) is not None:
                yield response
        finally:
            await stream.leave(listener)

    def _begun(self, key: Hashable, begin: Callable[[], Responses]) -> "SharedStream":
        def shut() -> None:
            if self._joinable.get(key) is stream:
                del self._joinable[key]

        stream = self._joinable[key] = SharedStream(begin(), self._most_behind, shut)
        return stream


class SharedStream:
    """Reads on as soon as the fastest of its listeners waits: none of them holds up another."""

    def __init__(self, upstream: Responses, most_behind: int, shut: Callable[[], None]) -> None:
        self._upstream = upstream
        self._most_behind = most_behind
        self._shut = shut
        self._wanted = asyncio.Event()
        self._listeners: set[Listener] = set()
        self._pumping = asyncio.create_task(self._pump())

    def join(self) -> "Listener":
        listener = Listener(self._wanted)
        self._listeners.add(listener)
        return listener

    async def leave(self, listener: "Listener") -> None:
        """The last to leave ends it upstream, and waits for that."""
        self._listeners.discard(listener)
        if not self._listeners:
            self._shut()
            self._pumping.cancel()
            await asyncio.wait([self._pumping])

    async def _pump(self) -> None:
        failure: Exception | None = None
        try:
            async with aclosing(self._upstream) as responses:
                async for response in responses:
                    self._shut()
                    self._tell(response)
                    await self._wanted.wait()
        except Exception as error:
            failure = error
        self._shut()
        for listener in self._listeners:
            listener.end(failure)

    def _tell(self, response: Response) -> None:
        self._wanted.clear()
        for listener in list(self._listeners):
            if listener.behind < self._most_behind:
                listener.tell(response)
            else:
                self._listeners.discard(listener)
                listener.end(too_slow())


class Listener:
    """What somebody has not heard yet."""

    __slots__ = ("_ended", "_failure", "_news", "_waiting", "_wanted")

    def __init__(self, wanted: asyncio.Event) -> None:
        self._wanted = wanted
        self._waiting: deque[Response] = deque()
        self._news: asyncio.Future[None] | None = None
        self._ended = False
        self._failure: Exception | None = None

    @property
    def behind(self) -> int:
        return len(self._waiting)

    def tell(self, response: Response) -> None:
        self._waiting.append(response)
        self._wake()

    def end(self, failure: Exception | None) -> None:
        """After what waits."""
        self._ended, self._failure = True, failure
        self._wake()

    async def next(self) -> Response | None:
        """None at the end."""
        while not self._waiting and not self._ended:
            self._news = asyncio.get_running_loop().create_future()
            self._wanted.set()
            await self._news
        if self._waiting:
            return self._waiting.popleft()
        if self._failure:
            raise self._failure
        return None

    def _wake(self) -> None:
        if self._news and not self._news.done():
            self._news.set_result(None)


def asked_by(context: RequestContext, variables: Mapping[str, Any]) -> bytes:
    """The same for all that may hear the same."""
    headers = {name: value for name, value in context.headers.items() if name not in OF_ONE_REQUEST}
    claims = context.token and context.token.claims
    return orjson.dumps([variables, headers, claims], option=orjson.OPT_SORT_KEYS)


def too_slow() -> RequestRefused:
    return refused("This listener is too slow: subscribe again from where it is.", ErrorCode.TOO_SLOW)
