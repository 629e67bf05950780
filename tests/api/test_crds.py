"""What the API server takes and refuses: every rule of the CustomResourceDefinitions both ways, on a real one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from forestall.api.remediationplan import TERMINAL
from tests.api.kinds import KINDS, SPECS, Json, Resources, in_own_namespace, serve
from tests.api.person import Person, expect
from tools.cluster.api_tier import ApiTier

pytestmark = pytest.mark.api

DIGEST, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"

AVAILABLE = {"service": "web", "minReady": 2}
MEASURED = {"query": "up", "operator": "LessThan", "target": 1}
WORKLOAD = {"checks": ["ImagePull"]}
THRESHOLD = {"query": "up", "operator": "LessThan", "threshold": 1}
TARGET = {"kind": "Deployment", "name": "web"}


@pytest.fixture(scope="module")
def admin(cluster: ApiTier) -> Person:
    return serve(cluster)


@pytest.fixture(scope="module")
def resources(admin: Person) -> Iterator[Resources]:
    with in_own_namespace(admin) as made:
        yield made


# What can be created.


@dataclass(frozen=True)
class Creation:
    """An object, and the words in which it is refused; None: it is not."""

    name: str
    kind: str
    change: Json
    refusal: str | None = None


def goal(**kinds: Json) -> Json:
    return {"goals": [{"name": "one", **kinds}]}


def inspection(**kinds: Json) -> Json:
    return {"inspections": [{"name": "one", **kinds}]}


def measured(**target: str) -> Json:
    return inspection(metric={**THRESHOLD, "target": {"kind": "Deployment", **target}})


def binding(**value: str) -> Json:
    rung = {"runbook": "scale", "parameters": [{"name": "replicas", **value}]}
    response = {"name": "one", "match": {"types": ["ImagePull"]}, "mode": "Open", "ladder": [rung]}
    return {"responses": [response]}


def approvers(count: int) -> Json:
    response = {"name": "one", "match": {"types": ["ImagePull"]}, "mode": "Open", "approvers": count}
    return {"responses": [response]}


def source(**kinds: Json) -> Json:
    return {"sources": [{"name": "one", **kinds}]}


def account(name: str) -> Json:
    return {"actions": [{"name": "rest", "argv": ["rest"], "serviceAccountName": name}]}


def retried(retries: int) -> Json:
    (action,) = account("forestall-action-rest")["actions"]
    return {"actions": [{**action, "retries": retries}]}


POLICY, PROMETHEUS = "InspectionPolicy", {"url": "http://prometheus:9090"}
GOALS = "set exactly one of available, metric, reachable, capacity"
INSPECTIONS = "set exactly one of workload, metric, alert, singlePointOfFailure, contingency, maintenance"
TARGETS = "set exactly one of name, nameLabel"
BINDINGS = "set exactly one of value, from"
SOURCES = "set exactly one of kubernetes, prometheus, topology"
LINKS = {"name": "m", "kind": "NetworkLink", "query": "up", "nameLabel": "id"}

CREATIONS = (
    Creation("a goal of available pods is taken", POLICY, goal(available=AVAILABLE)),
    Creation("a goal of a measured value is taken", POLICY, goal(metric=MEASURED)),
    Creation("a goal of a network is taken", POLICY, goal(capacity={"network": "backbone", "maxUtilisation": 0.8})),
    Creation(
        "a goal of reaching nodes is taken",
        POLICY,
        goal(reachable={"network": "backbone", "sources": ["a"], "targets": ["b"], "minTargets": 1}),
    ),
    Creation("a goal of no kind is refused", POLICY, goal(), GOALS),
    Creation("a goal of two kinds is refused", POLICY, goal(available=AVAILABLE, metric=MEASURED), GOALS),
    Creation("two goals of one name are refused", POLICY, {"goals": goal(metric=MEASURED)["goals"] * 2}, "Duplicate"),
    Creation("an inspection of workloads is taken", POLICY, inspection(workload=WORKLOAD)),
    Creation("an inspection of single points of failure is taken", POLICY, inspection(singlePointOfFailure={})),
    Creation("an inspection of a network is taken", POLICY, inspection(contingency={"network": "backbone"})),
    Creation("an inspection of maintenance is taken", POLICY, inspection(maintenance={"network": "backbone"})),
    Creation(
        "a scope that is not known is refused",
        POLICY,
        inspection(contingency={"network": "backbone", "scopes": ["Everything"]}),
        "Unsupported value",
    ),
    Creation("an inspection of no kind is refused", POLICY, inspection(), INSPECTIONS),
    Creation(
        "an inspection of two kinds is refused",
        POLICY,
        inspection(workload=WORKLOAD, singlePointOfFailure={}),
        INSPECTIONS,
    ),
    Creation("a policy without inspections is refused", POLICY, {"inspections": []}, "should have at least 1 items"),
    Creation("a metric's target by name is taken", POLICY, measured(name="web")),
    Creation("a metric's target by label is taken", POLICY, measured(nameLabel="deployment")),
    Creation("a metric without a target is refused", POLICY, measured(), TARGETS),
    Creation("a metric with two targets is refused", POLICY, measured(name="web", nameLabel="x"), TARGETS),
    Creation("a binding to a fixed value is taken", POLICY, binding(value="3")),
    Creation("a binding to a value of the twin is taken", POLICY, binding(**{"from": "CurrentReplicasPlusOne"})),
    Creation("a binding to nothing is refused", POLICY, binding(), BINDINGS),
    Creation(
        "a binding to two values is refused", POLICY, binding(value="3", **{"from": "CurrentReplicasPlusOne"}), BINDINGS
    ),
    Creation("a mode that is not known is refused", POLICY, {"responses": [{"mode": "Closed"}]}, "Unsupported value"),
    Creation("a duration with two units is taken", POLICY, {"execution": {"soak": "1m30s"}}),
    Creation("a duration without a unit is refused", POLICY, {"execution": {"soak": "90"}}, "spec.execution.soak"),
    Creation("a field that is not known is refused", POLICY, {"goal": []}, "unknown field"),
    Creation("a source of Kubernetes objects is taken", "NetworkTwin", source(kubernetes={})),
    Creation("a source of metrics is taken", "NetworkTwin", source(prometheus=PROMETHEUS)),
    Creation("a source of networks is taken", "NetworkTwin", source(topology={"keys": "*.json"})),
    Creation(
        "a binding to a link is taken",
        "NetworkTwin",
        {"metrics": [{**LINKS, "attribute": "up", "network": "backbone"}]},
    ),
    Creation(
        "a binding to a link of no network is refused",
        "NetworkTwin",
        {"metrics": [{**LINKS, "attribute": "up"}]},
        "network: say which",
    ),
    Creation(
        "a binding to what the kind has not is refused",
        "NetworkTwin",
        {"metrics": [{**LINKS, "attribute": "demand", "network": "backbone"}]},
        "attribute demand is one of Demand",
    ),
    Creation("a source of no kind is refused", "NetworkTwin", source(), SOURCES),
    Creation("a source of two kinds is refused", "NetworkTwin", source(kubernetes={}, prometheus=PROMETHEUS), SOURCES),
    Creation(
        "a password in an address is refused",
        "NetworkTwin",
        source(prometheus={"url": "http://me:secret@prometheus:9090"}),
        "prometheus.url",
    ),
    Creation("an action under an action's account is taken", "Runbook", account("forestall-action-rest")),
    Creation("an action under any other account is refused", "Runbook", account("default"), "serviceAccountName"),
    Creation("retries of what is idempotent are taken", "Runbook", retried(2)),
    Creation("more retries than sense are refused", "Runbook", retried(6), "retries"),
    Creation("no retries of what is not idempotent are taken", "Runbook", {**retried(0), "idempotent": False}),
    Creation(
        "retries of what is not idempotent are refused",
        "Runbook",
        {**retried(1), "idempotent": False},
        "only where the runbook is idempotent",
    ),
    Creation("a plan for no further try is refused", POLICY, {"execution": {"maxAttempts": 0}}, "maxAttempts"),
    Creation("a least finding is taken", "Finding", {}),
    Creation("a finding of an unknown type is refused", "Finding", {"type": "Gremlins"}, "Unsupported value"),
    Creation("a least plan is taken", "RemediationPlan", {}),
    Creation("a plan without a proposer is refused", "RemediationPlan", {"proposer": None}, "spec.proposer"),
    Creation("a response with two approvers is taken", POLICY, approvers(2)),
    Creation("a response without approvers is refused", POLICY, approvers(0), "approvers"),
    Creation("a response with a crowd of approvers is refused", POLICY, approvers(3), "approvers"),
    Creation("a least approval is taken", "RemediationApproval", {}),
    Creation("a rejection with a reason is taken", "RemediationApproval", {"decision": "Reject", "reason": "no"}),
    Creation("a rejection without one is refused", "RemediationApproval", {"decision": "Reject"}, "gives a reason"),
    Creation("an approval of no digest is refused", "RemediationApproval", {"planDigest": ""}, "spec.planDigest"),
    Creation("an approval of a class unknown is refused", "RemediationApproval", {"riskClass": "Mid"}, "Unsupported"),
    Creation("a stop with an end is taken", "RemediationPause", {"level": "Stop", "until": "2030-01-01T00:00:00Z"}),
    Creation("a pause of a level unknown is refused", "RemediationPause", {"level": "Slow"}, "Unsupported value"),
    Creation("a pause without a reason is refused", "RemediationPause", {"reason": ""}, "spec.reason"),
)


@pytest.mark.parametrize("case", CREATIONS, ids=[case.name for case in CREATIONS])
def test_creation(admin: Person, resources: Resources, case: Creation) -> None:
    body = resources.body(case.kind, {**SPECS[case.kind], **case.change})
    answer = admin.create(resources.path(case.kind), body, dryRun="All", fieldValidation="Strict")
    expect(answer, case.refusal)


@pytest.mark.parametrize("kind", KINDS)
def test_the_server_fills_in_what_the_model_would(admin: Person, resources: Resources, kind: str) -> None:
    body = resources.body(kind, SPECS[kind])
    answer = admin.create(resources.path(kind), body, dryRun="All")
    read, sent = KINDS[kind].model_validate(answer.body), KINDS[kind].model_validate(body)
    assert read.to_json()["spec"] == sent.to_json()["spec"]


def test_defaults_reach_into_objects_that_were_left_out(admin: Person, resources: Resources) -> None:
    body = resources.body(POLICY, SPECS[POLICY] | inspection(singlePointOfFailure={}))
    spec = admin.create(resources.path(POLICY), body, dryRun="All").body["spec"]
    times = {"soak": "30s", "approvalLifetime": "30m", "evidenceMaxAge": "15m"}
    assert spec["execution"] == {**times, "maxAttempts": 1, "backoff": "30s"}
    assert spec["riskLimits"] == {"maxAffectedServices": 1}
    assert (spec["suspend"], spec["schedule"]) == (False, {"interval": "30s"})
    assert spec["inspections"] == [{"name": "one", "singlePointOfFailure": {"scope": "Node"}}]


# What can be changed.


@dataclass(frozen=True)
class Change:
    """A change of the spec of a least object, and the words in which it is refused; None: it is not."""

    name: str
    kind: str
    spec: Json
    refusal: str | None = None


IDENTITY = "spec is a finding's identity: it is immutable"
IMMUTABLE = "spec is immutable: propose a new plan"
VERSION = "changed content needs a new version"

CHANGES = (
    Change("a finding's identity stays", "Finding", {"qualifier": "other"}, IDENTITY),
    Change("a finding may be written again as it is", "Finding", {"type": "ImagePull"}),
    Change("a plan's runbook stays", "RemediationPlan", {"runbookRef": {"version": "1.0.1"}}, IMMUTABLE),
    Change("a plan's arguments stay", "RemediationPlan", {"parameters": [{"name": "a", "value": "b"}]}, IMMUTABLE),
    Change("a plan's proposer stays", "RemediationPlan", {"proposer": "somebody else"}, IMMUTABLE),
    Change("a plan may be written again as it is", "RemediationPlan", {"proposer": "somebody"}),
    Change("a runbook's content does not change alone", "Runbook", {"summary": "Does more."}, VERSION),
    Change("a runbook's content changes with its version", "Runbook", {"summary": "Does more.", "version": "1.0.1"}),
    Change("an approval's approver stays", "RemediationApproval", {"approver": "other"}, "spec is immutable"),
    Change("an approval's decision stays", "RemediationApproval", {"decision": "Reject", "reason": "x"}, "immutable"),
    Change("a pause's level stays", "RemediationPause", {"level": "Stop"}, "spec is immutable"),
    Change("a pause's end stays", "RemediationPause", {"until": "2030-01-01T00:00:00Z"}, "spec is immutable"),
    Change("a policy may be changed", POLICY, {"suspend": True}),
    Change("a twin may be changed", "NetworkTwin", {"refresh": "1m"}),
)


@pytest.mark.parametrize("case", CHANGES, ids=[case.name for case in CHANGES])
def test_change(admin: Person, resources: Resources, case: Change) -> None:
    path = resources.create(case.kind, SPECS[case.kind])
    expect(admin.patch(path, {"spec": case.spec}), case.refusal)


@pytest.mark.parametrize("kind", ["Finding", "RemediationPlan", "RemediationApproval", "RemediationPause"])
def test_labels_of_what_is_immutable_may_be_changed(admin: Person, resources: Resources, kind: str) -> None:
    path = resources.create(kind, SPECS[kind])
    expect(admin.patch(path, {"metadata": {"labels": {"seen": "true"}}}), None)


# What becomes of a plan.


@dataclass(frozen=True)
class Progress:
    """What a plan's status says, what is merged into it, and the words in which that is refused; None: it is not."""

    name: str
    before: Json
    after: Json
    refusal: str | None = None


