"""What Prometheus reads: what was counted in this process, and what is measured when it asks."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

Measure = Callable[[], Awaitable[Iterable[Metric]]]
"""Looks at what is not counted as it happens, such as how much waits in a table."""

MEASURED_EVERY_SECONDS = 5.0
MEASURE_SECONDS = 2.0

log = structlog.get_logger()


class MetricsPage:
    """However often and by how many it is asked, it measures once in some seconds."""

    def __init__(self, measures: Mapping[str, Measure]) -> None:
        self._measures = measures
        self._measured, self._at = b"", -float("inf")
        self._turn = asyncio.Lock()

    async def respond(self, _: Request) -> Response:
        async with self._turn:
            if time.monotonic() - self._at >= MEASURED_EVERY_SECONDS:
                self._measured, self._at = await self._measure(), time.monotonic()
        return Response(generate_latest(REGISTRY) + self._measured, headers={"content-type": CONTENT_TYPE_LATEST})

    async def _measure(self) -> bytes:
        """What cannot be measured is left out, and said to be."""
        found = await asyncio.gather(*(_found(name, measure) for name, measure in self._measures.items()))
        left_out = sum(metrics is None for metrics in found)
        registry = CollectorRegistry()
        registry.register(_Found([*_merged(found), _unmeasured(left_out)]))
        return generate_latest(registry)


async def _found(name: str, measure: Measure) -> list[Metric] | None:
    try:
        async with asyncio.timeout(MEASURE_SECONDS):
            return list(await measure())
    except Exception as error:
        log.warning("metrics.not_measured", measure=name, error=type(error).__name__)
        return None


def _merged(found: Iterable[Iterable[Metric] | None]) -> Iterator[Metric]:
    """Several may measure the same of different things: a name stands once."""
    by_name: dict[str, Metric] = {}
    for metric in (metric for metrics in found for metric in metrics or ()):
        known = by_name.setdefault(metric.name, metric)
        if known is not metric:
            known.samples.extend(metric.samples)
    yield from by_name.values()


def _unmeasured(number: int) -> Metric:
    return GaugeMetricFamily("hospital_unmeasured", "Measures that failed or took too long, and are missing.", number)


class _Found(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics
