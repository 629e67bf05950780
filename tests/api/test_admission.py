"""Who may decide on a plan, write a status, record a finding and change a workload: on a real API server."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from tests.api.installation import (
    API,
    OPERATOR,
    ROBOT,
    TEAM,
    Installation,
    deployment,
    finding,
    findings,
    install,
    node,
    plan,
    plans,
    service,
)
from tests.api.person import Answer, expect
from tools.cluster.api_tier import ApiTier
from tools.cluster.rest import MERGE

pytestmark = pytest.mark.api

DIGEST = f"sha256:{'1' * 64}"
OTHER = f"sha256:{'2' * 64}"
Notes = dict[str, str | None]


@pytest.fixture(scope="module")
def world(cluster: ApiTier) -> Iterator[Installation]:
    with install(cluster) as installation:
        yield installation


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return (f"plan-{number}" for number in count())


def approve(by: str | None, digest: str | None = DIGEST) -> Notes:
    return {"forestall.dev/approve": digest, "forestall.dev/approved-by": by}


def reject(by: str | None, reason: str | None = "not during the sale") -> Notes:
    return {"forestall.dev/reject": reason, "forestall.dev/rejected-by": by}


def take_over(by: str | None, reason: str | None = "I know this one") -> Notes:
    return {"forestall.dev/take-over": reason, "forestall.dev/taken-over-by": by}


def given(
    world: Installation,
    name: str,
    *,
    risk: str | None = "Low",
    digest: str | None = DIGEST,
    proposer: str = "operator",
    decided: tuple[str, Notes] | None = None,
) -> str:
    """Make a plan as `proposer`, with the status that the operator gave it and the decision that somebody took."""
    username = OPERATOR if proposer == "operator" else proposer
    expect(world[proposer].create(plans(), plan(name, proposer=username)), None)
    status = {key: value for key, value in (("planDigest", digest), ("riskClass", risk)) if value}
    expect(world["operator"].patch(plans(f"{name}/status"), {"status": {"phase": "PendingApproval", **status}}), None)
    if decided:
        who, notes = decided
        expect(world[who].patch(plans(name), {"metadata": {"annotations": notes}}), None)
    return name


@dataclass(frozen=True)
class Case:
    """Somebody patches a plan's annotations; `refusal` None: they may."""

    spec: str
    who: str
    notes: Notes
    refusal: str | None = None
    plan: dict[str, Any] = field(default_factory=dict)
    also: dict[str, Any] = field(default_factory=dict)


ALICE = ("alice", approve("alice"))
REJECTED = ("alice", reject("alice"))

TAKEN = ("bob", take_over("bob"))

