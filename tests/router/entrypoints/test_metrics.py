"""The page that Prometheus reads."""

import asyncio
from collections.abc import Iterable

import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from router.entrypoints import metrics
from router.entrypoints.metrics import MetricsPage
from tests.scrape import Scrape


class Beds:
    """A measure, and how often it was asked."""

    def __init__(self, ward: str) -> None:
        self.ward, self.asked = ward, 0

    async def __call__(self) -> Iterable[Metric]:
        self.asked += 1
        metric = GaugeMetricFamily("beds_free", "Beds that are free.", labels=["ward"])
        metric.add_metric([self.ward], self.asked)
        return [metric]


async def fails() -> Iterable[Metric]:
    raise OSError("no database")


async def never_ends() -> Iterable[Metric]:
    await asyncio.Event().wait()
    return []


async def scraped(page: MetricsPage) -> Scrape:
    response = await page.respond(None)  # type: ignore[arg-type]  # it looks at nothing of the request
    return Scrape.of(bytes(response.body).decode())


async def test_measures_of_one_name_stand_together(monkeypatch):
    found = await scraped(MetricsPage({"one": Beds("1"), "two": Beds("2")}))
    assert (found("beds_free", ward="1"), found("beds_free", ward="2")) == (1, 1)
    assert found.helped["beds_free"] == "Beds that are free."


async def test_however_often_it_is_asked_it_measures_once_in_some_seconds(monkeypatch: pytest.MonkeyPatch):
    beds = Beds("1")
    page = MetricsPage({"beds": beds})
    await asyncio.gather(*(scraped(page) for _ in range(20)))
    assert beds.asked == 1
    monkeypatch.setattr(metrics, "MEASURED_EVERY_SECONDS", 0.0)
    assert (await scraped(page))("beds_free") == 2


async def test_what_cannot_be_measured_in_time_is_missing_and_said_to_be(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metrics, "MEASURE_SECONDS", 0.01)
    found = await scraped(MetricsPage({"none": fails, "late": never_ends, "beds": Beds("1")}))
    assert (found("hospital_unmeasured"), found("beds_free")) == (2, 1)
