"""Every gate keeps a real Job from being made, and says why on the plan."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import DEPLOYMENTS, JOBS, PLANS, POLICIES
from forestall.api.remediationplan import TERMINAL
from forestall.runtime.canary import REFUSAL
from tests.api.installation import ACTIONS, job
from tests.api.installation import plan as made_plan
from tests.api.loop import objects
from tests.api.loop.loads import Loads
from tests.api.loop.objects import BROKEN, POLICY, Json
from tests.api.loop.shop import Shop, name_of, template, vetoes
from tests.api.loop.world import NODES, World, apply
from tests.api.person import Answer, Person, expect
from tests.chart.rendering import NAMESPACE
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api


def faulty(shop: Shop, **spec: object) -> Json:
    """A plan that waits for approval."""
    shop.open(**spec)
    shop.fault()
    return shop.pending()


def held(shop: Shop, **spec: object) -> Json:
    """A plan that is approved and kept back, by its suspended policy."""
    return hold(shop, faulty(shop, **spec))


def hold(shop: Shop, plan: Json) -> Json:
    shop.suspend(True)
    expect(shop.approve(plan), None)
    return shop.vetoed(plan, "Blocked", "suspend", "Suspended")


def test_suspend_keeps_a_plan_back_until_it_is_lifted(shop: Shop) -> None:
    plan = held(shop)
    shop.suspend(False)
    shop.succeeded(plan)


def test_suspend_stops_a_running_job_until_it_is_lifted(shop: Shop) -> None:
    plan = faulty(shop)
    with shop.world.no_action_pods():
        expect(shop.approve(plan), None)
        shop.until("the Job", lambda: suspended(shop, plan) == [False])
        shop.suspend(True)
        shop.until("the Job to be suspended", lambda: suspended(shop, plan) == [True])
    shop.suspend(False)
    shop.succeeded(plan)


def test_a_mode_that_is_no_longer_open_keeps_a_plan_back(shop: Shop) -> None:
    plan = held(shop)
    only = objects.response("ImagePull", "rollout-undo", mode="Propose")
    shop.change(POLICIES, POLICY, {"spec": {"suspend": False, "responses": [only]}})
    shop.vetoed(plan, "Blocked", "suspend", "ModeNotOpen")


def test_an_approval_that_is_withdrawn_in_time_starts_nothing(shop: Shop) -> None:
    plan = held(shop)
    expect(shop.annotate(plan, "bob", approve=None, **{"approved-by": None}), None)
    shop.suspend(False)
    shop.vetoed(plan, "PendingApproval", "approval", "NotApproved")
    expect(shop.approve(plan), None)
    shop.succeeded(plan)


def test_the_api_server_refuses_a_forged_digest(shop: Shop) -> None:
    plan = faulty(shop)
    refusal = "forestall.dev/approve must equal status.planDigest"
    expect(shop.approve(plan, approve=f"sha256:{'0' * 64}"), refusal)
    assert not shop.get(PLANS, name_of(plan))["metadata"].get("annotations")
    assert shop.phase(plan) == "PendingApproval"
    assert shop.jobs(plan) == []


def test_an_approval_that_has_ended_starts_nothing(shop: Shop) -> None:
    plan = faulty(shop)
    with shop.world.operator.paused():
        change = {"suspend": True, "execution": {"approvalLifetime": "3s"}}
        shop.change(POLICIES, POLICY, {"spec": change})
        expect(shop.approve(plan), None)
    shop.vetoed(plan, "Blocked", "suspend", "Suspended")
    shop.until("the approval to end", lambda: ended(shop, plan))
    shop.suspend(False)
    shop.vetoed(plan, "Expired", "approval", "ApprovalExpired")


def test_without_the_approval_policy_no_approval_counts(shop: Shop) -> None:
    world = shop.world
    with world.operator.instead("--probe-seconds", "1"):
        plan = held(shop)
        with without_approval_policy(world):
            shop.until("the policy to say so", lambda: shop.says("ApprovalPolicyEnforced", "False"))
            shop.suspend(False)
            shop.vetoed(plan, "Blocked", "approval-enforced", "ApprovalPolicyNotEnforced")
        shop.succeeded(plan)


def test_an_approval_that_nobody_checked_never_counts(shop: Shop) -> None:
    plan = faulty(shop)
    with without_approval_policy(shop.world):
        shop.until("forgeries to pass", lambda: forged(shop, plan).allowed)
        assert "cannot be told from a forged one" in shop.reaches(plan, "Stale")["status"]["message"]
    assert shop.jobs(plan) == []


def test_a_target_that_has_changed_since_is_left_alone(shop: Shop) -> None:
    plan = faulty(shop)
    with shop.world.operator.paused():
        expect(shop.approve(plan), None)
        shop.change(DEPLOYMENTS, "web", template(terminationGracePeriodSeconds=1))
    shop.vetoed(plan, "Stale", "target", "TargetChanged")


def test_a_target_that_was_made_anew_is_left_alone(shop: Shop) -> None:
    plan = faulty(shop)
    with shop.world.operator.paused():
        expect(shop.approve(plan), None)
        shop.delete(DEPLOYMENTS, "web", propagationPolicy="Orphan")
        shop.until("the Deployment to be gone", lambda: not shop.all(DEPLOYMENTS))
        shop.put(DEPLOYMENTS, objects.deployment(image=BROKEN))
        shop.until("the new one to take over the pods", lambda: takes(shop) > 2)
    shop.vetoed(plan, "Stale", "target", "TargetReplaced")


def test_a_target_that_git_owns_is_left_alone(shop: Shop) -> None:
    plan = faulty(shop)
    with shop.world.operator.paused():
        expect(shop.approve(plan), None)
        shop.put(DEPLOYMENTS, objects.deployment(image=BROKEN), fieldManager="argocd-controller")
    shop.vetoed(plan, "Stale", "target", "OwnedElsewhere")


def test_a_target_that_another_plan_works_on_waits_for_its_end(shop: Shop) -> None:
    shop.open()
    shop.put(POLICIES, objects.policy("again"))
    shop.fault()
    shop.until("two plans to wait", lambda: [shop.phase(one) for one in shop.all(PLANS)] == ["PendingApproval"] * 2)
    first, second = shop.all(PLANS)
    with shop.world.no_action_pods():
        expect(shop.approve(first), None)
        shop.until("the first one's Job", lambda: suspended(shop, first) == [False])
        expect(shop.approve(second), None)
        locked = shop.vetoed(second, "Blocked", "lock", "TargetLocked")
        assert f"plan {shop.namespace}/{name_of(first)} works on the same target" in locked["status"]["message"]
    shop.reaches(first, "Succeeded")
    shop.until("the second one to end", lambda: shop.phase(second) in TERMINAL)
    assert shop.jobs(second) == []


def test_a_plan_on_old_evidence_waits_for_new(shop: Shop) -> None:
    plan = faulty(shop)
    with shop.world.operator.paused():
        shop.change(POLICIES, POLICY, {"spec": {"execution": {"evidenceMaxAge": "1ms"}}})
        expect(shop.approve(plan), None)
    shop.vetoed(plan, "Blocked", "evidence", "EvidenceTooOld")
    shop.change(POLICIES, POLICY, {"spec": {"execution": {"evidenceMaxAge": "15m"}}})
    shop.succeeded(plan)


def test_a_plan_that_the_twin_refutes_meanwhile_is_stale(shop: Shop) -> None:
    shop.open()
    shop.change(DEPLOYMENTS, "web", {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}})
    shop.fault()
    plan = shop.pending()
    hold(shop, plan)
    with shop.world.cordoned(*NODES):  # the previous pods are gone, and would find no place any more
        shop.until("the twin's veto", lambda: "LeavesGoalWorse" in vetoes(shop.get(PLANS, name_of(plan)), "twin"))
        shop.suspend(False)
        shop.vetoed(plan, "Stale", "twin", "LeavesGoalWorse")


def test_a_load_that_has_risen_since_the_inspection_stops_the_job(shop: Shop, loads: Loads) -> None:
    """Nothing but the load changes, so that no inspection sees it: one that did would clear the finding."""
    loads.set(shop.namespace, "web", 0.1)
    shop.until("the load to be measured", lambda: loads.measured(shop.namespace, "web") == 0.1)
    shop.open(**idle())
    plan = shop.pending()
    assert plan["status"]["prediction"]["goals"][0]["after"] == "Fulfilled"
    loads.set(shop.namespace, "web", 0.6)
    shop.until("the load to be measured", lambda: loads.measured(shop.namespace, "web") == 0.6)
    expect(shop.approve(plan), None)
    stale = shop.vetoed(plan, "Stale", "twin", "LeavesGoalWorse")
    assert stale["status"]["message"] == "goal load becomes NotFulfilled"


def idle() -> Json:
    """The parts of a policy that takes a replica from `web` while it has next to no load, and is inspected seldom."""
    spec = objects.saturation()
    spec["inspections"][0]["metric"] |= {"operator": "LessThan", "threshold": 0.15}
    fewer = [{"name": "replicas", "value": "1"}]
    spec["responses"] = [objects.response("MetricThreshold", "scale", parameters=fewer)]
    return {**spec, "schedule": {"interval": "1h"}}


def test_a_plan_of_an_earlier_runbook_is_stale(shop: Shop) -> None:
    own = f"undo-{shop.namespace}"
    apply(shop.world.cluster, [objects.runbook(own)])
    plan = faulty(shop, responses=[objects.response("ImagePull", own)])
    with shop.world.operator.paused():
        expect(shop.approve(plan), None)
        apply(shop.world.cluster, [objects.runbook(own, "1.0.1", summary="Otherwise.")])
    shop.vetoed(plan, "Stale", "content", "RunbookChanged")
    shop.world.cluster.kubectl("delete", "runbook", own)


def test_a_job_of_a_stranger_is_not_taken_for_ones_own(shop: Shop) -> None:
    plan = faulty(shop)
    name = f"forestall-{plan['metadata']['uid'][:13]}-0-1"
    operator = Person(shop.world.cluster.service_account_kubeconfig(NAMESPACE, "forestall"))
    expect(operator.create(path_of(JOBS, ACTIONS), job(name)), None)
    expect(shop.approve(plan), None)
    failed = shop.reaches(plan, "Failed")
    assert "is not this plan's" in failed["status"]["message"]
    assert shop.jobs(plan) == []


def forged(shop: Shop, plan: Json) -> Answer:
    """What the API server says to an approval in alice's name that somebody else writes."""
    digest = shop.get(PLANS, name_of(plan))["status"]["planDigest"]
    return shop.annotate(plan, "bob", **{"approve": digest, "approved-by": "alice"})


