"""Whose approval starts a Job, and whose does not: by objects, by two people, for plans that are kept in Git."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import APPROVALS, FINDINGS, PLANS, POLICIES
from forestall.gates.gitops import ANNOTATIONS, LABELS
from tests.api.loop import objects
from tests.api.loop.objects import POLICY, Json
from tests.api.loop.orders import answered, condition, decide
from tests.api.loop.shop import Shop, name_of, vetoes
from tests.api.loop.test_gates import faulty
from tests.api.loop.world import apply
from tests.api.person import expect

pytestmark = pytest.mark.api

PLUGIN = Path(sys.executable).parent / "kubectl-forestall"
OTHER = f"sha256:{'2' * 64}"
LOOKED = "waits for a person: kubectl forestall approve"
"""What a plan says once it has looked at approvals of which none counts."""
MARKS: Mapping[str, Json] = {
    "Argo CD": {"annotations": {"argocd.argoproj.io/tracking-id": "shop:forestall.dev/RemediationPlan:shop/web"}},
    "Flux": {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}},
}


def two_needed(shop: Shop) -> Json:
    """A plan that takes two people."""
    return faulty(shop, responses=[{**objects.response("ImagePull", "rollout-undo"), "approvers": 2}])


def held(shop: Shop) -> Json:
    """A plan that alice has approved by an object, kept back by its suspended policy."""
    plan = faulty(shop)
    shop.suspend(True)
    expect(decide(shop, plan, "alice"), None)
    return shop.vetoed(plan, "Blocked", "suspend", "Suspended")


def waits(shop: Shop, plan: Json, words: str) -> None:
    """Wait until the plan says in these words what it waits for; no Job was made."""
    shop.until(words, lambda: words in shop.get(PLANS, name_of(plan))["status"]["message"])
    assert shop.phase(plan) == "PendingApproval"
    assert shop.jobs(plan) == []


def test_an_object_approves_without_a_right_to_patch_the_plan(shop: Shop) -> None:
    rules = [
        {"apiGroups": ["forestall.dev"], "resources": ["inspectionpolicies"], "verbs": ["approve"]},
        {"apiGroups": ["forestall.dev"], "resources": ["remediationapprovals"], "verbs": ["create"]},
    ]
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "sign"}, "rules": rules}
    binding = objects.rights("dora", "sign")
    binding["roleRef"]["kind"] = "Role"
    apply(shop.world.cluster, [role, binding], "-n", shop.namespace)
    plan = faulty(shop)
    expect(shop.approve(plan, "dora"), "cannot patch resource")
    expect(decide(shop, plan, "dora"), None)
    done = shop.succeeded(plan)
    assert done["status"]["approval"]["name"] == "dora"
    assert answered(shop, "dora") == ("True", "FitsPlan")


def test_two_approvals_take_two_people(shop: Shop) -> None:
    plan = two_needed(shop)
    expect(shop.approve(plan, "alice"), None)
    waits(shop, plan, "1 of 2 approvals, by alice")
    expect(decide(shop, plan, "alice"), None)
    assert answered(shop, "alice") == ("True", "FitsPlan")
    waits(shop, plan, "1 of 2 approvals, by alice")
    expect(decide(shop, plan, "carol"), None)
    done = shop.succeeded(plan)
    assert (done["status"]["approval"]["name"], done["status"]["approval"]["others"]) == ("alice", ["carol"])


def test_the_plugin_approves_by_an_object_where_two_people_are_needed(shop: Shop) -> None:
    plan = two_needed(shop)
    for who in ("alice", "carol"):
        kubeconfig = str(shop.world.cluster.user_kubeconfig(who))
        line = (str(PLUGIN), "approve", name_of(plan), "--yes", "-n", shop.namespace, "--kubeconfig", kubeconfig)
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
    shop.succeeded(plan)
    owners = [one["metadata"]["ownerReferences"][0]["uid"] for one in shop.all(APPROVALS)]
    assert owners == [plan["metadata"]["uid"]] * 2


def test_two_stay_needed_when_the_policy_asks_for_one_only_afterwards(shop: Shop) -> None:
    plan = two_needed(shop)
    with shop.world.operator.paused():
        shop.change(POLICIES, POLICY, {"spec": {"responses": [objects.response("ImagePull", "rollout-undo")]}})
        expect(shop.approve(plan), None)
    shop.until("an answer", lambda: shop.phase(plan) == "Superseded" or one_of_two(shop, plan))
    assert shop.jobs(plan) == []


def one_of_two(shop: Shop, plan: Json) -> bool:
    return "1 of 2" in shop.get(PLANS, name_of(plan))["status"]["message"]


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ({"planRef": {"uid": "of-another"}}, "OtherPlan"),
        ({"policyRef": {"name": "search"}}, "OtherPolicy"),
        ({"planDigest": OTHER}, "OtherDigest"),
        ({"riskClass": "High"}, "OtherRiskClass"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_decision_with_a_false_claim_starts_nothing(shop: Shop, claim: Json, reason: str) -> None:
    plan = faulty(shop)
    if "planRef" in claim:
        claim = {"planRef": {"name": name_of(plan), **claim["planRef"]}}
    expect(decide(shop, plan, "carol", **claim), None)
    assert answered(shop, "carol") == ("False", reason)
    waits(shop, plan, LOOKED)
    expect(shop.approve(plan), None)
    shop.succeeded(plan)


def test_a_proposer_approves_nothing_by_an_object_either(shop: Shop) -> None:
    plan = faulty(shop)
    apply(
        shop.world.cluster,
        [objects.rights("carol", "forestall-propose") | named("carol-proposes")],
        "-n",
        shop.namespace,
    )
    own = {**plan, "metadata": {"name": "carols"}, "spec": {**plan["spec"], "proposer": "carol"}}
    carol, path = shop.world.person("carol"), path_of(PLANS, shop.namespace)
    shop.until("her right", lambda: carol.create(path, own, dryRun="All").allowed)
    expect(carol.create(path, own), None)
    proposed = shop.reaches(own, "PendingApproval")
    expect(decide(shop, proposed, "carol"), None)
    assert answered(shop, "carol") == ("False", "ProposerCannotApprove")
    waits(shop, proposed, LOOKED)


def named(name: str) -> Json:
    return {"metadata": {"name": name}}


def test_an_approver_who_has_lost_the_right_starts_nothing(shop: Shop) -> None:
    plan = held(shop)
    shop.world.cluster.kubectl("delete", "rolebinding", "loop-alice", "-n", shop.namespace)
    # The API server hears of it a moment after it has deleted the binding.
    shop.until("alice to have lost it", lambda: not may_approve(shop, "alice"))
    shop.suspend(False)
    shop.vetoed(plan, "Stale", "approver", "ApproverLostRight")


def may_approve(shop: Shop, who: str) -> bool:
    """Whether somebody may approve plans of the policy, by the API server's word."""
    what = {"group": POLICIES.group, "resource": POLICIES.plural, "namespace": shop.namespace, "name": POLICY}
    kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    asked = {**kind, "spec": {"resourceAttributes": {**what, "verb": "approve"}}}
    answer = shop.world.person(who).create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", asked)
    expect(answer, None)
    return bool(answer.body["status"]["allowed"])


