"""Work that takes long is done in a thread, one piece at a time, so that the loop serves others meanwhile.

One thread for each kind of work, and between two pieces a turn of the loop: it gives the interpreter away several times
in each of its turns, and each time waits 5 ms at the most, or as long as a call takes that does not let go of it.
A loop that had to line up is remembered for good: a process that serves has one.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar
from weakref import WeakKeyDictionary

Found = TypeVar("Found")


class Aside:
    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def __call__(self, work: Callable[..., Found], *given: object) -> Found:
        loop = asyncio.get_running_loop()
        async with self._lines.setdefault(loop, asyncio.Lock()):
            return await loop.run_in_executor(self._thread, copy_context().run, work, *given)


aside = Aside("answers")