DECISIONS = (
    Case("bob takes over what he may edit", "bob", take_over("bob")),
    Case("bob takes over a plan of high risk that is approved", "bob", take_over("bob"), plan={"decided": ALICE}),
    Case("the proposer takes over", "alice", take_over("alice"), plan={"proposer": "alice"}),
    Case("a plan without a digest is taken over", "bob", take_over("bob"), plan={"digest": None}),
    Case("takes over without the right to patch", "olga", take_over("olga"), "cannot patch resource"),
    Case("takes over as a service account", "robot", take_over(ROBOT), "service accounts cannot take plans over"),
    Case("takes over as the operator", "operator", take_over(OPERATOR), "service accounts cannot take plans over"),
    Case("takes over under another's name", "bob", take_over("alice"), "taken-over-by must be you, bob"),
    Case("takes over without a reason", "bob", take_over("bob", ""), "take-over must give a reason"),
    Case("half the pair: take-over", "bob", {"forestall.dev/take-over": "mine"}, "taken-over-by must be you"),
    Case("half the pair: taken-over-by", "bob", {"forestall.dev/taken-over-by": "bob"}, "must give a reason"),
    Case("a take-over is given back", "bob", take_over(None, None), "stays so", plan={"decided": TAKEN}),
    Case("a take-over is taken over", "alice", take_over("alice"), "stays so", plan={"decided": TAKEN}),
    Case("bob edits what was taken over", "bob", {"note": "seen"}, plan={"decided": TAKEN}),
    Case(
        "takes over and approves at once",
        "alice",
        {**take_over("alice"), **approve("alice")},
        "approve, reject or take over, one at a time",
    ),
    Case("takes over together with another annotation", "bob", {**take_over("bob"), "note": "x"}, "nothing else"),
    Case("alice approves", "alice", approve("alice")),
    Case("carol approves a plan of high risk", "carol", approve("carol"), plan={"risk": "High"}),
    Case("the shipped role for approvers is enough", "erin", approve("erin")),
    Case("another approver approves once more", "carol", approve("carol"), plan={"decided": ALICE}),
    Case("bob touches another annotation of an approved plan", "bob", {"note": "seen"}, plan={"decided": ALICE}),
    Case("bob revokes", "bob", approve(None, None), plan={"decided": ALICE}),
    Case("the approver revokes", "alice", approve(None, None), plan={"decided": ALICE}),
    Case("without the verb", "bob", approve("bob"), "bob may not approve plans of inspection policy payments"),
    Case("with the verb on another policy", "dave", approve("dave"), "dave may not approve plans"),
    Case("the role for proposers cannot patch", "frank", approve("frank"), "cannot patch resource"),
    Case("nobody's role", "olga", approve("olga"), "cannot patch resource"),
    Case("under another's name", "alice", approve("carol"), "approved-by must be you, alice"),
    Case("under the name of nobody", "alice", approve(""), "approved-by must be you"),
    Case("another digest", "alice", approve("alice", OTHER), "must equal status.planDigest"),
    Case("before there is a digest", "alice", approve("alice"), "must equal status.planDigest", plan={"digest": None}),
    Case(
        "an empty digest before there is one",
        "alice",
        approve("alice", ""),
        "must equal status.planDigest",
        plan={"digest": None},
    ),
    Case("as the operator", "operator", approve(OPERATOR), "service accounts can neither approve nor reject"),
    Case("as a service account with the verb", "robot", approve(ROBOT), "service accounts can neither"),
    Case("as the proposer", "alice", approve("alice"), "the proposer cannot approve", plan={"proposer": "alice"}),
    Case(
        "with the low verb on a plan of high risk",
        "alice",
        approve("alice"),
        "alice may not approve-high",
        plan={"risk": "High"},
    ),
    Case(
        "a risk class that is not known counts as high",
        "alice",
        approve("alice"),
        "alice may not approve-high",
        plan={"risk": None},
    ),
    Case(
        "together with an edit of the spec",
        "alice",
        approve("alice"),
        "immutable",
        also={"spec": {"runbookRef": {"name": "scale"}}},
    ),
    Case(
        "together with a label",
        "alice",
        approve("alice"),
        "change nothing else",
        also={"metadata": {"labels": {"tracked": "yes"}}},
    ),
    Case("together with another annotation", "alice", {**approve("alice"), "note": "x"}, "change nothing else"),
    Case(
        "while removing another annotation",
        "alice",
        {**approve("alice"), "note": None},
        "change nothing else",
        plan={"decided": ("bob", {"note": "seen"})},
    ),
    Case("half the pair: approve", "alice", {"forestall.dev/approve": DIGEST}, "approved-by must be you"),
    Case("half the pair: approved-by", "alice", {"forestall.dev/approved-by": "alice"}, "must equal status.planDigest"),
    Case(
        "half a revocation by one without the verb",
        "bob",
        {"forestall.dev/approved-by": None},
        "bob may not approve",
        plan={"decided": ALICE},
    ),
    Case(
        "one's own name on somebody's approval",
        "bob",
        {"forestall.dev/approved-by": "bob"},
        "bob may not approve",
        plan={"decided": ALICE},
    ),
    Case("alice rejects", "alice", reject("alice")),
    Case("carol rejects a plan of high risk", "carol", reject("carol"), plan={"risk": "High"}),
    Case("an approved plan is rejected", "carol", reject("carol"), plan={"decided": ALICE}),
    Case("the proposer withdraws by rejecting", "alice", reject("alice"), plan={"proposer": "alice"}),
    Case("a plan without a digest is rejected", "alice", reject("alice"), plan={"digest": None}),
    Case("rejects without the verb", "bob", reject("bob"), "bob may not approve plans"),
    Case("rejects as a service account", "robot", reject(ROBOT), "service accounts can neither"),
    Case("rejects high with the low verb", "alice", reject("alice"), "may not approve-high", plan={"risk": "High"}),
    Case("rejects under another's name", "alice", reject("carol"), "rejected-by must be you, alice"),
    Case("rejects without a reason", "alice", reject("alice", ""), "must give a reason"),
    Case("half the pair: reject", "alice", {"forestall.dev/reject": "no"}, "rejected-by must be you"),
    Case("half the pair: rejected-by", "alice", {"forestall.dev/rejected-by": "alice"}, "must give a reason"),
    Case("bob takes a rejection away", "bob", reject(None, None), "may not approve", plan={"decided": REJECTED}),
    Case("alice takes hers away", "alice", reject(None, None), "a rejection stands", plan={"decided": REJECTED}),
    Case("another reason", "carol", reject("carol", "other"), "a rejection stands", plan={"decided": REJECTED}),
    Case("a rejected plan is approved", "carol", approve("carol"), "cannot be approved", plan={"decided": REJECTED}),
    Case("both at once", "alice", {**approve("alice"), **reject("alice")}, "a rejected plan cannot be approved"),
)