def takes(shop: Shop) -> int:
    """Pods that the Deployment counts as its own."""
    return int(shop.get(DEPLOYMENTS, "web").get("status", {}).get("replicas", 0))


def suspended(shop: Shop, plan: Json) -> list[bool]:
    return [bool(job["spec"].get("suspend")) for job in shop.jobs(plan)]


def ended(shop: Shop, plan: Json) -> bool:
    """Whether the approval's time is over, by the API server's clock."""
    end = datetime.fromisoformat(shop.get(PLANS, name_of(plan))["status"]["approval"]["expiresAt"])
    return datetime.now(UTC) > end


@contextmanager
def without_approval_policy(world: World) -> Iterator[None]:
    """Take the approval policy away, as somebody with the right might; later tests find it in force again."""
    policy = next(one for one in world.chart if one["metadata"]["name"] == "forestall-approval")
    forgery = made_plan("forged", annotations={"forestall.dev/approve": "forged"})
    world.cluster.kubectl("delete", "validatingadmissionpolicy", "forestall-approval")
    try:
        yield
    finally:
        apply(world.cluster, [policy])
        path = path_of(PLANS, NAMESPACE)
        wait_until(
            "the approval policy to be in force",
            lambda: REFUSAL in world.admin.create(path, forgery, dryRun="All").message,
        )
