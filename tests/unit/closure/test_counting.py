"""The closure figures: what is in the denominator, what is in the numerator, and what is in neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicySpec
from forestall.closure.counting import count, eligible
from forestall.ports import Json
from tests.unit.gates.scene import finding, policy

ONE_HOP = {"oneHop": True, "series": "Supervised", "plan": "p"}
SECOND_HOP = {**ONE_HOP, "oneHop": False}


def ref(phase: str) -> Json:
    return {"name": "p", "runbook": "rollout-undo", "phase": phase}


def answering(*modes: str, kinds: tuple[str, ...] = ("ImagePull",)) -> InspectionPolicySpec:
    """A policy with one response for each mode; all match the same findings."""
    responses = [{"name": f"r{number}", "match": {"types": kinds}, "mode": mode} for number, mode in enumerate(modes)]
    return policy(responses=responses).spec


OPEN = answering("Open")
ELIGIBLE: Mapping[str, tuple[InspectionPolicySpec, Finding, bool]] = {
    "an open finding": (OPEN, finding(state="Open"), True),
    "one that waits for its plan": (OPEN, finding(state="Planned", plans=[ref("PendingApproval")]), True),
    "one whose plan was rejected": (OPEN, finding(state="Open", plans=[ref("Rejected")]), True),
    "one whose plan expired": (OPEN, finding(state="Open", plans=[ref("Expired")]), True),
    "one whose plan is blocked": (OPEN, finding(state="Planned", plans=[ref("Blocked")]), True),
    "one without a response": (answering(), finding(state="Open"), True),
    "one that no response matches": (answering("Open", kinds=("MetricThreshold",)), finding(state="Open"), True),
    "one that is only proposed for": (answering("Propose"), finding(state="Open"), True),
    "one that a plan closed": (OPEN, finding(state="Closed", plans=[ref("Succeeded")], closure=ONE_HOP), True),
    "one that escalated": (OPEN, finding(state="Escalated", plans=[ref("Failed")]), True),
    "one that cleared after a plan had run": (OPEN, finding(state="Cleared", plans=[ref("Failed")]), True),
    "one that cleared while a plan ran": (OPEN, finding(state="Cleared", plans=[ref("Executing")]), True),
    "one that cleared by itself": (OPEN, finding(state="Cleared"), False),
    "one that cleared while its plan waited": (OPEN, finding(state="Cleared", plans=[ref("Cancelled")]), False),
    "one that is only observed": (answering("Observe"), finding(state="Open"), False),
    "one that is observed first": (answering("Observe", "Open"), finding(state="Open"), False),
    "one that is answered before it is observed": (answering("Open", "Observe"), finding(state="Open"), True),
    "one that was never raised": (OPEN, finding(state="Open", detectedAt=None), False),
}


@pytest.mark.parametrize(("spec", "item", "counts"), ELIGIBLE.values(), ids=ELIGIBLE.keys())
def test_what_is_eligible(spec: InspectionPolicySpec, item: Finding, counts: bool) -> None:
    assert eligible(spec, item) is counts


def counted(*items: Finding, **spec: Any) -> tuple[int, int]:
    figures = count(policy(**spec).spec, items)
    return figures.one_hop, figures.eligible


def test_closed_in_one_hop_of_eligible() -> None:
    closed = finding(state="Closed", plans=[ref("Succeeded")], closure=ONE_HOP)
    second = finding(state="Closed", plans=[ref("Failed"), ref("Succeeded")], closure=SECOND_HOP)
    assert counted(closed, second, finding(state="Open"), finding(state="Cleared")) == (1, 3)


def test_nothing_of_nothing() -> None:
    assert counted() == (0, 0)


def test_what_is_not_eligible_cannot_be_closed_in_one_hop() -> None:
    closed = finding(state="Closed", plans=[ref("Succeeded")], closure=ONE_HOP)
    assert counted(closed, mode="Observe") == (0, 0)
