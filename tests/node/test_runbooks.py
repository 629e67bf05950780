"""Runbooks mend what is broken on real nodes, each by a Job with the rights of its own action."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from forestall.api.remediationplan import Step, Target
from forestall.api.runbook import Runbook
from forestall.planning.hashing import reads_hash
from forestall.planning.job import template
from forestall.planning.runbooks import parameters
from forestall.ports import Json
from tests.chart.rendering import NODE_ACTIONS
from tests.node.installed import ACTIONS, SYSTEM, Shop, installed
from tools.cluster.node_tier import NodeTier
from tools.cluster.oci import Image

pytestmark = pytest.mark.node

NAMESPACE, IMAGE, PORT = "repairs", "localhost/sample:1", 8080
OPERATOR = f"system:serviceaccount:{SYSTEM}:forestall"
FICKLE = """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
hoard = b'x' * (int(os.environ.get("HOARD", "0")) << 20)
sound = [True]

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        sound[0] = sound[0] and self.path != "/break"
        self.send_response(200 if sound[0] or self.path == "/break" else 503)
        self.end_headers()

ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
"""Serves until it is asked for /break; takes as many MiB of memory as HOARD says."""
PUT_KEY = """
import json, os, ssl, urllib.request
root = "/var/run/secrets/kubernetes.io/serviceaccount/"
host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
target = json.loads(os.environ["FORESTALL_TARGET"])
headers = {"Authorization": "Bearer " + open(root + "token").read(), "Content-Type": "application/json"}

def ask(method, path, body=None):
    url = f"https://{host}:{port}/api/v1/namespaces/{target['namespace']}/{path}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    urllib.request.urlopen(request, context=ssl.create_default_context(cafile=root + "ca.crt"))

data = {"node": os.environ["NODE_NAME"]}
ask("POST", "configmaps", {"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data})
ask("DELETE", f"pods?labelSelector=app={target['name']}", {})
open("/dev/termination-log", "w").write("wrote settings")
"""
"""An administrator's own repair: it makes the ConfigMap that the target wants, and has the target's pods made anew."""


def deployment(name: str, *, replicas: int = 1, pod: Json | None = None, **container: Any) -> Json:
    main = {
        "name": "main",
        "image": IMAGE,
        "command": ["python", "-c", FICKLE],
        "ports": [{"name": "http", "containerPort": PORT}],
        "readinessProbe": probe(PORT),
        **container,
    }
    spec = {"containers": [main], "terminationGracePeriodSeconds": 0, **(pod or {})}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
        },
    }


def probe(port: int) -> Json:
    return {"httpGet": {"path": "/", "port": port}, "periodSeconds": 1, "failureThreshold": 1}


