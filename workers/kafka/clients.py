"""Clients of a broker that can be let go of at once, whatever that does.

At their end those of the library wait for it: a producer for ever, until each batch is taken. What is cut off there
keeps its sockets, and sends all of it again when the broker is back.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import ProducerClosed

_LEAVES_WITHIN_SECONDS = 2.0
_HEARD_WITHIN_SECONDS = 0.5


class Producer(AIOKafkaProducer):  # type: ignore[misc]  # the library says nothing of its types
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._requests: set[asyncio.Task[Any]] = set()
        self._request, self._sender._send_produce_req = self._sender._send_produce_req, self._noted

    async def let_go(self) -> None:
        """Sends nothing more; who waits for an answer is told so. Ends when no task and no socket is left."""
        self._closed = True
        self._message_accumulator.fail_all(ProducerClosed())
        await _cancelled([*self._requests, self._sender.sender_task])
        await self.client.close()

    async def _noted(self, node_id: int, batches: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._requests.add(task)
        try:
            await self._request(node_id, batches)
        finally:
            self._requests.discard(task)


class GroupConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # as above
    async def let_go(self) -> None:
        """Gives the broker a moment to hear of it. Ends when no task and no socket is left."""
        stopping = asyncio.create_task(self.stop())
        try:
            await asyncio.wait([stopping], timeout=_LEAVES_WITHIN_SECONDS)
        finally:
            await _cancelled([stopping, *self._tasks()])
            await self._client.close()

    def _tasks(self) -> list[asyncio.Task[Any] | None]:
        if self._coordinator is None:
            return []
        of_group = (each for name, each in vars(self._coordinator).items() if name.endswith("_task"))
        return [*of_group, self._fetcher._fetch_task, *self._fetcher._pending_tasks]


async def _cancelled(tasks: Iterable[asyncio.Task[Any] | None]) -> None:
    """The library's tasks may not hear it the first time: some go on after a cancellation that another was meant by."""
    ending = {task for task in tasks if task is not None}
    while ending:
        for task in ending:
            task.cancel()
        ended, ending = await asyncio.wait(ending, timeout=_HEARD_WITHIN_SECONDS)
        await asyncio.gather(*ended, return_exceptions=True)
