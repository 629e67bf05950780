"""What nobody needs any more goes, and nothing else: on a real API server, by the operator's own rights."""

from datetime import UTC, datetime, timedelta

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import FINDINGS, JOBS, PLANS, POLICIES
from forestall.api.base import format_time
from forestall.ports import Resource
from tests.api.installation import ACTIONS
from tests.api.loop import objects
from tests.api.loop.objects import POLICY, Json
from tests.api.loop.shop import Shop, name_of
from tests.api.loop.test_accounting import told
from tests.api.loop.test_phases import faulty, running
from tests.api.person import Person, expect
from tests.chart.rendering import NAMESPACE as SYSTEM

pytestmark = pytest.mark.api

SOON = ("--retention-seconds", "0.5")
LONG_AGO = datetime.now(UTC) - timedelta(days=31)
OPERATOR = f"system:serviceaccount:{SYSTEM}:forestall"


def finding(name: str, state: str) -> Json:
    """A finding that has been in that state for a month."""
    moves = [{"time": format_time(LONG_AGO - timedelta(hours=1)), "to": "Raised"}]
    moves += [{"time": format_time(LONG_AGO), "to": state}] if state != "Open" else []
    resource = {"kind": "Deployment", "name": name}
    spec = {"policyRef": {"name": POLICY}, "type": "ImagePull", "resource": resource, "qualifier": name}
    status = {"state": state, "class": "Problem", "detectedAt": moves[0]["time"], "transitions": moves}
    return _object("Finding", name, spec, status)


def plan(name: str, of: str, phase: str) -> Json:
    """A plan that came into its phase a month ago."""
    end = {"type": "Succeeded", "status": "False", "reason": phase, "message": "", "observedGeneration": 1}
    spec = {
        "policyRef": {"name": POLICY},
        "findingRef": {"name": of},
        "runbookRef": {"name": "rollout-undo", "version": "1.0.0"},
        "proposer": OPERATOR,
    }
    status = {"phase": phase, "conditions": [{**end, "lastTransitionTime": format_time(LONG_AGO)}]}
    return _object("RemediationPlan", name, spec, status)


def _object(kind: str, name: str, spec: Json, status: Json) -> Json:
    meta = {"apiVersion": "forestall.dev/v1alpha1", "kind": kind, "metadata": {"name": name}}
    return {**meta, "spec": spec, "status": status}


def left_from_long_ago(shop: Shop, kind: Resource, *bodies: Json) -> None:
    """Put objects there as the operator left them, status and all."""
    operator = Person(shop.world.cluster.service_account_kubeconfig(SYSTEM, "forestall"))
    for body in bodies:
        expect(operator.create(path_of(kind, shop.namespace), {**body, "status": {}}), None)
        path = path_of(kind, shop.namespace, name_of(body), "status")
        expect(operator.patch(path, {"status": body["status"]}), None)


def names(shop: Shop) -> set[str]:
    return {name_of(one) for kind in (FINDINGS, PLANS) for one in shop.all(kind)}


def test_what_is_old_goes_once_it_is_in_the_ledger_and_what_is_not_stays(shop: Shop) -> None:
    shop.world.operator.stop()
    left_from_long_ago(shop, FINDINGS, finding("closed", "Closed"), finding("lasting", "Open"))
    old = [plan("old-1", "closed", "Expired"), plan("old-2", "closed", "Cancelled"), plan("lost", "gone", "Expired")]
    left_from_long_ago(shop, PLANS, *old, plan("recent", "lasting", "Expired"))
    gone = [one for kind in (FINDINGS, PLANS) for one in shop.all(kind) if name_of(one) not in {"lasting", "recent"}]
    shop.put(POLICIES, objects.policy())
    with shop.world.operator.instead(*SOON):
        shop.until("what is old to be gone", lambda: names(shop) == {"lasting", "recent"})
        for one in gone:
            assert told(shop, one), name_of(one)


def test_the_suspended_job_of_a_plan_that_was_taken_over_goes_after_an_hour(shop: Shop) -> None:
    taken = faulty(shop)
    with running(shop, taken):
        expect(shop.annotate(taken, "bob", **{"take-over": "I know this one", "taken-over-by": "bob"}), None)
        shop.reaches(taken, "Escalated")
        (job,) = shop.jobs(taken)
        assert job["spec"]["suspend"]
        an_hour_later(shop, job)
        shop.until("the Job to be gone", lambda: shop.jobs(taken) == [])


def an_hour_later(shop: Shop, job: Json) -> None:
    """Let the Job's controller say that it was suspended an hour earlier."""
    controller = Person(shop.world.cluster.user_kubeconfig("system:kube-controller-manager", ("system:masters",)))
    path = path_of(JOBS, ACTIONS, name_of(job))

    def suspended() -> list[Json]:
        conditions: list[Json] = controller.send("GET", path).body["status"].get("conditions", [])
        return [one for one in conditions if one["type"] == "Suspended"]

    shop.until("the controller to have seen it", lambda: bool(suspended()))
    earlier = format_time(datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    status = {"conditions": [{**one, "lastTransitionTime": earlier} for one in suspended()]}
    expect(controller.patch(f"{path}/status", {"status": status}), None)