def service(name: str, app: str, target: int | str) -> Json:
    spec = {"selector": {"app": app}, "ports": [{"port": 80, "targetPort": target}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def given(**values: str) -> list[Json]:
    """Arguments of a rung: each from the twin."""
    return [{"name": name.replace("_", "-"), "from": source} for name, source in values.items()]


def response(kind: str, *ladder: Json) -> Json:
    return {"name": kind.lower(), "match": {"types": [kind]}, "mode": "Open", "ladder": list(ladder)}


POLICY: Json = {
    "apiVersion": "forestall.dev/v1alpha1",
    "kind": "InspectionPolicy",
    "metadata": {"name": "repairs"},
    "spec": {
        "twinRef": {"name": "cluster"},
        "inspections": [
            {
                "name": "state",
                "workload": {
                    "checks": ["OutOfMemory", "ProbeFailing", "NoReadyEndpoints", "Unschedulable", "ConfigMissing"]
                },
            }
        ],
        "responses": [
            response(
                "OutOfMemory",
                {
                    "runbook": "patch-resources",
                    "parameters": [
                        *given(container="AilingContainer", amount="DoubleMemory"),
                        {"name": "resource", "value": "limits.memory"},
                    ],
                },
            ),
            response(
                "ProbeFailing",
                {"runbook": "patch-probe-port", "parameters": given(container="AilingContainer", port="DeclaredPort")},
                {"runbook": "rollout-restart"},
            ),
            response(
                "NoReadyEndpoints",
                {
                    "runbook": "patch-service-port",
                    "parameters": given(port="StrayPort", target_port="DeclaredPort"),
                },
                {
                    "runbook": "patch-selector",
                    "parameters": given(label="SuggestedLabel", value="SuggestedLabelValue"),
                },
            ),
            response(
                "Unschedulable",
                {"runbook": "uncordon", "parameters": given(node="Node")},
                {
                    "runbook": "remove-taint",
                    "parameters": given(node="Node", key="BarringTaintKey", effect="BarringTaintEffect"),
                },
            ),
            response("ConfigMissing", {"runbook": "put-key"}),
        ],
        "riskLimits": {"maxAffectedServices": 2},
        "execution": {"soak": "8s"},
        "schedule": {"interval": "2s"},
    },
}
TWIN: Json = {
    "apiVersion": "forestall.dev/v1alpha1",
    "kind": "NetworkTwin",
    "metadata": {"name": "cluster"},
    "spec": {"sources": [{"name": "kubernetes", "kubernetes": {}}]},
}
ON_NODE2: Json = {"nodeSelector": {"kubernetes.io/hostname": "node2"}}


def own_repair(image: str) -> list[Json]:
    """The administrator's runbook, with an account that may do what it does and no more."""
    account = "forestall-action-put-key"
    subject = {"kind": "ServiceAccount", "name": account, "namespace": ACTIONS}
    rbac = "rbac.authorization.k8s.io"
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": ACTIONS}},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "Role",
            "metadata": {"name": account},
            "rules": [
                {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]},
                {"apiGroups": [""], "resources": ["pods"], "verbs": ["deletecollection"]},
            ],
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": account},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": account},
            "subjects": [subject],
        },
        {
            "apiVersion": "forestall.dev/v1alpha1",
            "kind": "Runbook",
            "metadata": {"name": "put-key"},
            "spec": {
                "version": "1.0.0",
                "summary": "Puts the key back that the pods want.",
                "whenToUse": "It is gone.",
                "targetKinds": ["Deployment"],
                "actions": [
                    {
                        "name": "put",
                        "argv": ["python", "-c", "import os; exec(os.environ['PROGRAM'])"],
                        "image": image,
                        "env": [{"name": "NODE_NAME", "value": "any"}, {"name": "PROGRAM", "value": PUT_KEY}],
                        "serviceAccountName": account,
                        "timeout": "1m",
                    }
                ],
                "reads": ["spec.template"],
                "writes": ["spec.template.spec.containers"],
                "effect": "Vouched",
                "irreversible": True,
            },
        },
    ]


@pytest.fixture(scope="module")
def shop(node_cluster: NodeTier, operator: Image, sample: Image) -> Iterator[Shop]:
    """The application with all that is wrong with it, and a plan for each fault."""
    values = {"actions": {name: {"enabled": True} for name in NODE_ACTIONS}}
    with installed(node_cluster, operator, NAMESPACE, values) as found:
        node_cluster.kubectl("cordon", "node2")
        found.apply(
            deployment("fickle", replicas=2),
            deployment("greedy", env=[{"name": "HOARD", "value": "60"}], resources={"limits": {"memory": "48Mi"}}),
            deployment("probed", readinessProbe=probe(8081)),
            deployment("astray"),
            service("astray", "astray", 9090),
            deployment("orphan"),
            service("orphan", "orphna", "http"),
            deployment("pinned", pod=ON_NODE2),
            deployment("unconfigured", env=[{"name": "N", "valueFrom": {"configMapKeyRef": KEY}}]),
            *own_repair(sample.by_digest),
        )
        node_cluster.kubectl("rollout", "status", "deployment/fickle", "-n", NAMESPACE, "--timeout=120s")
        found.apply(TWIN, POLICY)
        yield found
        node_cluster.kubectl("uncordon", "node2")


KEY = {"name": "settings", "key": "node"}
FAULTS = {
    "greedy": "patch-resources",
    "probed": "patch-probe-port",
    "astray": "patch-service-port",
    "orphan": "patch-selector",
    "pinned": "uncordon",
    "unconfigured": "put-key",
}


def succeeded(shop: Shop, plan: Json) -> Json:
    ended = shop.end_of(plan)
    jobs = json.loads(shop.cluster.kubectl("get", "jobs,pods", "-n", ACTIONS, "-o", "json").stdout)["items"]
    told = json.dumps([ended["status"], [one["status"] for one in jobs]], indent=1)
    assert ended["status"]["phase"] == "Succeeded", told
    return ended


def job_of(shop: Shop, plan: Json) -> Json:
    (attempt,) = plan["status"]["attempts"]
    found: Json = json.loads(shop.cluster.kubectl("get", "job", attempt["jobName"], "-n", ACTIONS, "-o", "json").stdout)
    return found


