"""Every way that a plan can take besides success: undone, handed over, superseded, cancelled, tried again, lost."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import DEPLOYMENTS, FINDINGS, JOBS, PLANS, POLICIES
from forestall.api.remediationplan import HOLD
from tests.api.installation import ACTIONS
from tests.api.loop import objects
from tests.api.loop.loads import Loads
from tests.api.loop.objects import BROKEN, GOOD, POLICY, Json
from tests.api.loop.shop import Shop, name_of, state, template
from tests.api.loop.test_gates import suspended
from tests.api.loop.world import apply
from tests.api.person import expect

pytestmark = pytest.mark.api

UNPULLABLE = "app:broken-too"


def saturated(shop: Shop, loads: Loads, *replicas: int) -> None:
    """A load that stays too high whatever is done, and a rung for each number of `replicas`."""
    loads.set(shop.namespace, "web", 0.9)
    answer = objects.response("MetricThreshold", "scale")
    answer["ladder"] = [
        {"runbook": "scale", "parameters": [{"name": "replicas", "value": str(count)}]} for count in replicas
    ]
    shop.open(**{**objects.saturation(), "responses": [answer]}, execution={"soak": "1s", "backoff": "0s"})


def kept_from_undoing(shop: Shop, loads: Loads) -> Json:
    """A plan that did not help, and whose rollback its suspended policy keeps back."""
    saturated(shop, loads, 3)
    plan = shop.pending()
    with shop.world.no_action_pods():
        expect(shop.approve(plan), None)
        shop.until("the Job", lambda: bool(shop.jobs(plan)))
        loads.prometheus.stop()  # as long as nothing is measured, nothing is judged
    shop.reaches(plan, "Soaking")
    shop.suspend(True)
    loads.prometheus.start()
    shop.until("the rollback's veto", lambda: "suspend" in vetoes(shop, plan))
    return plan


def test_what_did_not_help_is_undone_and_the_next_rung_is_a_plan_of_its_own(shop: Shop, loads: Loads) -> None:
    saturated(shop, loads, 3, 4)
    first = shop.pending()
    expect(shop.approve(first), None)

    undone = shop.reaches(first, "RolledBack")

    assert outcomes(undone) == [(False, 0, "Success"), (True, 0, "Success")]
    assert len(shop.jobs(first)) == 2
    assert undone["status"]["verification"]["result"] == "NotFulfilled"
    assert undone["status"]["undoing"]["result"] == "Fulfilled"
    assert shop.get(DEPLOYMENTS, "web")["spec"]["replicas"] == 2

    second = next_plan(shop, first)
    assert second["status"]["steps"][0]["parameters"] == [{"name": "replicas", "value": "4"}]
    with running(shop, second):
        loads.set(shop.namespace, "web", 0.5)
        shop.until("the load to be measured", lambda: loads.measured(shop.namespace, "web") == 0.5)
    shop.reaches(second, "Succeeded")
    shop.until("the finding to be closed", lambda: [state(one) for one in shop.all(FINDINGS)] == ["Closed"])
    (finding,) = shop.all(FINDINGS)
    assert finding["status"]["closure"]["oneHop"] is False


def test_a_finding_is_a_person_s_when_the_ladder_is_climbed_and_stays_so_after_a_restart(
    shop: Shop, loads: Loads
) -> None:
    saturated(shop, loads, 3)
    plan = shop.pending()
    expect(shop.approve(plan), None)
    shop.reaches(plan, "RolledBack")

    finding = escalated(shop)
    assert finding["status"]["assignee"] == {"kind": "Human", "name": ""}
    assert "was tried as often as execution.maxAttempts allows" in finding["status"]["transitions"][-1]["message"]

    shop.world.operator.stop()
    shop.world.operator.start()
    seen = shop.get(POLICIES, POLICY)["metadata"]["generation"]
    shop.change(POLICIES, POLICY, {"spec": {"goals": []}})
    shop.inspected()
    assert shop.get(POLICIES, POLICY)["status"]["observedGeneration"] == seen + 1
    assert [name_of(one) for one in shop.all(PLANS)] == [name_of(plan)]
    assert [state(one) for one in shop.all(FINDINGS)] == ["Escalated"]


def test_what_a_stranger_did_in_a_job_s_place_is_not_undone(shop: Shop, loads: Loads) -> None:
    saturated(shop, loads, 3)
    plan = shop.pending()
    with running(shop, plan):
        shop.change(DEPLOYMENTS, "web", {"spec": {"replicas": 3}})

    failed = shop.reaches(plan, "Failed")

    assert outcomes(failed) == [(False, 0, "NothingToDo")]
    assert failed["status"]["verification"]["result"] == "NotFulfilled"
    assert "nothing is to undo; its inverse is: scale replicas=2" in failed["status"]["message"]
    assert failed["status"]["assignee"] == {"kind": "Human", "name": ""}
    assert len(shop.jobs(plan)) == 1
    assert shop.get(DEPLOYMENTS, "web")["spec"]["replicas"] == 3


def test_a_suspended_policy_keeps_a_rollback_back(shop: Shop, loads: Loads) -> None:
    plan = kept_from_undoing(shop, loads)
    assert shop.phase(plan) == "RollingBack"
    assert len(shop.jobs(plan)) == 1

    shop.suspend(False)
    shop.reaches(plan, "RolledBack")
    assert len(shop.jobs(plan)) == 2


@pytest.mark.parametrize(("moment", "jobs"), [("after-undo-intent", 1), ("after-undo-job", 2)])
def test_a_killed_operator_is_replaced_and_undoes_once(shop: Shop, loads: Loads, moment: str, jobs: int) -> None:
    operator = shop.world.operator
    with operator.instead("--die", moment):
        saturated(shop, loads, 3)
        plan = shop.pending()
        expect(shop.approve(plan), None)
        operator.died()
    assert shop.phase(plan) == "RollingBack"
    assert len(shop.jobs(plan)) == jobs

    operator.start()
    undone = shop.reaches(plan, "RolledBack")
    assert outcomes(undone) == [(False, 0, "Success"), (True, 0, "Success")]
    assert len(shop.jobs(plan)) == 2


def faulty(shop: Shop, **spec: object) -> Json:
    """A plan that waits for approval, with a policy that looks often."""
    shop.open(**{"schedule": {"interval": "1s"}, **spec})
    shop.fault()
    return shop.pending()


@contextmanager
def running(shop: Shop, plan: Json) -> Iterator[None]:
    """The approved plan's Job, which is there and has no pod while the block lasts."""
    with shop.world.no_action_pods():
        expect(shop.approve(plan), None)
        shop.until("the accepted Job", lambda: accepted(shop, plan))
        yield


