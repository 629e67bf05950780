"""A Job that nobody approved does not go unseen."""

from typing import Any

from forestall.api.remediationplan import RemediationPlan
from tests.unit.tools.demo import bodies
from tools.faults.actions import jobs_of, unapproved

APPROVAL = {
    "kind": "Human",
    "name": "alice",
    "digest": bodies.DIGEST,
    "observedAt": bodies.RAISED,
    "expiresAt": bodies.RAISED,
}


def job(name: str, *, plan: str, uid: str) -> dict[str, Any]:
    marks = {"annotations": {"forestall.dev/plan": plan}, "labels": {"forestall.dev/plan-uid": uid}}
    return {"metadata": {"name": name, **marks}}


def plan(uid: str, **status: Any) -> RemediationPlan:
    body = bodies.plan("Succeeded", **status)
    return RemediationPlan.model_validate({**body, "metadata": {**body["metadata"], "uid": uid}})


def test_only_jobs_of_the_namespaces_plans_are_counted() -> None:
    jobs = [job("a", plan="market/one", uid="1"), job("b", plan="market-two/one", uid="2"), {"metadata": {"name": "c"}}]
    assert jobs_of("market", jobs) == {"a": "1"}


def test_a_job_is_approved_by_its_own_plans_approval_only() -> None:
    plans = [plan("1", approval=APPROVAL), plan("2")]
    told = unapproved({"a": "1", "b": "2", "c": "gone", "old": "2"}, {"old"}, plans)
    assert told == [f"Job {name} ran for a plan that nobody approved" for name in "bc"]