@pytest.mark.parametrize("case", DECISIONS, ids=lambda case: case.spec)
def test_decision(world: Installation, names: Iterator[str], case: Case) -> None:
    name = given(world, next(names), **case.plan)
    metadata = {"annotations": case.notes, **case.also.get("metadata", {})}
    expect(world[case.who].patch(plans(name), {**case.also, "metadata": metadata}), case.refusal)


def test_an_approval_may_be_applied(world: Installation, names: Iterator[str]) -> None:
    name = given(world, next(names))
    whole = plan(name, annotations={"forestall.dev/approve": DIGEST, "forestall.dev/approved-by": "alice"})
    expect(world["alice"].apply(plans(name), whole), None)


@pytest.mark.parametrize(("who", "refusal"), [("alice", None), ("bob", "bob may not approve")])
def test_a_dry_run_of_an_approval_gets_the_same_answer(
    world: Installation, names: Iterator[str], who: str, refusal: str | None
) -> None:
    name = given(world, next(names))
    expect(world[who].patch(plans(name), {"metadata": {"annotations": approve(who)}}, dryRun="All"), refusal)


def test_a_digest_brought_along_does_not_count(world: Installation, names: Iterator[str]) -> None:
    name = given(world, next(names))
    whole = world["alice"].send("GET", plans(name)).body
    whole["metadata"]["annotations"] = approve("alice", OTHER)
    whole["status"]["planDigest"] = OTHER
    expect(world["alice"].send("PUT", plans(name), whole), "must equal status.planDigest")


def test_a_risk_class_brought_along_does_not_count(world: Installation, names: Iterator[str]) -> None:
    name = given(world, next(names), risk="High")
    whole = world["alice"].send("GET", plans(name)).body
    whole["metadata"]["annotations"] = approve("alice")
    whole["status"]["riskClass"] = "Low"
    expect(world["alice"].send("PUT", plans(name), whole), "alice may not approve-high")


def test_annotations_sent_through_the_status_are_ignored(world: Installation, names: Iterator[str]) -> None:
    name = given(world, next(names))
    forged = {"metadata": {"annotations": approve("alice")}}
    expect(world["operator"].patch(plans(f"{name}/status"), forged), None)
    assert "annotations" not in world["bob"].send("GET", plans(name)).body["metadata"]


def test_impersonation_without_the_right_is_refused(world: Installation, names: Iterator[str]) -> None:
    name = given(world, next(names))
    body = {"metadata": {"annotations": approve("alice")}}
    headers = {"Impersonate-User": "alice", "Impersonate-Group": "approvers"}
    answer = world["bob"].send("PATCH", plans(name), body, content=MERGE, headers=headers)
    expect(answer, "cannot impersonate")


@pytest.mark.parametrize(
    ("who", "proposer", "notes", "refusal"),
    [
        ("bob", "bob", {}, None),
        ("frank", "frank", {}, None),
        ("operator", OPERATOR, {}, None),
        ("olga", "olga", {}, "cannot create resource"),
        ("bob", "alice", {}, "spec.proposer must be you, bob"),
        ("bob", OPERATOR, {}, "spec.proposer must be you"),
        ("operator", "alice", {}, "spec.proposer must be you"),
        ("carol", "carol", approve("carol"), "cannot be part of creation"),
        ("operator", OPERATOR, approve("alice"), "cannot be part of creation"),
        ("carol", "carol", {"forestall.dev/approved-by": "carol"}, "cannot be part of creation"),
        ("carol", "carol", reject("carol"), "cannot be part of creation"),
        ("carol", "carol", take_over("carol"), "a take-over cannot be part of creation"),
    ],
)
def test_proposal(
    world: Installation, names: Iterator[str], *, who: str, proposer: str, notes: dict[str, str], refusal: str | None
) -> None:
    expect(world[who].create(plans(), plan(next(names), proposer=proposer, annotations=notes)), refusal)


def test_a_plan_cannot_be_applied_with_its_approval(world: Installation, names: Iterator[str]) -> None:
    name = next(names)
    whole = plan(name, proposer="carol", annotations={"forestall.dev/approve": DIGEST})
    expect(world["carol"].apply(plans(name), whole), "cannot be part of creation")