def test_an_approval_that_is_deleted_in_time_starts_nothing(shop: Shop) -> None:
    plan = held(shop)
    expect(shop.world.person("alice").send("DELETE", path_of(APPROVALS, shop.namespace, "by-alice")), None)
    shop.suspend(False)
    shop.vetoed(plan, "PendingApproval", "approval", "NotApproved")
    expect(decide(shop, plan, "alice"), None)
    shop.succeeded(plan)


def test_a_rejection_by_an_object_ends_the_plan(shop: Shop) -> None:
    plan = held(shop)
    expect(decide(shop, plan, "carol", decision="Reject", reason="wait for the release"), None)
    done = shop.reaches(plan, "Rejected")
    assert done["status"]["rejection"]["name"] == "carol"
    assert done["status"]["rejection"]["reason"] == "wait for the release"
    assert shop.jobs(plan) == []


@pytest.mark.parametrize("tool", MARKS)
def test_a_plan_that_is_kept_in_git_is_approved_by_an_object_only(shop: Shop, tool: str) -> None:
    plan = faulty(shop)
    shop.change(PLANS, name_of(plan), {"metadata": MARKS[tool]})
    shop.until("the plan to say so", lambda: condition(shop.get(PLANS, name_of(plan)), "ApprovalNotDurable") == "True")
    expect(shop.approve(plan), None)
    waits(shop, plan, f"{tool} (")
    expect(decide(shop, plan, "carol"), None)
    done = shop.succeeded(plan)
    assert done["status"]["approval"]["name"] == "carol"


