"""The chart's life on a real API server: installed, changed and removed by Helm."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.chart.rendering import CHART, DIGEST, NAMESPACE, helm
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

OURS = ("-l", "app.kubernetes.io/instance=forestall", "-o", "name", "--ignore-not-found")
KINDS = (
    "deployments,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,namespaces,"
    "validatingadmissionpolicies,validatingadmissionpolicybindings"
)
CRDS = ("get", "crd", "-o", "jsonpath={.items[?(@.spec.group=='forestall.dev')].metadata.name}")


def run(cluster: ApiTier, verb: str, *args: str) -> subprocess.CompletedProcess[str]:
    done = helm(verb, "forestall", *args, "--namespace", NAMESPACE, "--kubeconfig", str(cluster.kubeconfig))
    assert done.returncode == 0, done.stderr
    return done


def ours(cluster: ApiTier, kinds: str = KINDS) -> set[str]:
    return set(cluster.kubectl("get", kinds, "-A", *OURS).stdout.split())


OF_NAMESPACES = (
    "drain-traffic",
    "move-demand",
    "patch-probe-port",
    "patch-resources",
    "patch-selector",
    "patch-service-port",
    "re-home",
    "retune",
    "rollout-restart",
    "rollout-undo",
    "scale",
    "spread-replicas",
)
"""The runbooks that a namespace has without a word about nodes."""


@pytest.fixture
def release(cluster: ApiTier, namespace: str) -> Iterator[str]:
    """Install the chart, ready to remediate `namespace`; yield what Helm said."""
    values = ("--set", f"image.digest={DIGEST}", "--set", f"namespaces={{{namespace}}}")
    yield run(cluster, "install", str(CHART), "--create-namespace", *values).stdout
    if helm("status", "forestall", "-n", NAMESPACE, "--kubeconfig", str(cluster.kubeconfig)).returncode == 0:
        run(cluster, "uninstall", "--no-hooks")
    cluster.kubectl("delete", "namespace", NAMESPACE, "forestall-actions", "--ignore-not-found", "--timeout=180s")


def test_a_release_is_installed_changed_and_removed(cluster: ApiTier, namespace: str, release: str) -> None:
    assert "Approval: enforced in the API server" in release
    assert f"approved plans may change Deployments in {namespace}" in release
    crds = set(cluster.kubectl(*CRDS).stdout.split())
    assert len(crds) == 7
    assert ours(cluster, "runbooks") == {f"runbook.forestall.dev/{name}" for name in OF_NAMESPACES}

    run(cluster, "upgrade", str(CHART), "--reuse-values", "--set", "actions.scale.enabled=false")
    assert "runbook.forestall.dev/scale" not in ours(cluster, "runbooks")
    assert "serviceaccount/forestall-action-scale" not in ours(cluster)

    run(cluster, "uninstall", "--no-hooks")  # its Pod would wait for a node
    try:
        wait_until("the release to be gone", lambda: not ours(cluster))
    except TimeoutError as error:
        error.add_note(f"left: {', '.join(sorted(ours(cluster)))}")
        raise
    assert ours(cluster, "runbooks") == set()
    assert set(cluster.kubectl(*CRDS).stdout.split()) == crds


def test_every_change_of_the_operators_deployment_can_be_rolled_back(cluster: ApiTier, release: str) -> None:
    strategy = ("get", "deployment", "forestall", "-n", NAMESPACE, "-o", "jsonpath={.spec.strategy.type}")
    assert cluster.kubectl(*strategy).stdout == "Recreate"
    run(cluster, "upgrade", str(CHART), "--reuse-values", "--set", "ledger.persistent=false", "--set", "replicas=2")
    assert cluster.kubectl(*strategy).stdout == "RollingUpdate"
    run(cluster, "rollback", "1")
    assert cluster.kubectl(*strategy).stdout == "Recreate"


def test_every_policy_compiles(cluster: ApiTier, release: str) -> None:
    def policies() -> list[dict[str, dict[str, object]]]:
        found = cluster.kubectl("get", "validatingadmissionpolicies", *OURS[:2], "-o", "json").stdout
        items: list[dict[str, dict[str, object]]] = json.loads(found)["items"]
        return items

    def checked() -> bool:
        return all("typeChecking" in policy.get("status", {}) for policy in policies())

    wait_until("the controller to have checked the policies' types", checked)
    warnings = {policy["metadata"]["name"]: policy["status"]["typeChecking"] for policy in policies()}
    assert len(warnings) == 10
    assert all(found == {} for found in warnings.values()), warnings