def test_each_fault_is_mended_by_the_runbook_that_the_twin_proves(shop: Shop) -> None:
    plans = {name: shop.pending(runbook, name) for name, runbook in FAULTS.items()}
    for plan in plans.values():
        shop.approve(plan)
    for name, runbook in FAULTS.items():
        ended = succeeded(shop, plans[name])
        pod = job_of(shop, ended)["spec"]["template"]["spec"]
        assert pod["serviceAccountName"] == f"forestall-action-{runbook}"
    container = shop.read("deployment", "greedy")["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["limits"]["memory"] == "96Mi"
    assert shop.read("service", "astray")["spec"]["ports"][0]["targetPort"] == PORT
    assert shop.read("service", "orphan")["spec"]["selector"] == {"app": "orphan"}
    assert shop.read("configmap", "settings")["data"] == {"node": "any"}


def test_what_can_be_undone_says_how_and_an_image_of_its_own_cannot(shop: Shop) -> None:
    # Of another plan, that may have come meanwhile, there may be no status yet.
    plans = [plan for plan in shop.plans() if plan.get("status", {}).get("phase") == "Succeeded"]
    rollback = {}
    for plan in plans:
        steps = plan["status"].get("rollback") or []
        rollback[plan["spec"]["runbookRef"]["name"]] = [
            {item["name"]: item["value"] for item in step["parameters"]} for step in steps
        ]
    assert rollback["patch-resources"] == [{"container": "main", "resource": "limits.memory", "to": "48Mi"}]
    assert rollback["patch-selector"] == [{"label": "app", "value": "orphna"}]
    assert rollback["put-key"] == []
    risks = {plan["spec"]["runbookRef"]["name"]: plan["status"]["riskClass"] for plan in plans}
    assert (risks["put-key"], risks["uncordon"], risks["patch-service-port"]) == ("High", "High", "Low")


def test_a_pod_that_has_got_stuck_while_its_like_serves_is_mended_by_a_restart(shop: Shop) -> None:
    before = {pod["metadata"]["uid"] for pod in shop.read("pods", "-l", "app=fickle")["items"]}
    stuck = shop.read("pods", "-l", "app=fickle")["items"][0]["metadata"]["name"]
    shop.cluster.kubectl("get", "--raw", f"/api/v1/namespaces/{NAMESPACE}/pods/{stuck}:{PORT}/proxy/break")
    plan = shop.pending("rollout-restart", "fickle")
    shop.approve(plan)
    succeeded(shop, plan)
    after = [pod for pod in shop.read("pods", "-l", "app=fickle")["items"] if pod["metadata"]["uid"] not in before]
    assert len(after) == 2


def test_a_taint_that_keeps_pods_away_is_taken_off_the_node(shop: Shop) -> None:
    shop.cluster.kubectl("taint", "node", "node2", "example.com/maintenance=now:NoSchedule")
    shop.apply(deployment("kept-off", pod=ON_NODE2))
    plan = shop.pending("remove-taint", "kept-off")
    assert [one["argv"] for one in plan["status"]["rollback"]] == [["add-taint"]]
    shop.approve(plan)
    succeeded(shop, plan)
    assert "taints" not in shop.read("node", "node2")["spec"]


class Direct:
    """Actions run as the operator would run them, on an object that no finding speaks of."""

    def __init__(self, shop: Shop, image: str) -> None:
        self._shop, self._image = shop, image

    def run(self, name: str, *, timeout: int = 60, **arguments: str) -> tuple[int, str]:
        """Run an action on node2; its exit code and what it said."""
        runbook = Runbook.model_validate(self._shop.read("runbook", name))
        node = self._shop.read("node", "node2")
        body = self._job(runbook, node, timeout, arguments)
        told = self._shop.cluster.kubectl("create", "-f", "-", "-o", "name", input=json.dumps(body), user=OPERATOR)
        return self._end_of(told.stdout.strip().removeprefix("job.batch/"))

    def _job(self, runbook: Runbook, node: Json, timeout: int, arguments: dict[str, str]) -> Json:
        (action,) = runbook.spec.actions
        values = {"node": "node2", **{key.replace("_", "-"): value for key, value in arguments.items()}}
        step = Step.model_validate(
            {
                "name": action.name,
                "argv": action.argv,
                "parameters": parameters(values),
                "serviceAccountName": action.service_account_name,
                "image": self._image,
                "timeout": f"{timeout}s",
            }
        )
        target = Target.model_validate(
            {
                "ref": {"kind": "Node", "name": "node2"},
                "uid": node["metadata"]["uid"],
                "readsHash": reads_hash(node, runbook.spec.reads),
            }
        )
        metadata = {
            "generateName": f"{runbook.metadata.name}-",
            "namespace": ACTIONS,
            "labels": {"forestall.dev/managed": "true", "forestall.dev/plan-uid": "direct"},
            "annotations": {"forestall.dev/plan-digest": f"sha256:{'d' * 64}"},
        }
        spec = template(step, target, runbook.spec)
        spec["template"]["metadata"] = {"labels": metadata["labels"]}
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}

    def _end_of(self, job: str) -> tuple[int, str]:
        ended: list[Json] = []

        def over() -> bool:
            listed = ("get", "pods", "-n", ACTIONS, "-l", f"job-name={job}", "-o", "json")
            pods = json.loads(self._shop.cluster.kubectl(*listed).stdout)["items"]
            states = [one for pod in pods for one in pod.get("status", {}).get("containerStatuses", [])]
            ended[:] = [one["state"]["terminated"] for one in states if "terminated" in one["state"]]
            return bool(ended)

        self._shop.until(f"the end of {job}", over)
        message: str = json.loads(ended[0]["message"])["message"]
        return ended[0]["exitCode"], message


