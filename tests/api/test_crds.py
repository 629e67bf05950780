"""What the API server makes of the CustomResourceDefinitions: every rule both ways, on a real one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from forestall.api.base import API_VERSION
from forestall.api.crds import MODELS
from forestall.api.remediationplan import TERMINAL
from tests.api.person import Person, expect
from tests.unit.api import samples
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

Json = dict[str, Any]

CHECKOUT = Path(__file__).parents[2]
EXAMPLES = sorted((CHECKOUT / "examples").glob("*.yaml"))
KINDS = {model.crd.kind: model for model in MODELS}
DIGEST, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"

AVAILABLE = {"service": "web", "minReady": 2}
MEASURED = {"query": "up", "operator": "LessThan", "target": 1}
WORKLOAD = {"checks": ["ImagePull"]}
THRESHOLD = {"query": "up", "operator": "LessThan", "threshold": 1}
TARGET = {"kind": "Deployment", "name": "web"}

SPECS: Mapping[str, Json] = {
    "NetworkTwin": {"sources": [{"name": "kubernetes", "kubernetes": {}}]},
    "InspectionPolicy": {
        "twinRef": {"name": "cluster"},
        "inspections": [{"name": "image-pull", "workload": WORKLOAD}],
    },
    "Finding": {
        "policyRef": {"name": "shop"},
        "type": "ImagePull",
        "resource": {"kind": "Deployment", "namespace": "shop", "name": "web"},
    },
    "Runbook": {
        "version": "1.0.0",
        "summary": "Does nothing.",
        "whenToUse": "Never.",
        "targetKinds": ["Deployment"],
        "actions": [{"name": "rest", "argv": ["rest"], "serviceAccountName": "forestall-action-rest"}],
        "reads": ["spec.replicas"],
        "writes": ["spec.replicas"],
        "effect": "SetReplicas",
    },
    "RemediationPlan": {
        "policyRef": {"name": "shop"},
        "findingRef": {"name": "imagepull-web"},
        "runbookRef": {"name": "scale", "version": "1.0.0"},
        "proposer": "somebody",
    },
}
"""The least that each kind needs."""


class Resources:
    """The kinds as the API server serves them, in a namespace of the test's own."""

    def __init__(self, person: Person, namespace: str) -> None:
        self._person = person
        self._namespace = namespace
        self._numbers = count()
        self._made: list[str] = []

    def path(self, kind: str, name: str = "") -> str:
        """The path of a kind's objects, or of one."""
        crd = KINDS[kind].crd
        place = f"namespaces/{self._namespace}/" if crd.scope == "Namespaced" else ""
        return f"/apis/{API_VERSION}/{place}{crd.plural}" + (name and f"/{name}")

    def body(self, kind: str, spec: Json) -> Json:
        """An object with a name that nobody has yet."""
        name = f"{self._namespace}-{next(self._numbers)}"
        return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}

    def create(self, kind: str, spec: Json) -> str:
        """Create an object and return its path."""
        body = self.body(kind, spec)
        answer = self._person.create(self.path(kind), body, fieldValidation="Strict")
        expect(answer, None)
        path = self.path(kind, body["metadata"]["name"])
        self._made.append(path)
        return path

    def remove_all(self) -> None:
        """Delete what was created: cluster-scoped objects do not go with the namespace."""
        for path in self._made:
            self._person.send("DELETE", path)


@pytest.fixture(scope="module")
def admin(cluster: ApiTier) -> Person:
    """The administrator of a cluster whose API server serves the kinds."""
    folder = str(CHECKOUT / "crds")
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", folder)
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=120s", "-f", folder)
    return Person(cluster.kubeconfig)


@pytest.fixture
def resources(admin: Person, namespace: str) -> Iterator[Resources]:
    made = Resources(admin, namespace)
    yield made
    made.remove_all()


def condition(definition: Json, kind: str) -> str | None:
    """The status of a definition's condition, None where it has none of that type."""
    return next((one["status"] for one in definition["status"]["conditions"] if one["type"] == kind), None)


@pytest.mark.usefixtures("admin")
def test_every_definition_is_established_and_structural(cluster: ApiTier) -> None:
    names = [f"{model.crd.plural}.forestall.dev" for model in MODELS]
    found = json.loads(cluster.kubectl("get", "crds", *names, "-o", "json").stdout)["items"]
    assert len(found) == len(MODELS)
    for definition in found:
        assert condition(definition, "Established") == "True"
        assert condition(definition, "NamesAccepted") == "True"
        assert condition(definition, "NonStructuralSchema") in {None, "False"}


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


