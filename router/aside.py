"""Work that takes long is done in a thread, one piece at a time, so that the loop serves others meanwhile.

One thread: each more that computes would have the loop wait for its turn among them.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Found = TypeVar("Found")

_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside")


async def aside(work: Callable[..., Found], *given: object) -> Found:
    return await asyncio.get_running_loop().run_in_executor(_THREAD, copy_context().run, work, *given)
