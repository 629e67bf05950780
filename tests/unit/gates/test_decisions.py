"""Decisions in objects: what they claim must be what the plan is."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from forestall.gates.decisions import fault, fitting
from tests.unit.gates.scene import OTHER_DIGEST, UID, decision, facts, plan, rendered


def test_a_decision_that_names_the_plan_as_it_is_fits() -> None:
    assert fault(decision(), plan()) is None


@pytest.mark.parametrize(
    ("claim", "reason", "field"),
    [
        ({"planRef": {"name": "mend-cart", "uid": "another"}}, "OtherPlan", "spec.planRef"),
        ({"planRef": {"name": "mend-tea", "uid": UID}}, "OtherPlan", "spec.planRef"),
        ({"policyRef": {"name": "search"}}, "OtherPolicy", "spec.policyRef"),
        ({"planDigest": OTHER_DIGEST}, "OtherDigest", "spec.planDigest"),
        ({"riskClass": "High"}, "OtherRiskClass", "spec.riskClass"),
        ({"approver": "forestall"}, "ProposerCannotApprove", "spec.approver"),
    ],
)
def test_a_decision_that_claims_something_else_is_refused(claim: dict[str, Any], reason: str, field: str) -> None:
    found = fault(decision(**claim), plan())
    assert found is not None
    assert found.reason == reason
    assert field in found.message


def test_a_low_class_claimed_for_a_plan_of_high_risk_is_refused() -> None:
    found = fault(decision(), plan(rendered(riskClass="High")))
    assert found is not None
    assert found.reason == "OtherRiskClass"


@pytest.mark.parametrize("claimed", ["Low", "High"])
def test_a_class_that_is_not_known_counts_as_high(claimed: str) -> None:
    found = fault(decision(riskClass=claimed), plan(rendered(riskClass=None)))
    assert (found is None) == (claimed == "High")


def test_before_there_is_a_digest_nothing_fits() -> None:
    found = fault(decision(), plan(rendered(planDigest=None)))
    assert found is not None
    assert found.reason == "OtherDigest"


def test_the_proposer_may_reject() -> None:
    assert fault(decision(approver="forestall", decision="Reject", reason="no"), plan()) is None


@pytest.mark.parametrize(("wanted", "names"), [("Approve", ["a", "b"]), ("Reject", ["c"])])
def test_only_fitting_decisions_of_the_sort_count_and_in_order(
    wanted: Literal["Approve", "Reject"], names: list[str]
) -> None:
    known = (
        decision("b"),
        decision("a"),
        decision("c", decision="Reject", reason="no"),
        decision("d", planDigest=OTHER_DIGEST),
        decision("e", deleted=True),
    )
    assert [one.metadata.name for one in fitting(facts(approvals=known), wanted)] == names
