"""The tables say what the objects say, and nothing more."""

import io
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Closure
from forestall.api.remediationplan import RemediationPlan
from tests.unit.tools.demo import bodies
from tools.demo.narration import Narration
from tools.demo.outage import Probe
from tools.demo.report import Item, closure_line, items_table, outage_table, row

FAULT = datetime(2026, 1, 2, 3, 4, 0, tzinfo=UTC)


def at(second: int) -> str:
    return f"2026-01-02T03:04:{second:02}Z"


def item(**status: Any) -> Item:
    plan = bodies.plan("Succeeded", **status)
    finding = Finding.model_validate(bodies.finding())
    return Item("web: bad image", FAULT, finding, RemediationPlan.model_validate(plan))


APPROVED = item(
    approval={"kind": "Human", "name": "alice", "digest": bodies.DIGEST, "observedAt": at(9), "expiresAt": at(59)},
    timestamps={"detected": at(5), "decided": at(9), "acted": at(20), "verified": at(30)},
    score={"matched": 4, "total": 5},
)


def test_a_plan_that_ran_has_its_four_times_its_approver_and_its_score() -> None:
    assert row(APPROVED) == ["web: bad image", "T0", "5.0", "9.0", "20.0", "30.0", "alice", "4 of 5"]


def test_a_plan_that_was_rejected_neither_acted_nor_scored() -> None:
    rejected = item(rejection={"name": "alice", "reason": "not now", "time": at(12)})
    assert row(rejected) == ["web: bad image", "T0", "5.0", "12.0", "-", "-", "no: alice", "-"]


def test_the_tables_fit_a_terminal_of_eighty_columns() -> None:
    console = Console(width=80, record=True, soft_wrap=True, file=io.StringIO())
    narration = Narration(console)
    probes = [Probe(second, second, ok=second != 1) for second in range(4)]
    narration.show(items_table([APPROVED]))
    narration.show(outage_table([("orders", probes)]))
    text = console.export_text()
    assert "…" not in text
    assert "Prediction" in text
    assert "4 of 5" in text
    assert "2.0 s" in text
    assert "25.0%" in text


def test_the_closure_line_is_made_of_what_was_reported() -> None:
    assert closure_line(Closure(eligible=4, one_hop=3)) == "closed in one hop: 3 of 4 (supervised, provisional)"
