"""The stage: a cluster of real nodes, forestall as its chart installs it, an application, and the people."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tools.cluster import cluster_folder
from tools.cluster.images import ROOT, operator_image, python_app_image
from tools.cluster.namespaces import Namespaces, network_of
from tools.cluster.node import HUB, Node
from tools.cluster.node_tier import NodeTier
from tools.cluster.oci import Image
from tools.cluster.process import State
from tools.demo.ground import Ground
from tools.demo.narration import Narration

SHOP = "shop"
"""Namespace of the sample application."""

UNWATCHED = "shop-unwatched"
"""Namespace that no policy looks at."""

NODE_KEPT, NODE_LOST = "node1", "node2"

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


class Stage(Ground):
    """A cluster of real nodes and the programs that a play uses, with every command shown."""

    cluster: NodeTier

    def __init__(self, narration: Narration, play: Play) -> None:
        narration.say("images: the operator's, from the sources as they are, and the application's")
        self.operator = operator_image()
        self._play = play
        super().__init__(narration, NodeTier(play.folder, [self.operator, play.image]), play.example)

    def apply_twin(self) -> None:
        """Apply the example's twin, with the address of this cluster's Prometheus."""
        twin = yaml.safe_load((self.example / "twin.yaml").read_text())
        for source in twin["spec"]["sources"]:
            if "prometheus" in source:
                source["prometheus"]["url"] = self.cluster.prometheus_in_cluster_url
        self.tell.say(f"twin.yaml, with {self.cluster.prometheus_in_cluster_url} for its Prometheus:")
        self.kubectl("apply", "-f", "-", manifest=json.dumps(twin))

    def install(self) -> None:
        """Install the chart by Helm and wait until the operator is ready."""
        self.install_chart(self._values(), "--wait", "--timeout", "5m")
        self.tell.say(f"the operator runs as {self.operator.by_digest}")

    def network(self) -> AbstractContextManager[None]:
        """Return what puts the calling thread into the network of the node that is kept."""
        node = Node(HUB, self.cluster.folder)
        return network_of(Namespaces(node, State(self.cluster.folder), {}).pid)

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
