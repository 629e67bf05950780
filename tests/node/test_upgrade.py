"""The chart's life with plans in flight, from the previous version on: upgraded, rolled back, upgraded, removed."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from forestall.api.remediationplan import HOLD
from forestall.ports import Json
from tests.chart.rendering import CHART
from tests.node.installed import ACTIONS, Shop, helm
from tools.cluster.node_tier import NodeTier
from tools.cluster.oci import Image

pytestmark = pytest.mark.node

NAMESPACE = "upgraded"
LONG, ENDLESS = 15, 120
"""Seconds that a rollout takes, and so an action Job: time for an upgrade in its midst; more than a removal takes."""
FORESTALL = {"apiVersion": "forestall.dev/v1alpha1"}
TWIN = {
    **FORESTALL,
    "kind": "NetworkTwin",
    "metadata": {"name": "cluster"},
    "spec": {"sources": [{"name": "objects", "kubernetes": {}}]},
}
POLICY = {
    **FORESTALL,
    "kind": "InspectionPolicy",
    "metadata": {"name": "shop"},
    "spec": {
        "twinRef": {"name": "cluster"},
        "goals": [{"name": "web", "available": {"service": "web", "minReady": 1}}],
        "inspections": [{"name": "images", "workload": {"checks": ["ImagePull"]}}],
        "responses": [
            {"name": "undo", "match": {"types": ["ImagePull"]}, "mode": "Open", "ladder": [{"runbook": "rollout-undo"}]}
        ],
        "execution": {"soak": "1s"},
        "schedule": {"interval": "2s"},
    },
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
}


def web(image: str, seconds: int = 0) -> Json:
    """The application, and how long a rollout of it takes: no pod of an earlier template is left to fall back on."""
    container = {
        "name": "web",
        "image": image,
        "env": [{"name": "NODE", "value": "any"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
    }
    labels = {"app": "web"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 1,
            "minReadySeconds": seconds,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
            },
        },
    }


class Release(Shop):
    """The release, and the namespace that it may remediate."""

    def __init__(self, cluster: NodeTier) -> None:
        super().__init__(cluster, NAMESPACE)

    def deploy(self, verb: str, chart: Path, image: Image) -> None:
        """Install or upgrade, and return when the operator is ready."""
        repository, digest = image.by_digest.split("@")
        values: Json = {
            "namespaces": [self.namespace],
            "image": {"repository": repository, "tag": image.name.rpartition(":")[2], "digest": digest},
            "nodeSelector": {"kubernetes.io/hostname": "node1"},
        }
        if (chart / "templates" / "ledger.yaml").exists():
            values["ledger"] = {"persistent": False}  # nothing provisions volumes here
        own = "--create-namespace" if verb == "install" else "--reset-then-reuse-values"
        more = (own, "--values", "-", "--wait", "--timeout", "3m")
        helm(self.cluster, verb, "forestall", str(chart), *more, values=values)

    def executing(self) -> Json:
        """The plan whose Job runs, once what waited has been approved.

        What another version rendered may end, as its content would be another one now; a fresh plan follows.
        """
        found: list[Json] = []

        def runs() -> bool:
            found[:] = [one for one in self.plans() if any(job["status"].get("active") for job in self.jobs(one))]
            for plan in self.plans():
                if phase(plan) == "PendingApproval" and "annotations" not in plan["metadata"]:
                    self.approve(plan)
            return bool(found)

        self.until("a Job to run", runs)
        return found[0]

    def jobs(self, plan: Json) -> list[Json]:
        """The plan's action Jobs."""
        label = f"forestall.dev/plan-uid={plan['metadata']['uid']}"
        found = self.cluster.kubectl("get", "jobs", "-n", ACTIONS, "-l", label, "-o", "json").stdout
        items: list[Json] = json.loads(found)["items"]
        return items

    def break_it(self, seconds: int) -> None:
        """Roll out an image that cannot be had; to undo that takes so long."""
        self.apply(web(f"localhost/absent:{seconds}", seconds))