ENDED = "a finished plan stays as it ended"
ONCE = {"contentDigest": (DIGEST, OTHER), "planDigest": (DIGEST, OTHER), "riskClass": ("High", "Low")}


def written_once(name: str, first: str, second: str) -> Sequence[Progress]:
    refusal = f"{name} is written once"
    return (
        Progress(f"{name} may be written late", {"phase": "Proposed"}, {name: first}),
        Progress(f"{name} may be written again as it is", {name: first}, {name: first, "message": "x"}),
        Progress(f"{name} never changes", {name: first}, {name: second}, refusal),
        Progress(f"{name} never goes", {name: first}, {name: None}, refusal),
    )


PROGRESS = (
    *(case for name, (first, second) in ONCE.items() for case in written_once(name, first, second)),
    Progress("an empty digest stays empty", {"planDigest": ""}, {"planDigest": DIGEST}, "planDigest is written once"),
    Progress("a digest is a digest", {}, {"planDigest": "sha256:short"}, "status.planDigest"),
    *(Progress(f"{phase} absorbs", {"phase": phase}, {"phase": "Approved"}, ENDED) for phase in sorted(TERMINAL)),
    Progress("one end is not another", {"phase": "Failed"}, {"phase": "Succeeded"}, ENDED),
    Progress("what ended may say more", {"phase": "Failed"}, {"phase": "Failed", "score": {"matched": 1, "total": 2}}),
    Progress("what has not ended goes on", {"phase": "Executing"}, {"phase": "Soaking"}),
    Progress("what is blocked goes back", {"phase": "Blocked"}, {"phase": "Approved"}),
    Progress("a phase never goes", {"phase": "Failed"}, {"phase": None}, "a plan never loses its phase"),
    Progress("a phase is a known one", {}, {"phase": "Done"}, "Unsupported value"),
)


@pytest.mark.parametrize("case", PROGRESS, ids=[case.name for case in PROGRESS])
def test_progress_of_a_plan(admin: Person, resources: Resources, case: Progress) -> None:
    path = resources.create("RemediationPlan", SPECS["RemediationPlan"])
    expect(admin.patch(f"{path}/status", {"status": case.before}), None)
    expect(admin.patch(f"{path}/status", {"status": case.after}), case.refusal)


@pytest.mark.parametrize("part", [{}, {"status": {}}], ids=["status", "content of the status"])
def test_a_plan_never_loses_its(admin: Person, resources: Resources, part: Json) -> None:
    path = resources.create("RemediationPlan", SPECS["RemediationPlan"])
    whole = admin.patch(f"{path}/status", {"status": {"phase": "Failed"}}).body
    bare = {key: value for key, value in whole.items() if key != "status"}
    expect(admin.send("PUT", f"{path}/status", {**bare, **part}), "a plan never loses its")
    expect(admin.send("PUT", f"{path}/status", {**bare, "status": {"phase": "Failed", "message": "x"}}), None)