@pytest.mark.parametrize("tool", MARKS)
def test_a_plan_that_comes_to_be_kept_in_git_loses_an_approval_by_annotation(shop: Shop, tool: str) -> None:
    plan = faulty(shop)
    shop.suspend(True)
    expect(shop.approve(plan), None)
    shop.vetoed(plan, "Blocked", "suspend", "Suspended")
    shop.change(PLANS, name_of(plan), {"metadata": MARKS[tool]})
    shop.suspend(False)
    shop.vetoed(plan, "PendingApproval", "approval", "ApprovalNotDurable")


def test_an_annotation_that_a_gitops_controller_prunes_is_withdrawn(shop: Shop) -> None:
    plan = faulty(shop)
    shop.suspend(True)
    expect(shop.approve(plan), None)
    shop.vetoed(plan, "Blocked", "suspend", "Suspended")
    gone = {"metadata": {"annotations": {"forestall.dev/approve": None, "forestall.dev/approved-by": None}}}
    apply(shop.world.cluster, [objects.rights("flux", "loop-editor")], "-n", shop.namespace)
    flux, path = shop.world.person("flux"), path_of(PLANS, shop.namespace, name_of(plan))
    shop.until("flux's right", lambda: flux.patch(path, gone, dryRun="All").allowed)
    expect(flux.patch(path, gone, fieldManager="kustomize-controller"), None)
    shop.suspend(False)
    shop.vetoed(plan, "PendingApproval", "approval", "NotApproved")


def test_marks_of_gitops_tools_are_not_handed_down(shop: Shop) -> None:
    labels, annotations = dict.fromkeys(LABELS, "shop"), dict.fromkeys(ANNOTATIONS, "shop")
    shop.open()
    shop.change(POLICIES, POLICY, {"metadata": {"labels": labels, "annotations": annotations}})
    shop.inspected()
    shop.fault()
    plan = shop.pending()
    (finding,) = shop.all(FINDINGS)
    shop.change(FINDINGS, name_of(finding), {"metadata": {"labels": labels, "annotations": annotations}})
    expect(shop.approve(plan), None)
    done = shop.succeeded(plan)
    for item in (done, *shop.jobs(plan)):
        assert not marks(item), item["metadata"]
    assert not marks(finding), finding["metadata"]


def marks(item: Json) -> set[str]:
    """The marks of GitOps tools that an object bears."""
    metadata: dict[str, Any] = item["metadata"]
    return {*LABELS, *ANNOTATIONS} & {*metadata.get("labels", {}), *metadata.get("annotations", {})}


def test_policies_that_are_not_as_shipped_make_approvals_worthless(shop: Shop) -> None:
    world = shop.world
    narrowed = {"spec": {"matchResources": {"namespaceSelector": {"matchLabels": {"strict": "true"}}}}}
    path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/forestall-findings"
    with world.operator.instead("--probe-seconds", "1"):
        plan = faulty(shop)
        shop.suspend(True)
        expect(shop.approve(plan), None)
        shop.vetoed(plan, "Blocked", "suspend", "Suspended")
        expect(world.admin.patch(path, narrowed), None)
        try:
            shop.until("the policy to say so", lambda: shop.says("ApprovalPolicyEnforced", "False"))
            (told,) = [
                one["message"]
                for one in shop.get(POLICIES, POLICY)["status"]["conditions"]
                if one["type"] == "ApprovalPolicyEnforced"
            ]
            assert "forestall-findings is not as shipped: spec.matchResources was added" in told
            shop.suspend(False)
            shop.vetoed(plan, "Blocked", "approval-enforced", "ApprovalPolicyNotEnforced")
            assert vetoes(shop.get(PLANS, name_of(plan)), "approval-enforced")
        finally:
            expect(world.admin.patch(path, {"spec": {"matchResources": None}}), None)
        shop.succeeded(plan)