@pytest.fixture(scope="module")
def release(node_cluster: NodeTier, previous_version: Path, previous_operator: Image) -> Iterator[Release]:
    """The previous version, installed where nothing of forestall's was, with an application that works."""
    crds = str(CHART / "crds")
    node_cluster.kubectl("delete", "-f", crds, "--ignore-not-found", "--timeout=120s")
    node_cluster.kubectl("create", "namespace", NAMESPACE)
    shop = Release(node_cluster)
    shop.deploy("install", previous_version / "charts" / "forestall", previous_operator)
    grant = ("create", "rolebinding", "alice", "--clusterrole=forestall-approve-high", "--user=alice", "-n", NAMESPACE)
    node_cluster.kubectl(*grant)
    shop.apply(web("localhost/sample:1"), SERVICE, POLICY)
    node_cluster.kubectl("apply", "-f", "-", input=json.dumps(TWIN))
    node_cluster.kubectl("rollout", "status", "deployment/web", "-n", NAMESPACE, "--timeout=120s")
    yield shop
    helm(node_cluster, "uninstall", "forestall", "--ignore-not-found", "--wait", "--timeout", "3m")
    node_cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", crds)
    node_cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_plans_in_flight_reach_their_end_over_upgrade_rollback_and_removal(
    release: Release, previous_version: Path, operator: Image
) -> None:
    release.break_it(LONG)
    first = release.pending("rollout-undo", "web")

    # Upgraded while a plan waits for a person.
    release.cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CHART / "crds"))
    release.deploy("upgrade", CHART, operator)
    assert phase(release.read("plan", first["metadata"]["name"])) in {"PendingApproval", "Superseded"}

    # Rolled back; approved there, and upgraded again while its Job runs.
    helm(release.cluster, "rollback", "forestall", "1", "--wait", "--timeout", "3m")
    plan = release.executing()
    release.deploy("upgrade", CHART, operator)
    ended = release.end_of(plan)
    assert phase(ended) == "Succeeded", ended["status"]
    ran = [one for one in release.plans() if one.get("status", {}).get("attempts")]
    assert [one["metadata"]["uid"] for one in ran] == [plan["metadata"]["uid"]]
    assert len(release.jobs(plan)) == len(ended["status"]["attempts"]) == 1

    # Removed while a Job runs.
    release.break_it(ENDLESS)
    last = release.executing()
    assert HOLD in release.read("plan", last["metadata"]["name"])["metadata"]["finalizers"]
    assert removed_while_watched(release, last) == [True]
    left = release.read("plan", last["metadata"]["name"])
    assert (phase(left), left["metadata"].get("finalizers", [])) == ("Executing", [])
    assert everything_can_be_deleted(release)


def phase(plan: Json) -> str:
    """Where a plan stands; empty before it has a status."""
    return str(plan.get("status", {}).get("phase", ""))


def removed_while_watched(release: Release, plan: Json) -> list[bool]:
    """Uninstall; whether the plan's Job was suspended before it went with its namespace."""
    suspended: list[bool] = []

    def seen() -> bool:
        suspended.extend([True] if any(one["spec"].get("suspend") for one in release.jobs(plan)) else [])
        return bool(suspended)

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(helm, release.cluster, "uninstall", "forestall", "--wait", "--timeout", "3m")
        release.until("the Job to be suspended", seen)
        going.result()
    return suspended


def everything_can_be_deleted(release: Release) -> bool:
    """Delete every object of forestall's with nobody there to help; the resources themselves have stayed."""
    crds = release.cluster.kubectl("get", "-f", str(CHART / "crds"), "-o", "json").stdout
    for crd in json.loads(crds)["items"]:
        name = crd["metadata"]["name"]
        release.cluster.kubectl("delete", name, "--all", "--all-namespaces", "--timeout=60s")
    pauses = release.cluster.kubectl("get", "remediationpauses", "--all-namespaces", "-o", "name").stdout
    return pauses == ""