def test_a_plan_made_anew_does_not_inherit_its_approval(world: Installation, names: Iterator[str]) -> None:
    name = given(world, next(names), decided=ALICE)
    whole = world["admin"].send("GET", plans(name)).body
    expect(world["admin"].send("DELETE", plans(name)), None)
    again = plan(name, annotations=whole["metadata"]["annotations"])
    expect(world["operator"].create(plans(), again), "cannot be part of creation")


def test_nobody_edits_the_spec_of_a_plan(world: Installation, names: Iterator[str]) -> None:
    name = given(world, next(names))
    for who in ("bob", "admin", "operator"):
        expect(world[who].patch(plans(name), {"spec": {"proposer": who}}), "spec is immutable")


def test_the_operator_writes_a_digest_once(world: Installation, names: Iterator[str]) -> None:
    name = given(world, next(names))
    expect(world["operator"].patch(plans(f"{name}/status"), {"status": {"planDigest": OTHER}}), "written once")


STATUSES = {
    "networktwins": (f"{API}/networktwins", {"sources": [{"name": "cluster", "kubernetes": {}}]}),
    "runbooks": (f"{API}/runbooks", None),
    "inspectionpolicies": (
        f"{API}/namespaces/{TEAM}/inspectionpolicies",
        {
            "twinRef": {"name": "cluster"},
            "inspections": [{"name": "images", "workload": {"checks": ["ImagePull"]}}],
        },
    ),
    "findings": (findings(), finding("status")["spec"]),
    "remediationplans": (plans(), plan("status")["spec"]),
}
KINDS = {"networktwins": "NetworkTwin", "inspectionpolicies": "InspectionPolicy"}
KINDS |= {"findings": "Finding", "remediationplans": "RemediationPlan"}


@pytest.mark.parametrize("resource", STATUSES)
def test_only_the_operator_writes_the_status(world: Installation, resource: str) -> None:
    path, spec = STATUSES[resource]
    name = "status" if spec else "scale"
    if spec:
        body = {"apiVersion": "forestall.dev/v1alpha1", "kind": KINDS[resource], "metadata": {"name": name}}
        expect(world["operator"].create(path, {**body, "spec": spec}), None)
    change = {"status": {"observedGeneration": 1}}
    for who in ("admin", "bob", "alice", "robot"):
        expect(world[who].patch(f"{path}/{name}/status", change), "only the operator writes status")
    expect(world["operator"].patch(f"{path}/{name}/status", change), None)
    if resource == "networktwins":  # it has no namespace that goes away
        expect(world["admin"].send("DELETE", f"{path}/{name}"), None)


def test_only_the_operator_records_findings(world: Installation) -> None:
    for who in ("admin", "bob", "robot"):
        expect(world[who].create(findings(), finding("forged")), "only the operator records findings")
    expect(world["operator"].create(findings(), finding("recorded")), None)


def test_people_may_label_a_finding(world: Installation) -> None:
    expect(world["operator"].create(findings(), finding("labelled")), None)
    expect(world["bob"].patch(findings("labelled"), {"metadata": {"labels": {"team": "a"}}}), None)
    expect(world["bob"].patch(findings("labelled"), {"spec": {"qualifier": "x"}}), "immutable")


SCALED = {"spec": {"replicas": 0}}
CORDONED = {"spec": {"unschedulable": True}}
PREVIEWS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("PATCH", deployment(), SCALED),
    ("PATCH", deployment("scale"), SCALED),
    ("DELETE", deployment(), None),
    ("PATCH", service(), {"spec": {"selector": {"app": "other"}}}),
    ("DELETE", service(), None),
    ("PATCH", node(), CORDONED),
    ("PATCH", node("status"), {"status": {"conditions": []}}),
    ("DELETE", node(), None),
)


@pytest.mark.parametrize(("method", "path", "body"), PREVIEWS)
def test_the_operator_only_previews_changes_of_what_plans_act_on(
    world: Installation, method: str, path: str, body: dict[str, Any] | None
) -> None:
    def attempt(**query: str) -> Answer:
        return world["operator"].send(method, path, body, content=MERGE, query=query)

    expect(attempt(), "the operator may only preview")
    expect(attempt(dryRun="All"), None)


def test_the_operator_creates_no_deployment(world: Installation) -> None:
    whole = world["admin"].send("GET", deployment()).body
    copy = {**whole, "metadata": {"name": "copy"}}
    path = f"/apis/apps/v1/namespaces/{TEAM}/deployments"
    expect(world["operator"].create(path, copy), "the operator may only preview")


def test_previews_bind_nobody_else(world: Installation) -> None:
    expect(world["bob"].patch(deployment("scale"), SCALED), None)
    expect(world["bob"].patch(deployment(), SCALED), None)
    expect(world["bob"].patch(node(), CORDONED), None)
