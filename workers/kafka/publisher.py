"""Publishing to Kafka so that what is acknowledged stands on every replica that is in step, once and in order."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeAlias

import orjson
import structlog
from aiokafka.errors import KafkaError

from workers.kafka.clients import Producer
from workers.kafka.settings import KafkaSettings

_ANSWER_SECONDS = 10.0
_MAXIMUM_BYTES = 1_000_000

log = structlog.get_logger(__name__)

Headers: TypeAlias = Sequence[tuple[str, bytes]]


class KafkaPublisher:
    """One idempotent producer, made when it is first needed and made anew when a lot was not taken whole."""

    def __init__(self, settings: KafkaSettings, name: str) -> None:
        self._settings, self._name = settings, name
        self._producer: Producer | None = None
        self._starting = asyncio.Lock()

    async def publish(
        self, topic: str, messages: Sequence[tuple[bytes, bytes | None]], headers: Headers = ()
    ) -> list[BaseException | None]:
        """For each pair of key and body what hindered it, or None when the broker has it for good."""
        try:
            async with self._starting:  # the relays of all domains share it
                producer = await self._started()
        except (KafkaError, OSError) as error:
            return [error] * len(messages)
        hindered = await self._sent(producer, topic, messages, headers)
        if any(isinstance(error, KafkaError | TimeoutError) for error in hindered):
            await self._let_go(producer)
        return hindered

    async def aclose(self) -> None:
        """What is on its way then is sent again by who did not hear of it."""
        if self._producer is not None:
            await self._let_go(self._producer)

    async def _let_go(self, producer: Producer) -> None:
        """Unless another has done so, who may have made a new one since."""
        if self._producer is not producer:
            return
        self._producer = None
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await producer.let_go()
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("kafka.not_closed", error=error)

    async def _started(self) -> Producer:
        if self._producer is None:
            producer = Producer(
                **self._settings.connection(),
                client_id=self._name,
                enable_idempotence=True,
                acks="all",
                max_request_size=_MAXIMUM_BYTES,
                max_batch_size=131_072,
                request_timeout_ms=int(_ANSWER_SECONDS * 1000),
            )
            try:
                await producer.start()
            except BaseException:
                await producer.let_go()
                raise
            self._producer = producer
        return self._producer

    async def _sent(
        self, producer: Producer, topic: str, messages: Sequence[tuple[bytes, bytes | None]], headers: Headers
    ) -> list[BaseException | None]:
        """What the client itself refuses (too large) hinders what has the same key behind it, and nothing else."""
        futures: list[Any] = []
        refused: dict[bytes, Exception] = {}
        try:
            for key, body in messages:
                try:
                    if key in refused:
                        futures.append(_failed(refused[key]))
                    else:
                        sent_with = [*headers, *_trace_of(body)]
                        futures.append(await producer.send(topic, body, key=key, headers=sent_with))
                except (KafkaError, OSError) as error:
                    refused[key] = error
                    futures.append(_failed(error))
            _, late = await asyncio.wait(futures, timeout=_ANSWER_SECONDS)
            return [TimeoutError("the broker did not answer") if each in late else each.exception() for each in futures]
        finally:
            for each in futures:
                each.cancel()  # of what becomes of the late ones nobody hears


def _trace_of(body: bytes | None) -> Headers:
    """What an envelope says of its trace, as a header too: who reads no envelope knows it then."""
    if body is None or b'"traceparent":"' not in body:
        return ()
    try:
        traceparent = orjson.loads(body)["traceparent"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ()
    return [("traceparent", traceparent.encode())] if isinstance(traceparent, str) else ()


def _failed(error: Exception) -> "asyncio.Future[None]":
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_exception(error)
    return future
