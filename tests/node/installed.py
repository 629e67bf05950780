"""The chart, installed by Helm on real nodes, and a person who decides on the plans of one namespace."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from forestall.ports import Json
from tests.chart.rendering import CHART
from tools.cluster import build
from tools.cluster.node_tier import NodeTier
from tools.cluster.oci import Image
from tools.cluster.process import wait_until

SYSTEM, ACTIONS = "forestall-system", "forestall-actions"
ENDED = frozenset(("Succeeded", "Failed", "Stale", "Expired", "Cancelled", "RolledBack", "Escalated", "Superseded"))


def helm(cluster: NodeTier, *args: str, values: object = None) -> None:
    """Run Helm in the operator's namespace; `values` are given as a file."""
    home = str(cluster.folder / "home")
    done = subprocess.run(
        [str(build.binary("helm")), *args, "--namespace", SYSTEM],
        env={**os.environ, "HOME": home, "KUBECONFIG": str(cluster.kubeconfig)},
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stderr}\n{_operator(cluster)}"


def _operator(cluster: NodeTier) -> str:
    """How the operator's Pods are, and what they said last."""
    pods = cluster.kubectl("get", "pods", "-n", SYSTEM, "-o", "wide", check=False).stdout
    chosen = ("-n", SYSTEM, "-l", "app.kubernetes.io/name=forestall")
    return pods + cluster.kubectl("logs", *chosen, "--prefix", "--tail=20", check=False).stdout


@contextmanager
def installed(cluster: NodeTier, operator: Image, namespace: str, values: Mapping[str, object]) -> Iterator["Shop"]:
    """The chart with the operator on node1, a namespace that it may remediate, and Alice, who may approve anything."""
    repository, digest = operator.by_digest.split("@")
    own = {
        "namespaces": [namespace],
        "image": {"repository": repository, "tag": "dev", "digest": digest},
        "nodeSelector": {"kubernetes.io/hostname": "node1"},
        "ledger": {"persistent": False},  # nothing provisions volumes here
    }
    cluster.kubectl("create", "namespace", namespace)
    install = ("install", "forestall", str(CHART), "--create-namespace", "--values", "-", "--wait", "--timeout", "3m")
    helm(cluster, *install, values={**own, **values})
    grant = ("create", "rolebinding", "alice", "--clusterrole=forestall-approve-high", "--user=alice", "-n", namespace)
    cluster.kubectl(*grant)
    yield Shop(cluster, namespace)
    helm(cluster, "uninstall", "forestall", "--wait", "--timeout", "3m")
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")


class Shop:
    """The namespace, through the eyes of an administrator and of Alice."""

    def __init__(self, cluster: NodeTier, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace

    def apply(self, *bodies: Json) -> None:
        """Apply objects; those without a namespace of their own to this one."""
        for body in bodies:
            place = body["metadata"].get("namespace", self.namespace)
            self.cluster.kubectl("apply", "-n", place, "-f", "-", input=json.dumps(body))

    def read(self, *what: str) -> Any:
        """Objects of the namespace."""
        return json.loads(self.cluster.kubectl("get", "-n", self.namespace, *what, "-o", "json").stdout)

    def plans(self) -> list[Json]:
        """All plans."""
        items: list[Json] = self.read("plans")["items"]
        return items

    def pending(self, runbook: str, finding: str) -> Json:
        """The plan with that runbook for a finding about the object `finding`, once it waits for a person."""
        found: list[Json] = []

        def waits() -> bool:
            about = {one["metadata"]["name"] for one in self._findings(finding)}
            found[:] = [one for one in self.plans() if _is(one, runbook, "PendingApproval") and _answers(one, about)]
            return bool(found)

        self.until(f"a plan with {runbook} for {finding}", waits)
        return found[0]

    def approve(self, plan: Json) -> None:
        """Alice approves by plain kubectl."""
        name, digest = plan["metadata"]["name"], plan["status"]["planDigest"]
        decision = (f"forestall.dev/approve={digest}", "forestall.dev/approved-by=alice")
        self.cluster.kubectl("annotate", "plan", name, "-n", self.namespace, *decision, user="alice")

    def end_of(self, plan: Json) -> Json:
        """The plan once it has ended."""
        name, last = plan["metadata"]["name"], [plan]

        def has_ended() -> bool:
            last[0] = self.read("plan", name)
            return last[0]["status"]["phase"] in ENDED

        self.until(f"the end of {name}", has_ended)
        return last[0]

    def until(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait; say what the findings and plans are if it is in vain."""
        try:
            wait_until(what, condition, interval=0.5)
        except TimeoutError as error:
            for kind in ("findings", "plans", "events"):
                error.add_note(self.cluster.kubectl("get", kind, "-n", self.namespace, "-o", "wide").stdout)
            raise

    def _findings(self, about: str) -> list[Json]:
        items: list[Json] = self.read("findings")["items"]
        return [one for one in items if one["spec"]["resource"]["name"] == about]


def _is(plan: Json, runbook: str, phase: str) -> bool:
    found = (plan["spec"]["runbookRef"]["name"], plan.get("status", {}).get("phase"))
    return found == (runbook, phase)


def _answers(plan: Json, findings: set[str]) -> bool:
    return plan["spec"]["findingRef"]["name"] in findings