@pytest.fixture
def direct(shop: Shop, operator: Image) -> Iterator[Direct]:
    """Actions on node2, which is open again afterwards."""
    yield Direct(shop, operator.by_digest)
    shop.cluster.kubectl("uncordon", "node2")


def unschedulable(shop: Shop) -> bool:
    return bool(shop.read("node", "node2")["spec"].get("unschedulable"))


def homes(shop: Shop, app: str) -> dict[str, str]:
    """The node of each of an application's pods that has one, by the pod's UID."""
    pods = shop.read("pods", "-l", f"app={app}")["items"]
    return {pod["metadata"]["uid"]: pod["spec"]["nodeName"] for pod in pods if "nodeName" in pod["spec"]}


def test_a_node_is_cordoned_once_and_no_more(shop: Shop, direct: Direct) -> None:
    assert direct.run("cordon") == (0, "changed")
    assert unschedulable(shop)
    assert direct.run("cordon") == (41, "the target is already as wanted")


def test_a_drain_changes_nothing_where_a_pod_would_be_lost(shop: Shop, direct: Direct) -> None:
    bare: Json = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bare"},
        "spec": {
            "nodeName": "node2",
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "main", "image": IMAGE, "command": ["python", "-c", FICKLE]}],
        },
    }
    shop.apply(bare)
    code, told = direct.run("drain")
    assert (code, unschedulable(shop)) == (40, False)
    assert f"{NAMESPACE}/bare" in told
    shop.cluster.kubectl("delete", "pod", "bare", "-n", NAMESPACE)


def test_a_drain_respects_disruption_budgets_and_names_what_they_hold_back(shop: Shop, direct: Direct) -> None:
    near = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [PREFER_NODE2]}}
    shop.apply(deployment("guarded", pod={"affinity": near}), BUDGET)
    shop.cluster.kubectl("rollout", "status", "deployment/guarded", "-n", NAMESPACE, "--timeout=60s")
    shop.until("the budget to be known", lambda: "observedGeneration" in shop.read("pdb", "guarded")["status"])
    (guarded,) = shop.read("pods", "-l", "app=guarded")["items"]
    for name in ("pinned", "kept-off"):
        shop.cluster.kubectl("delete", "deployment", name, "-n", NAMESPACE, "--cascade=foreground")
    code, told = direct.run("drain", timeout=15)
    assert (code, unschedulable(shop)) == (1, True)
    assert f"disruption budgets hold back: {NAMESPACE}/{guarded['metadata']['name']}" in told
    assert shop.read("pods", "-l", "app=guarded")["items"][0]["metadata"]["uid"] == guarded["metadata"]["uid"]

    shop.cluster.kubectl("delete", "pdb", "guarded", "-n", NAMESPACE)
    code, told = direct.run("drain")
    assert (code, told) == (0, "the node is cordoned, and its pods have gone")
    shop.until("another pod to be scheduled", lambda: len(homes(shop, "guarded")) == 1)
    ((uid, home),) = homes(shop, "guarded").items()
    assert uid != guarded["metadata"]["uid"]
    assert home == "node1"


PREFER_NODE2 = {
    "weight": 100,
    "preference": {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["node2"]}]},
}
BUDGET: Json = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "guarded"},
    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "guarded"}}},
}


def test_no_job_asked_for_a_right_that_its_action_lacks(shop: Shop) -> None:
    for plan in shop.plans():
        attempts = plan.get("status", {}).get("attempts", [])
        assert not any("forbidden" in one.get("message", "").lower() for one in attempts)