def source(**kinds: Json) -> Json:
    return {"sources": [{"name": "one", **kinds}]}


def account(name: str) -> Json:
    return {"actions": [{"name": "rest", "argv": ["rest"], "serviceAccountName": name}]}


POLICY, PROMETHEUS = "InspectionPolicy", {"url": "http://prometheus:9090"}
GOALS = "set exactly one of available, metric"
INSPECTIONS = "set exactly one of workload, metric, singlePointOfFailure"
TARGETS = "set exactly one of name, nameLabel"
BINDINGS = "set exactly one of value, from"
SOURCES = "set exactly one of kubernetes, prometheus"

CREATIONS = (
    Creation("a goal of available pods is taken", POLICY, goal(available=AVAILABLE)),
    Creation("a goal of a measured value is taken", POLICY, goal(metric=MEASURED)),
    Creation("a goal of no kind is refused", POLICY, goal(), GOALS),
    Creation("a goal of two kinds is refused", POLICY, goal(available=AVAILABLE, metric=MEASURED), GOALS),
    Creation("two goals of one name are refused", POLICY, {"goals": goal(metric=MEASURED)["goals"] * 2}, "Duplicate"),
    Creation("an inspection of workloads is taken", POLICY, inspection(workload=WORKLOAD)),
    Creation("an inspection of single points of failure is taken", POLICY, inspection(singlePointOfFailure={})),
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
    Creation("a least finding is taken", "Finding", {}),
    Creation("a finding of an unknown type is refused", "Finding", {"type": "Gremlins"}, "Unsupported value"),
    Creation("a least plan is taken", "RemediationPlan", {}),
    Creation("a plan without a proposer is refused", "RemediationPlan", {"proposer": None}, "spec.proposer"),
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
    assert spec["execution"] == {"soak": "30s", "approvalLifetime": "30m", "evidenceMaxAge": "15m"}
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
    Change("a policy may be changed", POLICY, {"suspend": True}),
    Change("a twin may be changed", "NetworkTwin", {"refresh": "1m"}),
)


@pytest.mark.parametrize("case", CHANGES, ids=[case.name for case in CHANGES])
def test_change(admin: Person, resources: Resources, case: Change) -> None:
    path = resources.create(case.kind, SPECS[case.kind])
    expect(admin.patch(path, {"spec": case.spec}), case.refusal)


@pytest.mark.parametrize("kind", ["Finding", "RemediationPlan"])
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


# What is kept and found.


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_status_is_kept_to_the_last_field(admin: Person, resources: Resources, kind: str) -> None:
    path = resources.create(kind, SPECS[kind])
    status = samples.status(KINDS[kind])
    query = {"fieldValidation": "Strict"}
    expect(admin.patch(f"{path}/status", {"status": status}, **query), None)
    assert admin.send("GET", path).body["status"] == status


@pytest.mark.parametrize("kind", KINDS)
def test_a_status_is_written_apart(admin: Person, resources: Resources, kind: str) -> None:
    path = resources.create(kind, SPECS[kind])
    assert "status" not in admin.patch(path, {"status": samples.status(KINDS[kind])}).body


def selected(admin: Person, resources: Resources, kind: str, selector: str) -> list[str]:
    """Paths of the objects that the server finds by a field selector."""
    answer = admin.send("GET", resources.path(kind), query={"fieldSelector": selector})
    expect(answer, None)
    return [resources.path(kind, item["metadata"]["name"]) for item in answer.body["items"]]


SELECTIONS: Mapping[str, tuple[str, Json]] = {
    ".spec.purpose": ("RemediationPlan", {}),
    ".spec.policyRef.name": ("RemediationPlan", {"spec": {"policyRef": {"name": "other"}}}),
    ".status.phase": ("RemediationPlan", {"status": {"phase": "Approved"}}),
    ".status.riskClass": ("RemediationPlan", {"status": {"riskClass": "High"}}),
    ".spec.type": ("Finding", {"spec": {"type": "MetricThreshold"}}),
    ".status.state": ("Finding", {"status": {"state": "Closed"}}),
    ".status.severity": ("Finding", {"status": {"severity": "major"}}),
}
"""By selectable field: a kind that has it, and what sets an object apart from a least one."""