def test_a_plan_that_a_person_takes_over_stops_and_stays_theirs(shop: Shop) -> None:
    plan = faulty(shop)
    with running(shop, plan):
        expect(shop.annotate(plan, "bob", **{"take-over": "mine", "taken-over-by": "alice"}), "must be you, bob")
        expect(shop.annotate(plan, "bob", **{"take-over": "I know this one", "taken-over-by": "bob"}), None)
        taken = shop.reaches(plan, "Escalated")
        assert suspended(shop, plan) == [True]
    assert taken["status"]["assignee"] == {"kind": "Human", "name": "bob"}
    (hand_off,) = taken["status"]["handOffs"]
    assert (hand_off["from"]["kind"], hand_off["to"]["name"]) == ("Agent", "bob")
    assert outcomes(taken) == [(False, 0, "FailureGuard")]
    finding = escalated(shop)
    assert finding["status"]["assignee"] == {"kind": "Human", "name": "bob"}

    shop.change(DEPLOYMENTS, "web", template(containers=[{"name": "web", "image": GOOD}]))
    shop.until("the finding to clear", lambda: [state(one) for one in shop.all(FINDINGS)] == ["Cleared"])
    assert suspended(shop, plan) == [True]
    assert len(shop.all(PLANS)) == 1


def test_a_plan_is_held_while_it_executes_and_its_job_suspended_before_it_goes(shop: Shop) -> None:
    plan = faulty(shop)
    assert not shop.get(PLANS, name_of(plan))["metadata"].get("finalizers")
    with running(shop, plan):
        assert shop.get(PLANS, name_of(plan))["metadata"]["finalizers"] == [HOLD]
        shop.delete(PLANS, name_of(plan))
        shop.until("the plan to be gone", lambda: plan["metadata"]["uid"] not in uids(shop))
        assert suspended(shop, plan) == [True]


