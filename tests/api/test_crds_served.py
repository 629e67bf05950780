"""What the API server keeps, finds and shows of forestall's kinds, and that it takes the examples."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from forestall.api.crds import MODELS
from tests.api.kinds import CHECKOUT, KINDS, SPECS, Json, Resources, in_own_namespace, serve
from tests.api.person import Person, expect
from tests.unit.api import samples
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

EXAMPLES = sorted((CHECKOUT / "examples").glob("*.yaml"))


@pytest.fixture(scope="module")
def admin(cluster: ApiTier) -> Person:
    return serve(cluster)


@pytest.fixture(scope="module")
def resources(admin: Person) -> Iterator[Resources]:
    with in_own_namespace(admin) as made:
        yield made


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


TARGET: Json = {"ref": {"kind": "Deployment", "name": "web"}, "uid": "1", "readsHash": "sha256:1"}
SELECTIONS: Mapping[str, tuple[str, Json]] = {
    ".spec.purpose": ("RemediationPlan", {}),
    ".spec.policyRef.name": ("RemediationPlan", {"spec": {"policyRef": {"name": "other"}}}),
    ".status.phase": ("RemediationPlan", {"status": {"phase": "Approved"}}),
    ".status.riskClass": ("RemediationPlan", {"status": {"riskClass": "High"}}),
    ".status.target.ref.name": ("RemediationPlan", {"status": {"target": TARGET}}),
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


def test_kubectl_finds_plans_by_phase_under_their_short_name(cluster: ApiTier, admin: Person, namespace: str) -> None:
    resources = Resources(admin, namespace)
    path = resources.create("RemediationPlan", SPECS["RemediationPlan"])
    resources.create("RemediationPlan", SPECS["RemediationPlan"])
    expect(admin.patch(f"{path}/status", {"status": {"phase": "PendingApproval", "riskClass": "Low"}}), None)
    chosen = ("-n", namespace, "--field-selector", "status.phase=PendingApproval")
    head, row = cluster.kubectl("get", "plans", *chosen).stdout.splitlines()
    assert head.split() == ["NAME", "RUNBOOK", "TARGET", "RISK", "PHASE", "APPROVER", "AGE"]
    assert row.split()[:4] == [path.rpartition("/")[2], "scale", "Low", "PendingApproval"]


def test_the_category_lists_every_kind(cluster: ApiTier, resources: Resources) -> None:
    names = [resources.create(kind, SPECS[kind]).rpartition("/")[2] for kind in KINDS]
    listed = cluster.kubectl("get", "forestall", "-n", resources.namespace, "-o", "name").stdout.split()
    assert {f"{kind.lower()}.forestall.dev/{name}" for kind, name in zip(KINDS, names, strict=True)} <= set(listed)


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
def test_an_example_applies_first_as_a_dry_run_and_then_for_good(examples: Applied, path: Path) -> None:
    assert "serverside-applied (server dry run)" in examples.apply(path, "--dry-run=server")
    assert examples.apply(path).endswith("serverside-applied\n")