def value_at(body: Json, path: str) -> str:
    for name in path.removeprefix(".").split("."):
        body = body[name]
    return str(body)


@pytest.mark.parametrize("path", SELECTIONS)
def test_objects_are_found_by(admin: Person, resources: Resources, path: str) -> None:
    kind, apart = SELECTIONS[path]
    least = resources.create(kind, SPECS[kind])
    wanted = resources.create(kind, {**SPECS[kind], **apart.get("spec", {})})
    expect(admin.patch(f"{wanted}/status", {"status": apart.get("status", {"message": "x"})}), None)
    value = value_at(admin.send("GET", wanted).body, path)
    found = selected(admin, resources, kind, f"{path.removeprefix('.')}={value}")
    assert wanted in found
    assert (least in found) is (not apart)
    assert selected(admin, resources, kind, f"{path.removeprefix('.')}=Other") == []


def test_every_selectable_field_is_selected_by() -> None:
    assert set(SELECTIONS) == {path for model in MODELS for path in model.crd.selectable}


# What people see.


def test_kubectl_finds_plans_by_phase_under_their_short_name(
    cluster: ApiTier, admin: Person, resources: Resources, namespace: str
) -> None:
    path = resources.create("RemediationPlan", SPECS["RemediationPlan"])
    resources.create("RemediationPlan", SPECS["RemediationPlan"])
    expect(admin.patch(f"{path}/status", {"status": {"phase": "PendingApproval", "riskClass": "Low"}}), None)
    chosen = ("-n", namespace, "--field-selector", "status.phase=PendingApproval")
    head, row = cluster.kubectl("get", "plans", *chosen).stdout.splitlines()
    assert head.split() == ["NAME", "RUNBOOK", "TARGET", "RISK", "PHASE", "APPROVER", "AGE"]
    assert row.split()[:4] == [path.rpartition("/")[2], "scale", "Low", "PendingApproval"]


def test_the_category_lists_every_kind(cluster: ApiTier, resources: Resources, namespace: str) -> None:
    for kind in ("InspectionPolicy", "Finding", "RemediationPlan"):
        resources.create(kind, SPECS[kind])
    listed = cluster.kubectl("get", "forestall", "-n", namespace, "-o", "name").stdout
    for plural in ("inspectionpolicies", "findings", "remediationplans"):
        assert f"{plural}.forestall.dev/" in listed


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("inspectionpolicy.spec.goals", "Targets that services of this namespace must meet."),
        ("plan.status.planDigest", "what an approval must name"),
        ("twin", "A digital twin of the cluster and its networks"),
    ],
)
def test_kubectl_explains(cluster: ApiTier, field: str, text: str) -> None:
    def explained() -> bool:
        # The server publishes a definition's texts some time after it has established it.
        answer = cluster.kubectl("explain", field, check=False).stdout
        return text in " ".join(answer.split())

    wait_until(f"the text of {field}", explained)


# What newcomers apply.


@dataclass
class Applied:
    """The examples on the cluster: namespaced ones in the test's own namespace."""

    cluster: ApiTier
    namespace: str
    texts: list[str] = field(default_factory=list)

    def apply(self, path: Path, *options: str) -> str:
        """Apply an example and return what kubectl said."""
        body = yaml.safe_load(path.read_text())
        if "namespace" in body["metadata"]:
            body["metadata"]["namespace"] = self.namespace
        self.texts.append(yaml.safe_dump(body))
        return self.cluster.kubectl(
            "apply", "--server-side", "--validate=strict", *options, "-f", "-", input=self.texts[-1]
        ).stdout

    def remove(self) -> None:
        """Delete what was applied."""
        for text in self.texts:
            self.cluster.kubectl("delete", "--ignore-not-found", "-f", "-", input=text)


@pytest.fixture
def examples(cluster: ApiTier, admin: Person, namespace: str) -> Iterator[Applied]:
    applied = Applied(cluster, namespace)
    yield applied
    applied.remove()


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_an_example_applies_first_as_a_dry_run_then_for_good_and_again_without_a_change(
    examples: Applied, path: Path
) -> None:
    assert "serverside-applied (server dry run)" in examples.apply(path, "--dry-run=server")
    assert "serverside-applied" in examples.apply(path)
    assert "serverside-applied" in examples.apply(path)
