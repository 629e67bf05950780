"""Forestall's kinds on an API server, and the least object of each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from forestall.api.base import API_VERSION, GROUP
from forestall.api.crds import MODELS
from tests.api.person import Person, expect
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import wait_until

Json = dict[str, Any]

CHECKOUT = Path(__file__).parents[2]
KINDS = {model.crd.kind: model for model in MODELS}

SPECS: Mapping[str, Json] = {
    "NetworkTwin": {"sources": [{"name": "kubernetes", "kubernetes": {}}]},
    "InspectionPolicy": {
        "twinRef": {"name": "cluster"},
        "inspections": [{"name": "image-pull", "workload": {"checks": ["ImagePull"]}}],
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
    "RemediationApproval": {
        "planRef": {"name": "undo-web", "uid": "3f0c"},
        "policyRef": {"name": "shop"},
        "planDigest": f"sha256:{'1' * 64}",
        "riskClass": "Low",
        "approver": "somebody",
        "decision": "Approve",
    },
    "RemediationPause": {"reason": "a release", "who": "somebody"},
}
"""The least that each kind needs."""


def serve(cluster: ApiTier) -> Person:
    """Have the API server serve the kinds; return the administrator."""
    folder = str(CHECKOUT / "crds")
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", folder)
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=120s", "-f", folder)
    wait_until_known(cluster)
    return Person(cluster.kubeconfig)


def wait_until_known(cluster: ApiTier) -> None:
    """Wait until kubectl knows every kind: the server tells of a definition some time after it has established it."""
    kinds = {f"{model.crd.plural}.{GROUP}" for model in MODELS}
    # Asks the server, and puts its answer in the place of what kubectl remembers of a time before.
    ask = ("api-resources", f"--api-group={GROUP}", "-o", "name")
    wait_until("kubectl to know every kind", lambda: kinds <= set(cluster.kubectl(*ask, check=False).stdout.split()))


class Resources:
    """The kinds as the API server serves them, in one namespace."""

    def __init__(self, person: Person, namespace: str) -> None:
        self._person = person
        self.namespace = namespace
        self._numbers = count()
        self._made: list[str] = []

    def path(self, kind: str, name: str = "") -> str:
        """The path of a kind's objects, or of one."""
        crd = KINDS[kind].crd
        place = f"namespaces/{self.namespace}/" if crd.scope == "Namespaced" else ""
        return f"/apis/{API_VERSION}/{place}{crd.plural}" + (name and f"/{name}")

    def body(self, kind: str, spec: Json) -> Json:
        """An object with a name that nobody has yet."""
        name = f"{self.namespace}-{next(self._numbers)}"
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


@contextmanager
def in_own_namespace(admin: Person) -> Iterator[Resources]:
    """The kinds in a namespace that is made for it; what was created in and beside it is deleted afterwards."""
    name = f"kinds-{uuid4().hex[:8]}"
    expect(admin.create("/api/v1/namespaces", {"metadata": {"name": name}}), None)
    made = Resources(admin, name)
    try:
        yield made
    finally:
        made.remove_all()
        admin.send("DELETE", f"/api/v1/namespaces/{name}")
