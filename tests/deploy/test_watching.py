"""The dashboard and the alerts: by what components really tell."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from deploy.kubernetes.components import ALL, PORT
from hospital.runtime import Runtime
from hospital.web import measures_of
from router.entrypoints.metrics import MetricsPage
from tests.hospital.conftest import never_used, new_folder, runtime
from tests.scrape import Scrape

__all__ = ["never_used", "new_folder", "runtime"]

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana/hospital.json").read_text())
RULES = yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text())["groups"][0]["rules"]
SCRAPES = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
OPERATIONS = (DEPLOY.parent / "docs/operations.md").read_text()

EXPRESSIONS = {
    **{target["expr"]: panel["title"] for panel in DASHBOARD["panels"] for target in panel["targets"]},
    **{rule["expr"]: rule["alert"] for rule in RULES},
}
_NAME = re.compile(r"\b((?:hospital|process)_[a-z_]+)\b")
_LABELS = re.compile(r"\b((?:hospital|process)_[a-z_]+)\{([a-z]+)")
_OF_PROMETHEUS = {"job"}


@pytest.fixture
async def told(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Scrape:
    """A whole scrape of a hospital, however long it takes; what is counted of nothing yet is told by its help alone."""
    monkeypatch.setattr("router.entrypoints.metrics.MEASURE_SECONDS", 60.0)
    response = await MetricsPage(measures_of(runtime)).respond(None)  # type: ignore[arg-type]
    return Scrape.of(bytes(response.body).decode())


def suffixed(name: str) -> Iterator[str]:
    yield name
    yield from (name.removesuffix(end) for end in ("_bucket", "_count", "_sum", "_total") if name.endswith(end))


async def test_every_metric_of_the_dashboard_and_the_alerts_is_one_that_is_told(told: Scrape):
    named = {(name, where) for expression, where in EXPRESSIONS.items() for name in _NAME.findall(expression)}
    assert len({name for name, _ in named}) >= 15
    assert [each for each in named if not set(suffixed(each[0])) & told.helped.keys()] == []


async def test_every_metric_of_ours_that_is_told_is_on_the_dashboard_or_in_an_alert(told: Scrape):
    named = {name for expression in EXPRESSIONS for name in _NAME.findall(expression)}
    shown = {base for name in named for base in suffixed(name)}
    ours = {name for name in told.helped if name.startswith("hospital_") and not name.endswith("_created")}
    assert ours - shown == set()
    assert all(told.helped[name] for name in told.helped if name.startswith("hospital_"))


def test_the_labels_that_are_asked_for_are_those_of_the_metrics():
    known = {"outcome", "kind", "subgraph", "domain", "consumer", "topic", "channel", "pool"} | _OF_PROMETHEUS
    assert {label for expression in EXPRESSIONS for _, label in _LABELS.findall(expression)} <= known


def test_every_alert_says_what_is_wrong_and_the_operations_what_to_do():
    for rule in RULES:
        assert rule["annotations"]["summary"]
        assert f"`{rule['alert']}`" in OPERATIONS, rule["alert"]
    assert set(re.findall(r"^\| `([A-Z]\w+)`", OPERATIONS, re.MULTILINE)) == {rule["alert"] for rule in RULES}


def test_a_component_that_is_gone_is_missed():
    [away] = [rule["expr"] for rule in RULES if rule["alert"] == "ComponentAway"]
    missed = re.findall(r'or absent\(up\{job=~"hospital\.\*",component="([\w-]+)"\}\)', away)
    assert sorted(missed) == sorted(each.name for each in ALL if each.role != "job")


def test_every_component_that_runs_is_scraped_at_its_port():
    found = SCRAPES[0]["dns_sd_configs"]
    assert {each["port"] for each in found} == {PORT}
    names = [name for each in found for name in each["names"]]
    assert sorted(names) == sorted(each.name for each in ALL if each.role != "job")