def test_a_plan_that_has_ended_is_held_no_longer(shop: Shop) -> None:
    plan = faulty(shop)
    expect(shop.approve(plan), None)
    shop.succeeded(plan)
    shop.until("the finalizer to go", lambda: not shop.get(PLANS, name_of(plan))["metadata"].get("finalizers"))


def test_a_job_that_a_stranger_deletes_is_a_person_s_matter(shop: Shop) -> None:
    plan = faulty(shop)
    with running(shop, plan):
        delete_job(shop, plan)
        failed = shop.reaches(plan, "Failed")
    assert outcomes(failed) == [(False, 0, "FailureException")]
    assert failed["status"]["assignee"] == {"kind": "Human", "name": ""}
    escalated(shop)
    assert shop.jobs(plan) == []


def test_a_deleted_job_whose_work_was_done_is_verified_like_any_other(shop: Shop) -> None:
    plan = faulty(shop)
    with running(shop, plan):
        with shop.world.operator.paused():
            shop.change(DEPLOYMENTS, "web", template(containers=[{"name": "web", "image": GOOD}]))
            shop.until("the work to be done", lambda: shop.ready() == 2)
            delete_job(shop, plan)
        done = shop.reaches(plan, "Succeeded")
    assert "was deleted" in done["status"]["attempts"][0]["message"]
    assert shop.jobs(plan) == []


def test_a_plan_whose_content_changes_gives_way_to_a_fresh_one(shop: Shop) -> None:
    plan = faulty(shop)
    renamed = {**objects.response("ImagePull", "rollout-undo"), "name": "other"}
    shop.change(POLICIES, POLICY, {"spec": {"responses": [renamed]}})

    shop.reaches(plan, "Superseded")

    fresh = next_plan(shop, plan)
    assert fresh["status"]["contentDigest"] != plan["status"]["contentDigest"]
    expect(shop.approve(fresh), None)
    shop.reaches(fresh, "Succeeded")


def test_a_plan_without_its_policy_is_cancelled(shop: Shop) -> None:
    plan = faulty(shop)
    shop.delete(POLICIES, POLICY, propagationPolicy="Orphan")
    assert "is gone" in shop.reaches(plan, "Cancelled")["status"]["message"]


def test_a_step_that_runs_out_of_time_is_tried_again_as_often_as_its_runbook_says(shop: Shop) -> None:
    plan = faulty(shop, responses=[answer(shop, timeout="3s", retries=1)])
    with shop.world.no_action_pods():
        expect(shop.approve(plan), None)
        shop.until("a second Job", lambda: len(shop.jobs(plan)) == 2)
        failed = shop.reaches(plan, "Failed")
    assert outcomes(failed) == [(False, 0, "FailureTimeout"), (False, 0, "FailureRetries")]
    assert len(shop.jobs(plan)) == 2
    assert failed["status"]["message"].startswith("nothing is left to undo")


