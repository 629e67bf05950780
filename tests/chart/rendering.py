"""The chart as Helm renders it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.cluster import build

Manifest = dict[str, Any]

CHART = Path(__file__).parents[2] / "charts" / "forestall"
DIGEST = f"sha256:{'a' * 64}"
NAMESPACE = "forestall-system"
ACTIONS = (
    "rollout-undo",
    "scale",
    "spread-replicas",
    "rollout-restart",
    "patch-resources",
    "patch-probe-port",
    "patch-service-port",
    "patch-selector",
)
"""Actions on what stands in a namespace: enabled unless somebody says otherwise."""
NODE_ACTIONS = ("cordon", "uncordon", "drain", "remove-taint")
"""Actions on nodes: enabled where somebody says so."""
WITH_NODES = tuple(f"actions.{name}.enabled=true" for name in NODE_ACTIONS)
"""Values that enable them."""


def helm(*args: str) -> subprocess.CompletedProcess[str]:
    """Run Helm and return what it said, whether it failed or not."""
    return subprocess.run((build.binary("helm"), *args), capture_output=True, text=True, check=False)


def attempt(*values: str, chart: Path = CHART) -> subprocess.CompletedProcess[str]:
    """Render the chart without its hooks, with `values`, each as for `--set`."""
    return _template("--include-crds", "--no-hooks", *_sets(*values), chart=chart)


def hooks(*values: str) -> list[Manifest]:
    """Return the objects of the chart's hooks, which Helm makes when their time comes."""
    done = _template(*_sets(*values))
    assert done.returncode == 0, done.stderr
    whole = [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]
    return [manifest for manifest in whole if "helm.sh/hook" in manifest["metadata"].get("annotations", {})]


def _template(*options: str, chart: Path = CHART) -> subprocess.CompletedProcess[str]:
    return helm("template", "forestall", str(chart), "--namespace", NAMESPACE, *options)


def _sets(*values: str) -> list[str]:
    return [part for value in (f"image.digest={DIGEST}", *values) for part in ("--set", value)]


def render(*values: str, chart: Path = CHART) -> list[Manifest]:
    """Return the objects of the chart, or of another one, rendered with `values`, each as for `--set`."""
    done = attempt(*values, chart=chart)
    assert done.returncode == 0, done.stderr
    return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Return the objects of a kind by name; names of several namespaces must not meet."""
    found = [manifest for manifest in manifests if manifest["kind"] == kind]
    named = {manifest["metadata"]["name"]: manifest for manifest in found}
    assert len(named) == len(found), f"several {kind} share a name"
    return named


def rules(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield every RBAC rule with the name of its role."""
    for manifest in manifests:
        if manifest["kind"] in {"Role", "ClusterRole"}:
            for rule in manifest["rules"]:
                yield manifest["metadata"]["name"], rule
