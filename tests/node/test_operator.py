"""The operator as a pod from its chart, under its real rights, with action Jobs in real pods."""

import json
import os
import subprocess
from collections.abc import Iterator

import pytest
import yaml

from tests.chart.rendering import CHART
from tools.cluster import build
from tools.cluster.node_tier import NodeTier
from tools.cluster.oci import Image
from tools.cluster.pki import Pki
from tools.cluster.process import wait_until

pytestmark = pytest.mark.node

SYSTEM, SHOP, TOKEN = "forestall-system", "shop", "known-to-both"
POLICIES = """
apiVersion: forestall.dev/v1alpha1
kind: NetworkTwin
metadata: {name: cluster}
spec:
  sources:
    - {name: kubernetes, kubernetes: {}}
---
apiVersion: forestall.dev/v1alpha1
kind: InspectionPolicy
metadata: {name: shop, namespace: shop}
spec:
  twinRef: {name: cluster}
  goals: [{name: web, available: {service: web, minReady: 1}}]
  inspections:
    - {name: images, workload: {checks: [ImagePull]}}
    - name: slow
      alert:
        matchers: [{label: alertname, values: [Slow]}]
        target: {kind: Deployment, nameLabel: deployment}
    - {name: hosts, singlePointOfFailure: {}}
  responses:
    - {name: undo, match: {types: [ImagePull]}, mode: Open, ladder: [{runbook: rollout-undo}]}
    - {name: spread, match: {types: [SinglePointOfFailure]}, mode: Open, ladder: [{runbook: spread-replicas}]}
  execution: {soak: 2s}
  schedule: {interval: 2s}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: alice, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: forestall-approve-high}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: alice}]
"""
WEB = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      affinity:
        nodeAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              preference: {matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node2]}]}
      containers:
        - name: web
          image: localhost/sample:1
          env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
          readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
"""


TELL = """
import json, socket, ssl, sys
alert = {"status": sys.argv[1], "fingerprint": "ab", "startsAt": "2030-01-01T00:00:00Z"}
alert["labels"] = {"alertname": "Slow", "namespace": "shop", "deployment": "web"}
body = json.dumps({"version": "4", "alerts": [alert]}).encode()
trusted = ssl.create_default_context(cadata=sys.argv[2])
name = "forestall-alerts.forestall-system.svc"
head = f"POST /alerts HTTP/1.1\\r\\nHost: {name}\\r\\nAuthorization: Bearer {sys.argv[3]}\\r\\nConnection: close\\r\\n"
head += f"Content-Length: {len(body)}\\r\\n\\r\\n"
with trusted.wrap_socket(socket.create_connection((sys.argv[4], 9443), 10), server_hostname=name) as link:
    link.sendall(head.encode() + body)
    print(link.recv(12).decode())
"""
"""What Alertmanager sends, from a pod: state, trusted certificate, token and address of the Service are given."""


def helm(cluster: NodeTier, *args: str, values: object = None) -> None:
    home = str(cluster.folder / "home")
    done = subprocess.run(
        [str(build.binary("helm")), *args, "--namespace", SYSTEM],
        env={**os.environ, "HOME": home, "KUBECONFIG": str(cluster.kubeconfig)},
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def output(cluster: NodeTier, *args: str) -> str:
    return cluster.kubectl(*args, check=False).stdout.strip()


@pytest.fixture(scope="module")
def shop(node_cluster: NodeTier, operator: Image) -> Iterator[NodeTier]:
    """The chart, installed by Helm, and an application that it may remediate."""
    repository, digest = operator.by_digest.split("@")
    values = {
        "namespaces": [SHOP],
        "image": {"repository": repository, "tag": "dev", "digest": digest},
        "nodeSelector": {"kubernetes.io/hostname": "node1"},
        "ledger": {"persistent": False},  # nothing provisions volumes here
        "alerts": {"tokenSecret": "alerts-token", "tlsSecret": "alerts-tls"},
    }
    node_cluster.kubectl("create", "namespace", SHOP)
    node_cluster.kubectl("create", "namespace", SYSTEM, check=False)  # an earlier installation may have left it
    node_cluster.kubectl("create", "secret", "generic", "alerts-token", "-n", SYSTEM, f"--from-literal=token={TOKEN}")
    made = Pki(node_cluster.folder / "alerts").issue(
        "tls", "forestall-alerts", sans=(f"forestall-alerts.{SYSTEM}.svc",)
    )
    files = (f"--cert={made.cert}", f"--key={made.key}")
    node_cluster.kubectl("create", "secret", "tls", "alerts-tls", "-n", SYSTEM, *files)
    install = ("install", "forestall", str(CHART), "--create-namespace", "--values", "-", "--wait", "--timeout", "3m")
    helm(node_cluster, *install, values=values)
    node_cluster.kubectl("apply", "-f", "-", input=WEB)
    node_cluster.kubectl("rollout", "status", "deployment/web", "-n", SHOP, "--timeout=120s")
    node_cluster.kubectl("apply", "-f", "-", input=POLICIES)
    yield node_cluster
    helm(node_cluster, "uninstall", "forestall", "--wait", "--timeout", "3m")
    kinds = "all,validatingadmissionpolicies,clusterroles"
    ours = ("get", kinds, "-A", "-o", "name", "-l", "app.kubernetes.io/name=forestall")
    try:
        # Helm does not wait for what goes with what it has deleted: a Deployment's ReplicaSets.
        wait_until("the release to be gone", lambda: output(node_cluster, *ours) == "")
    except TimeoutError as error:
        error.add_note(f"left: {output(node_cluster, *ours)}")
        raise
    assert "remediationplans.forestall.dev" in output(node_cluster, "get", "crds", "-o", "name")
    node_cluster.kubectl("delete", "namespace", SHOP, "--wait=false")


def plan_for(cluster: NodeTier, runbook: str) -> dict[str, object]:
    """The plan with that runbook, once it waits for a person."""
    found: list[dict[str, object]] = []

    def pending() -> bool:
        items = json.loads(output(cluster, "get", "plans", "-n", SHOP, "-o", "json"))["items"]
        found[:] = [
            item
            for item in items
            if item["spec"]["runbookRef"]["name"] == runbook
            and item.get("status", {}).get("phase") == "PendingApproval"
        ]
        return bool(found)

    wait_until(f"a plan with {runbook}", pending)
    return found[0]


def approve(cluster: NodeTier, plan: dict[str, object]) -> str:
    """Alice approves by plain kubectl; the plan's phase when it has ended."""
    body = json.loads(json.dumps(plan))
    name, digest = body["metadata"]["name"], body["status"]["planDigest"]
    decision = (f"forestall.dev/approve={digest}", "forestall.dev/approved-by=alice")
    cluster.kubectl("annotate", "plan", name, "-n", SHOP, *decision, user="alice")
    phase = ("get", "plan", name, "-n", SHOP, "-o", "jsonpath={.status.phase}")
    ended = {"Succeeded", "Failed", "Stale", "Expired", "Cancelled"}
    wait_until(f"the end of {name}", lambda: output(cluster, *phase) in ended)
    return output(cluster, *phase)


