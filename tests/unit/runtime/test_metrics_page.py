"""The page of metrics: everything that is served, and nothing else."""

from __future__ import annotations

from pathlib import Path

from forestall.runtime.metrics_page import LABELS, PAGE, meters, page
from forestall.runtime.standing import Standing
from tests.unit.runtime.instant import run
from tests.unit.runtime.scene import World

ROOT = Path(__file__).parents[3]
PROCESS = "process_"
"""What the client library says of any process."""


def test_whatever_is_served_is_on_the_page() -> None:
    async def served() -> set[str]:
        context = World().context
        context.metrics.registry.register(Standing(context))
        return {family.name for family in context.metrics.registry.collect()}

    listed = {meter.name.removesuffix("_total") for meter in meters()}
    assert {name for name in run(served()) if not name.startswith(PROCESS)} == listed


def test_every_label_is_explained() -> None:
    assert {label for meter in meters() for label in meter.labels} == set(LABELS)


def test_the_page_of_the_checkout_is_up_to_date() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == page()
