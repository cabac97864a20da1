"""Work that takes long is done in a thread, one piece at a time, so that the loop serves others meanwhile.

One thread for each kind of work: whatever computes has the loop wait for its turn, 5 ms at the most.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Found = TypeVar("Found")


class Aside:
    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def __call__(self, work: Callable[..., Found], *given: object) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._thread, copy_context().run, work, *given)


aside = Aside("answers")