def test_a_single_point_of_failure_is_removed_before_it_bites(shop: NodeTier) -> None:
    plan = plan_for(shop, "spread-replicas")
    assert approve(shop, plan) == "Succeeded", output(shop, "get", "plans", "-n", SHOP, "-o", "yaml")
    pods = yaml.safe_load(output(shop, "get", "pods", "-n", SHOP, "-l", "app=web", "-o", "yaml"))["items"]
    running = [pod["spec"]["nodeName"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    assert sorted(running) == ["node1", "node2"]


def test_a_bad_image_is_undone_by_a_job_with_the_rights_of_its_action_alone(shop: NodeTier) -> None:
    shop.kubectl("set", "image", "deployment/web", "web=localhost/absent:1", "-n", SHOP)
    plan = plan_for(shop, "rollout-undo")
    assert approve(shop, plan) == "Succeeded", output(shop, "get", "plans", "-n", SHOP, "-o", "yaml")
    image = output(shop, "get", "deployment", "web", "-n", SHOP, "-o", "jsonpath={..image}")
    assert image == "localhost/sample:1"
    jobs = json.loads(output(shop, "get", "jobs", "-n", "forestall-actions", "-o", "json"))["items"]
    accounts = {job["spec"]["template"]["spec"]["serviceAccountName"] for job in jobs}
    assert "forestall-action-rollout-undo" in accounts


def test_the_ledger_is_read_in_the_operators_pod_and_holds_what_was_done(shop: NodeTier) -> None:
    program = ("python", "-c", "from forestall.cli import app; app()", "ledger")
    in_pod = ("exec", "-n", SYSTEM, "deployment/forestall", "--", *program)
    ended = '"phase":"Succeeded"'
    wait_until("both plans on record", lambda: output(shop, *in_pod, "export").count(ended) == 2)
    assert "rows hold" in output(shop, *in_pod, "verify")


def test_alerts_come_in_by_the_service_over_tls_and_with_the_token_only(shop: NodeTier) -> None:
    address = output(shop, "get", "service", "forestall-alerts", "-n", SYSTEM, "-o", "jsonpath={.spec.clusterIP}")
    trusted = Pki(shop.folder / "alerts").ca().read_text()

    def tell(state: str, token: str) -> str:
        in_pod = ("exec", "-n", SHOP, "deployment/web", "--", "python", "-c", TELL)
        return shop.kubectl(*in_pod, state, trusted, token, address).stdout.strip()

    def states() -> str:
        found = json.loads(output(shop, "get", "findings", "-n", SHOP, "-o", "json"))["items"]
        # A finding is created first, and has its status then.
        alerts = (one.get("status", {}) for one in found if one["spec"]["type"] == "Alert")
        return " ".join(status.get("state", "") for status in alerts)

    assert tell("firing", "guessed") == "HTTP/1.1 401"
    assert states() == ""
    assert tell("firing", TOKEN) == "HTTP/1.1 200"
    wait_until("the finding", lambda: states() == "Open")
    assert tell("resolved", TOKEN) == "HTTP/1.1 200"
    wait_until("the finding to be cleared", lambda: states() == "Cleared")


def test_the_operator_neither_restarts_nor_asks_for_rights_that_it_lacks(shop: NodeTier) -> None:
    pod = json.loads(output(shop, "get", "pods", "-n", SYSTEM, "-o", "json"))["items"][0]
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 0
    logs = output(shop, "logs", "-n", SYSTEM, pod["metadata"]["name"])
    assert "Forbidden" not in logs
    assert "Traceback" not in logs
