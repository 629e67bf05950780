"""Approvals: each says once whether it fits its plan."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from forestall.adapters.resources import APPROVALS, PLANS
from forestall.api.remediationapproval import RemediationApproval
from forestall.ports import KubeError
from forestall.runtime import approvals
from tests.unit.gates.scene import decision, plan
from tests.unit.runtime.office import Office


def reconciled(office: Office, item: RemediationApproval) -> tuple[str, str, str]:
    """Status, reason and message of what is said of an approval."""
    office.put(APPROVALS, item)
    assert asyncio.run(approvals.reconcile(office.context, item.key)) is None
    body = asyncio.run(office.kube.get(APPROVALS, *item.key[1:]))
    (condition,) = body["status"]["conditions"]
    return condition["status"], condition["reason"], condition["message"]


def with_plan() -> Office:
    office = Office()
    office.put(PLANS, plan(), seen=False)
    return office


def fitting(office: Office, **spec: Any) -> RemediationApproval:
    """A decision that names the plan by the UID that the API server gave it."""
    uid = asyncio.run(office.kube.get(PLANS, "shop", "mend-cart"))["metadata"]["uid"]
    return decision(planRef={"name": "mend-cart", "uid": uid}, **spec)


def test_an_approval_that_fits_is_accepted() -> None:
    office = with_plan()
    assert reconciled(office, fitting(office)) == ("True", "FitsPlan", "")


def test_an_approval_that_does_not_fit_is_refused_and_the_field_is_named() -> None:
    office = with_plan()
    status, reason, message = reconciled(office, fitting(office, riskClass="High"))
    assert (status, reason) == ("False", "OtherRiskClass")
    assert message.startswith("spec.riskClass: ")


def test_an_approval_of_no_plan_is_refused() -> None:
    assert reconciled(Office(), decision())[:2] == ("False", "PlanMissing")


def test_an_approval_is_judged_once() -> None:
    office = with_plan()
    item = fitting(office)
    reconciled(office, item)
    office.kube.remove(PLANS, "shop", "mend-cart")
    asyncio.run(approvals.reconcile(office.context, item.key))
    assert len(office.kube.made("patch_status")) == 1


def test_a_plan_that_cannot_be_read_is_asked_for_again() -> None:
    office = with_plan()
    item = fitting(office)
    office.put(APPROVALS, item)
    office.kube.refuse("get", PLANS, KubeError(500, "InternalError", "etcd"))
    with pytest.raises(KubeError, match="etcd"):
        asyncio.run(approvals.reconcile(office.context, item.key))
    assert office.kube.made("patch_status") == []


def test_an_approval_that_is_gone_needs_no_answer() -> None:
    office = Office()
    assert asyncio.run(approvals.reconcile(office.context, decision().key)) is None
    assert office.kube.calls == []
