"""The tables say what the objects say, and fit a terminal."""

import io
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from forestall.api.finding import Finding
from forestall.api.networkplan import NetworkFigures, NetworkPrediction
from forestall.api.remediationplan import RemediationPlan
from tests.unit.tools.demo import bodies
from tools.demo.narration import Narration
from tools.demo.twin.report import Risk, figures_cells, network_table, risk_row, risks_table

WORST = {"loss": "link/city/north-west", "link": "east-north", "utilisation": "1.4", "lostDemand": "0"}


def figures(*worst: dict[str, Any]) -> NetworkFigures:
    body = {"link": "east-market", "utilisation": "0.6333", "lostDemand": "0", "losses": 9, "failing": len(worst)}
    return NetworkFigures.model_validate({**body, "worst": worst})


PREDICTION = NetworkPrediction(
    network="city",
    topology_id="sha256:1",
    changes=(),
    inverse=(),
    before=figures(WORST),
    during=figures(WORST),
    after=figures(),
    caveat="",
)


def risk(state: str = "Open", **status: Any) -> Risk:
    found = Finding.model_validate(bodies.finding(state=state))
    plan = RemediationPlan.model_validate(bodies.plan(**status)) if status else None
    return Risk("two cables share a conduit", found, plan)


def drawn(table: Table) -> str:
    told = io.StringIO()
    Narration(Console(file=told, width=80, soft_wrap=True)).show(table)
    return told.getvalue()


def test_a_state_of_a_network_is_told_with_the_worst_loss() -> None:
    assert figures_cells("city", figures(WORST)) == [
        "east-market 63%",
        "0 bit/s",
        "1 of 9",
        "link north-west",
        "east-north 140%",
    ]
    assert figures_cells("city", figures())[3:] == ["-", "-"]
    assert figures(WORST).worst[0].utilisation == Decimal("1.4")


def test_before_during_and_after_stand_beside_each_other_whole() -> None:
    text = drawn(network_table(PREDICTION))
    assert all(word in text for word in ("Before", "During", "After", "1 of 9", "0 of 9"))
    assert text.count("link north-west") == 2
    assert "…" not in text


@pytest.mark.parametrize(
    ("given", "cells"),
    [
        (risk(), ["Open", "none", "-", "-"]),
        (
            risk("Closed", phase="Succeeded", score={"matched": 3, "total": 4}),
            ["Closed", "rollout-undo", "Succeeded", "3 of 4"],
        ),
        (risk(phase="Proposed"), ["Open", "rollout-undo", "Proposed", "-"]),
    ],
)
def test_a_risk_is_told_with_its_plan_and_the_score(given: Risk, cells: list[str]) -> None:
    assert risk_row(given) == ["two cables share a conduit", *cells]
    assert "…" not in drawn(risks_table([given]))
