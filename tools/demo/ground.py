"""The ground that a demonstration stands on: a cluster, files of an example, and every command shown."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from tools.cluster import build
from tools.cluster.certified import Certified
from tools.cluster.images import ROOT
from tools.demo.narration import Narration
from tools.demo.waiting import Stuck

SYSTEM = "forestall-system"
"""Namespace of the operator."""

PROGRAMS = Path(sys.executable).parent
"""Where the environment that this runs in keeps its programs, kubectl-forestall among them."""


class Ground:
    """A cluster, and an example whose files are applied to it."""

    cluster: Certified

    def __init__(self, narration: Narration, cluster: Certified, example: Path) -> None:
        self.tell, self.cluster, self.example = narration, cluster, example

    def aside(self, voice: str) -> Self:
        """Return the same ground, told of by somebody with that name."""
        other = copy(self)
        other.tell = self.tell.aside(voice)
        return other

    def kubectl(self, *args: str, manifest: str | None = None) -> str:
        """Run kubectl as the administrator and return its output. Raises Stuck, with its words, if it fails."""
        self.tell.command(f"kubectl {' '.join(args)}")
        done = self.cluster.kubectl(*args, input=manifest, check=False)
        if done.returncode:
            raise Stuck(f"kubectl {' '.join(args)} failed: {done.stderr}")
        return done.stdout

    def apply(self, *names: str, namespace: str | None = None) -> None:
        """Apply files of the example, to that namespace where they name none."""
        place = ("-n", namespace) if namespace else ()
        for name in names:
            self.kubectl("apply", *place, "-f", str((self.example / name).relative_to(ROOT)))

    def await_available(self, namespace: str, *deployments: str) -> None:
        """Wait until the Deployments have all the replicas they want."""
        for name in deployments:
            self.kubectl("rollout", "status", f"deployment/{name}", "-n", namespace, "--timeout=180s")

    def install_chart(self, values: Mapping[str, object], *options: str) -> None:
        """Install the chart by Helm. Raises Stuck, with its words, if it fails."""
        command = ["install", "forestall", "charts/forestall", "--namespace", SYSTEM, "--create-namespace"]
        command += ["--values", "-", *options]
        self.tell.command(f"helm {' '.join(command)}")
        # A home of its own: the person's repositories and caches are neither read nor written.
        home = str(self.cluster.folder / "home")
        done = subprocess.run(
            [str(build.binary("helm")), *command],
            cwd=ROOT,
            env={**os.environ, "HOME": home, "KUBECONFIG": str(self.cluster.kubeconfig)},
            input=json.dumps(values),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Stuck(f"helm install failed: {done.stderr}")

    def forestall(self, kubeconfig: Path, namespace: str, *args: str) -> subprocess.CompletedProcess[str]:
        """Run the command line of forestall with somebody's kubeconfig."""
        return run_forestall(*args, "--kubeconfig", str(kubeconfig), "--namespace", namespace)

    def pods(self, namespace: str, selector: str) -> list[dict[str, Any]]:
        """Return the pods that a label selector finds and that are not about to end."""
        found = self.cluster.get(f"/api/v1/namespaces/{namespace}/pods?labelSelector={quote(selector)}") or {}
        return [pod for pod in found.get("items", ()) if "deletionTimestamp" not in pod["metadata"]]

    def nodes_of(self, namespace: str, app: str) -> str:
        """Return the names of the nodes that an application's pods run on, for people."""
        nodes = {pod["spec"].get("nodeName", "no node") for pod in self.pods(namespace, f"app={app}")}
        return " and ".join(sorted(nodes))


def run_forestall(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the command line of forestall."""
    command = [str(PROGRAMS / "kubectl-forestall"), *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)
