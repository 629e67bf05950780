"""Rules and dashboard: shipped where they are asked for, about metrics that there are, with a word on what to do."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from forestall.runtime.metrics_page import meters
from tests.chart.monitoring import DASHBOARD, RULES, alerts, expressions, metrics_of
from tests.chart.rendering import Manifest, of_kind, render

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "monitoring.md"
OPTIONAL = {"prometheusRule": "PrometheusRule", "serviceMonitor": "ServiceMonitor"}


def served() -> set[str]:
    """The names of all series, those of histograms among them."""
    names = {meter.name for meter in meters()}
    histograms = {meter.name for meter in meters() if meter.kind == "histogram"}
    return names | {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}


def monitored(*values: str) -> list[Manifest]:
    return render(*(f"monitoring.{value}=true" for value in OPTIONAL), *values)


def test_by_itself_nothing_is_installed_that_the_cluster_may_not_know() -> None:
    kinds = {manifest["kind"] for manifest in render()}
    assert kinds.isdisjoint(OPTIONAL.values())
    assert "forestall-dashboard" not in of_kind(render(), "ConfigMap")


def test_the_rules_are_installed_as_they_are_tested() -> None:
    assert of_kind(monitored(), "PrometheusRule")["forestall"]["spec"] == yaml.safe_load(RULES.read_text())


def test_the_dashboard_is_installed_as_it_is_tested() -> None:
    found = of_kind(render("monitoring.dashboard=true"), "ConfigMap")["forestall-dashboard"]
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(found["data"]["forestall.json"]) == json.loads(DASHBOARD.read_text())


def test_what_is_scraped_is_the_operators_port() -> None:
    manifests = monitored("monitoring.labels.release=main")
    service = of_kind(manifests, "Service")["forestall-metrics"]
    monitor = of_kind(manifests, "ServiceMonitor")["forestall"]
    template = of_kind(manifests, "Deployment")["forestall"]["spec"]["template"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    (endpoint,), (port,) = monitor["spec"]["endpoints"], service["spec"]["ports"]
    assert endpoint["port"] == port["name"]
    assert port["targetPort"] in {one["name"] for one in template["spec"]["containers"][0]["ports"]}
    assert {one["metadata"]["labels"]["release"] for one in (monitor, _rule(manifests))} == {"main"}


def _rule(manifests: list[Manifest]) -> Manifest:
    return of_kind(manifests, "PrometheusRule")["forestall"]


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_asks_for_metrics_that_are_served_and_says_what_to_do(alert: dict[str, Any]) -> None:
    assert metrics_of(alert["expr"]) <= served()
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert set(alert["annotations"]) == {"summary", "description"}
    assert f"## {alert['alert']}\n" in GUIDE.read_text(), "the guide has a section for it"


def test_every_panel_asks_for_metrics_that_are_served() -> None:
    assert {name for _, expression in expressions() for name in metrics_of(expression)} <= served()


def test_no_panel_lies_on_another_and_each_says_what_it_shows() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    places = [(x, y) for panel in panels for x, y in _cells(**panel["gridPos"])]
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["type"] == "row" or panel["description"] for panel in panels)


def _cells(*, x: int, y: int, w: int, h: int) -> list[tuple[int, int]]:
    return [(column, row) for column in range(x, x + w) for row in range(y, y + h)]
