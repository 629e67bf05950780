"""The stage: a cluster of real nodes, forestall as its chart installs it, an application, and the people."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from tools.cluster import build, cluster_folder
from tools.cluster.images import ROOT, operator_image, python_app_image
from tools.cluster.namespaces import Namespaces, network_of
from tools.cluster.node import HUB, Node
from tools.cluster.node_tier import NodeTier
from tools.cluster.oci import Image
from tools.cluster.process import State
from tools.demo.narration import Narration
from tools.demo.waiting import Stuck

SYSTEM = "forestall-system"
"""Namespace of the operator."""

SHOP = "shop"
"""Namespace of the sample application."""

UNWATCHED = "shop-unwatched"
"""Namespace that no policy looks at."""

NODE_KEPT, NODE_LOST = "node1", "node2"

PROGRAMS = Path(sys.executable).parent
"""Where the environment that this runs in keeps its programs, kubectl-forestall among them."""

EXAMPLE = ROOT / "examples" / "shop"
APPLICATION = Path(__file__).with_name("app")
IMAGE = "localhost/shop:1"


def shop_image() -> Image:
    """Return the image of the sample service and of its load."""
    files = {f"app/{name}": APPLICATION / name for name in ("shop.py", "load.py")}
    return python_app_image(IMAGE, files, ["python", "/app/shop.py"])


@dataclass(frozen=True)
class Play:
    """What is played on the stage."""

    example: Path
    """Folder of the application's files."""
    image: Image
    """Of the application."""
    namespaces: Sequence[str]
    """Those that forestall may act in."""
    folder: Path
    """Where the cluster lives."""
    values: Mapping[str, object] = field(default_factory=dict)
    """What the chart is told beside that."""


def demonstration() -> Play:
    """Return the play of the demonstration. Its cluster is the user's lasting one, to be looked at afterwards."""
    return Play(EXAMPLE, shop_image(), [SHOP], cluster_folder("node"))


class Stage:
    """The cluster and the programs that a play uses, with every command shown."""

    def __init__(self, narration: Narration, play: Play) -> None:
        self.tell = narration
        self._play = play
        narration.say("images: the operator's, from the sources as they are, and the application's")
        self.operator = operator_image()
        self.cluster = NodeTier(play.folder, [self.operator, play.image])

    def aside(self, voice: str) -> "Stage":
        """Return the same stage, told of by somebody with that name."""
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
            self.kubectl("apply", *place, "-f", str((self._play.example / name).relative_to(ROOT)))

    def apply_twin(self) -> None:
        """Apply the example's twin, with the address of this cluster's Prometheus."""
        twin = yaml.safe_load((self._play.example / "twin.yaml").read_text())
        for source in twin["spec"]["sources"]:
            if "prometheus" in source:
                source["prometheus"]["url"] = self.cluster.prometheus_in_cluster_url
        self.tell.say(f"twin.yaml, with {self.cluster.prometheus_in_cluster_url} for its Prometheus:")
        self.kubectl("apply", "-f", "-", manifest=json.dumps(twin))

    def await_available(self, namespace: str, *deployments: str) -> None:
        """Wait until the Deployments have all the replicas they want."""
        for name in deployments:
            self.kubectl("rollout", "status", f"deployment/{name}", "-n", namespace, "--timeout=180s")

    def install(self) -> None:
        """Install the chart by Helm and wait until the operator is ready."""
        command = ["helm", "install", "forestall", "charts/forestall", "--namespace", SYSTEM, "--create-namespace"]
        self.tell.command(f"{' '.join(command)} --values - --wait")
        done = self._helm([*command[1:], "--values", "-", "--wait", "--timeout", "5m"], json.dumps(self._values()))
        if done.returncode:
            raise Stuck(f"helm install failed: {done.stderr}")
        self.tell.say(f"the operator runs as {self.operator.by_digest}")

    def forestall(self, kubeconfig: Path, namespace: str, *args: str) -> subprocess.CompletedProcess[str]:
        """Run the command line of forestall with somebody's kubeconfig."""
        place = ["--kubeconfig", str(kubeconfig), "--namespace", namespace]
        command = [str(PROGRAMS / "kubectl-forestall"), *args, *place]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def network(self) -> AbstractContextManager[None]:
        """Return what puts the calling thread into the network of the node that is kept."""
        node = Node(HUB, self.cluster.folder)
        return network_of(Namespaces(node, State(self.cluster.folder), {}).pid)

    def pods(self, namespace: str, selector: str) -> list[dict[str, Any]]:
        """Return the pods that a label selector finds and that are not about to end."""
        found = self.cluster.get(f"/api/v1/namespaces/{namespace}/pods?labelSelector={quote(selector)}") or {}
        return [pod for pod in found.get("items", ()) if "deletionTimestamp" not in pod["metadata"]]

    def nodes_of(self, namespace: str, app: str) -> str:
        """Return the names of the nodes that an application's pods run on, for people."""
        nodes = {pod["spec"].get("nodeName", "no node") for pod in self.pods(namespace, f"app={app}")}
        return " and ".join(sorted(nodes))

    def address(self, namespace: str, service: str) -> tuple[str, int]:
        """Return address and port of a Service."""
        spec = json.loads(self.cluster.kubectl("get", "service", service, "-n", namespace, "-o", "json").stdout)["spec"]
        return spec["clusterIP"], spec["ports"][0]["port"]

    def _values(self) -> dict[str, object]:
        repository, digest = self.operator.by_digest.split("@")
        return {
            **self._play.values,
            "namespaces": list(self._play.namespaces),
            "image": {"repository": repository, "tag": self.operator.name.rpartition(":")[2], "digest": digest},
            # Not on the node that will be lost: that forestall itself survives is another story.
            "nodeSelector": {"kubernetes.io/hostname": NODE_KEPT},
            # Nothing provisions volumes here.
            "ledger": {"persistent": False},
        }

    def _helm(self, args: Sequence[str], values: str) -> subprocess.CompletedProcess[str]:
        # A home of its own: the person's repositories and caches are neither read nor written.
        home = str(self.cluster.folder / "home")
        environment = {**os.environ, "HOME": home, "KUBECONFIG": str(self.cluster.kubeconfig)}
        return subprocess.run(
            [str(build.binary("helm")), *args],
            cwd=ROOT,
            env=environment,
            input=values,
            capture_output=True,
            text=True,
            check=False,
        )


def prepare(stage: Stage) -> None:
    """Start the cluster, install the chart, and bring in the shop without any policy."""
    stage.tell.chapter("A cluster: two real nodes, kube-proxy, Prometheus")
    stage.cluster.up()
    stage.tell.chapter("forestall, as its chart installs it")
    stage.apply("namespace.yaml")
    stage.install()
    stage.tell.chapter("The shop, its people, the twin and the policies")
    stage.apply("application.yaml", "unwatched.yaml", "people.yaml")
    stage.await_available(SHOP, "web", "checkout", "catalog", "orders")
    stage.await_available(UNWATCHED, "orders-alone")
    stage.apply_twin()
