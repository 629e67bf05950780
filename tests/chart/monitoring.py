"""What the chart brings to watch forestall by: its rules and its dashboard, as they are shipped."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.chart.rendering import CHART

RULES = CHART / "monitoring" / "rules.yaml"
DASHBOARD = CHART / "monitoring" / "dashboard.json"


def alerts() -> list[dict[str, Any]]:
    """The alerting rules."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def hurried() -> str:
    """The rules with each minute cut to a second, so that a test can wait for what takes ten minutes."""
    return re.sub(r"\b(\d+)m\b", r"\1s", RULES.read_text())


def expressions() -> Iterator[tuple[str, str]]:
    """The title of each panel with each of its expressions."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def metrics_of(expression: str) -> set[str]:
    """The names of forestall's own metrics that an expression asks for."""
    return set(re.findall(r"\bforestall_\w+", expression))