def test_a_step_that_fails_is_undone(shop: Shop) -> None:
    shop.open(responses=[answer(shop, timeout="13s")], schedule={"interval": "1s"})
    shop.change(DEPLOYMENTS, "web", template(containers=[{"name": "web", "image": UNPULLABLE}]))
    shop.until("its revision", lambda: revision(shop) == 2)
    shop.fault()
    plan = shop.pending()
    while image_after(plan) != UNPULLABLE:  # the plan of the first fault is superseded by that of the second
        plan = next_plan(shop, plan)
    expect(shop.approve(plan), None)

    undone = shop.reaches(plan, "RolledBack")

    assert outcomes(undone) == [(False, 0, "Failure"), (True, 0, "Success")]
    (container,) = shop.get(DEPLOYMENTS, "web")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == BROKEN


def test_a_job_that_finds_another_target_changes_nothing(shop: Shop) -> None:
    plan = faulty(shop)
    with running(shop, plan):
        shop.change(DEPLOYMENTS, "web", template(terminationGracePeriodSeconds=1))
    stale = shop.reaches(plan, "Stale")
    assert outcomes(stale) == [(False, 0, "FailureGuard")]


def own(shop: Shop) -> str:
    """The name of the shop's own runbook."""
    return f"undo-{shop.namespace}"


def answer(shop: Shop, **action: Any) -> Json:
    """The response by a runbook of the shop's own, whose action is as given."""
    runbook = objects.runbook(own(shop))
    runbook["spec"]["actions"][0] |= action
    apply(shop.world.cluster, [runbook])
    return objects.response("ImagePull", own(shop))


def outcomes(plan: Json) -> list[tuple[bool, int, str]]:
    """The attempts, each as (rollback, step, outcome)."""
    return [(one["rollback"], one["step"], one.get("outcome", "")) for one in plan["status"]["attempts"]]


def vetoes(shop: Shop, plan: Json) -> set[str]:
    """The gates that are shut."""
    return {one["gate"] for one in shop.get(PLANS, name_of(plan))["status"].get("gates", ()) if not one["ok"]}


def accepted(shop: Shop, plan: Json) -> bool:
    """Whether the plan's Job runs, and the plan knows of it."""
    attempts = shop.get(PLANS, name_of(plan))["status"].get("attempts", ())
    return any("acceptedAt" in one for one in attempts)


def next_plan(shop: Shop, plan: Json) -> Json:
    """The plan after this one, once it waits for a person."""

    def later() -> list[Json]:
        return [one for one in shop.all(PLANS) if age(one) > age(plan)]

    shop.until("the next plan", lambda: bool(later()))
    return shop.reaches(min(later(), key=age), "PendingApproval")


def age(plan: Json) -> tuple[str, str]:
    return plan["metadata"]["creationTimestamp"], name_of(plan)


def escalated(shop: Shop) -> Json:
    """The one finding, once it is a person's."""
    shop.until("the finding to be escalated", lambda: [state(one) for one in shop.all(FINDINGS)] == ["Escalated"])
    (finding,) = shop.all(FINDINGS)
    return finding


def delete_job(shop: Shop, plan: Json) -> None:
    (job,) = shop.jobs(plan)
    path = path_of(JOBS, ACTIONS, name_of(job))
    expect(shop.world.admin.send("DELETE", path, query={"propagationPolicy": "Background"}), None)
    shop.until("the Job to be gone", lambda: shop.jobs(plan) == [])


def uids(shop: Shop) -> set[str]:
    return {one["metadata"]["uid"] for one in shop.all(PLANS)}


def revision(shop: Shop) -> int:
    annotations: Mapping[str, str] = shop.get(DEPLOYMENTS, "web")["metadata"].get("annotations", {})
    return int(annotations.get("deployment.kubernetes.io/revision", "0"))


def image_after(plan: Json) -> str:
    """The image that the plan's diff puts in."""
    added = [line for line in plan["status"]["diff"].splitlines() if line.startswith("+") and "image:" in line]
    return added[0].rpartition(" ")[2] if added else ""
