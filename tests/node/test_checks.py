"""Checks of real pods: what kubelets and the scheduler say of one broken application, and of a sound one beside it."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import uuid4

import pytest

from forestall.adapters.resources import TWIN_KINDS
from forestall.api.inspectionpolicy import Check, InspectionPolicy
from forestall.inspection.inspect import inspect
from forestall.inspection.report import Observation, Report
from forestall.ports import Json
from forestall.twin.live import Live
from tools.cluster.node_tier import NodeTier
from tools.cluster.process import wait_until

pytestmark = pytest.mark.node

IMAGE, PORT = "localhost/sample:1", 8080
GREEDY = "hoard = [b'x' * 1048576 for _ in range(512)]"


def deployment(name: str, *argv: str, pod: Json | None = None, **container: Any) -> Json:
    """A Deployment of one pod of the sample server, or of another program."""
    one = {"name": "main", "image": IMAGE, "ports": [{"name": "http", "containerPort": PORT}], **container}
    if argv:
        one["command"] = list(argv)
    one.setdefault("env", [{"name": "NODE", "value": "any"}])
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [one], **(pod or {})}}
    template["spec"]["terminationGracePeriodSeconds"] = 0
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def kept(kind: str, name: str, *argv: str) -> Json:
    """The same, kept by a StatefulSet or a DaemonSet."""
    body = deployment(name, *argv)
    spec = {field: value for field, value in body["spec"].items() if field != "replicas"}
    # In parallel: in order, a pod that never became ready would not be made anew from a better template.
    own = {"serviceName": name, "podManagementPolicy": "Parallel"} if kind == "StatefulSet" else {}
    return {**body, "kind": kind, "spec": {**spec, **own}}


def service(name: str, app: str, target: int | str) -> Json:
    spec = {"selector": {"app": app}, "ports": [{"port": 80, "targetPort": target}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def probe(port: int) -> Json:
    return {"httpGet": {"path": "/", "port": port}, "periodSeconds": 1, "failureThreshold": 1}


def key_of(name: str) -> Json:
    return {"valueFrom": {"configMapKeyRef": {"name": name, "key": "node"}}}


APPLICATION = (
    deployment("web", readinessProbe=probe(PORT)),
    service("web", "web", "http"),
    deployment("crashing", "python", "-c", "raise SystemExit(3)"),
    kept("StatefulSet", "store", "python", "-c", "raise SystemExit(4)"),
    service("store", "store", "http"),
    kept("DaemonSet", "agent", "python", "-c", "raise SystemExit(5)"),
    deployment("greedy", "python", "-c", GREEDY, resources={"limits": {"memory": "48Mi"}}),
    deployment("unconfigured", env=[{"name": "NODE", **key_of("settings")}]),
    deployment("homeless", pod={"nodeSelector": {"disk": "none"}}),
    deployment("probed", readinessProbe=probe(8081)),
    service("mistyped", "wbe", "http"),
    service("astray", "web", 9090),
)
BROKEN: dict[str, tuple[Check, str]] = {
    "crashing": ("CrashLoop", "Error, exit code 3"),
    "store": ("CrashLoop", "Error, exit code 4"),
    "agent": ("CrashLoop", "Error, exit code 5"),
    "greedy": ("OutOfMemory", "OOMKilled"),
    "unconfigured": ("ConfigMissing", 'configmap "settings" not found'),
    "homeless": ("Unschedulable", "node affinity/selector"),
    "probed": ("ProbeFailing", "GET :8081/"),
    "mistyped": ("NoReadyEndpoints", "selector app=wbe matches no pod"),
    "astray": ("NoReadyEndpoints", "port 80 leads to 9090/TCP"),
}


class Inspected:
    """An application's namespace as the checks see it, from one look to the next."""

    def __init__(self, cluster: NodeTier, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self._report: Report | None = None
        inspections = [{"name": "state", "workload": {"checks": list(get_args(Check))}}]
        self._policy = InspectionPolicy.model_validate(
            {
                "metadata": {"name": "all", "namespace": namespace},
                "spec": {"twinRef": {"name": "cluster"}, "inspections": inspections},
            }
        )

    def look(self) -> dict[str, Observation]:
        """What is wrong now, by the name of the object."""
        live = Live()
        for kind in TWIN_KINDS:
            listed = self.cluster.kubectl("get", kind.plural, "-A", "-o", "json").stdout
            for item in json.loads(listed)["items"]:
                live.apply(kind.kind, item)
        assert not live.defects
        holds = self._report.holds if self._report else {}
        self._report = inspect(self._policy, live.snapshot(), {}, holds, datetime.now(UTC))
        return {one.spec.resource.name: one for one in self._report.observations}

    def until(self, what: str, *, found: Mapping[str, Check]) -> dict[str, Observation]:
        """Look until exactly these objects are found, each by its check."""
        seen: dict[str, Observation] = {}

        def same() -> bool:
            seen.clear()
            seen.update(self.look())
            return {name: one.spec.type for name, one in seen.items()} == found

        try:
            wait_until(what, same, interval=1.0)
        except TimeoutError as error:
            error.add_note(f"found: {[(name, one.spec.type) for name, one in seen.items()]}, wanted: {found}")
            raise
        return seen

    def apply(self, *bodies: Json) -> None:
        """Apply objects to the namespace."""
        for body in bodies:
            self.cluster.kubectl("apply", "-n", self.namespace, "-f", "-", input=json.dumps(body))


@pytest.fixture(scope="module")
def application(node_cluster: NodeTier) -> Iterator[Inspected]:
    """The application, with all that is wrong with it."""
    namespace = f"checks-{uuid4().hex[:8]}"
    node_cluster.kubectl("create", "namespace", namespace)
    opened = Inspected(node_cluster, namespace)
    opened.apply(*APPLICATION)
    yield opened
    node_cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def test_each_fault_is_found_as_what_it_is_and_nothing_else_is(application: Inspected) -> None:
    seen = application.until("every fault to be found", found={name: check for name, (check, _) in BROKEN.items()})

    for name, (_, words) in BROKEN.items():
        assert any(words in fact.message for fact in seen[name].evidence), (name, seen[name].evidence)
    assert {one.finding_class for one in seen.values()} == {"Problem"}


def test_what_was_mended_is_found_no_more(application: Inspected) -> None:
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"node": "any"}}

    application.apply(
        settings,
        deployment("crashing"),
        kept("StatefulSet", "store"),
        kept("DaemonSet", "agent"),
        deployment("greedy", resources={"limits": {"memory": "128Mi"}}),
        deployment("homeless"),
        deployment("probed", readinessProbe=probe(PORT)),
        service("mistyped", "web", "http"),
        service("astray", "web", PORT),
    )

    assert application.until("everything to be sound", found={}) == {}
