"""The stage: a real control plane, forestall as its chart installs it, and a city's network under the cluster."""

import sys
from pathlib import Path

from tools.cluster import cluster_folder, host
from tools.cluster.api_tier import ApiTier
from tools.cluster.fake_nodes import takes_pods
from tools.cluster.images import ROOT
from tools.cluster.operator import Replica
from tools.cluster.process import wait_until
from tools.demo.ground import SYSTEM, Ground
from tools.demo.narration import Narration
from tools.demo.twin.nodes import ACTION_IMAGE, DIGEST, NODES

CITY = "city"
"""Namespace of the service and of the policies, and the name of the twin and of the network."""

DOCUMENTS = "city-networks"
"""Namespace of the documents."""

EXAMPLE = ROOT / "examples" / "city"
TOPOLOGY = EXAMPLE / "topology"
NETWORK = "city.json"
"""The document of the network."""


class Stage(Ground):
    """A control plane, and operator and nodes as processes of this checkout."""

    cluster: ApiTier

    def __init__(self, narration: Narration) -> None:
        super().__init__(narration, ApiTier(cluster_folder("api")), EXAMPLE)

    def install(self) -> None:
        """Install the chart, and start what it would have nodes run."""
        self.install_chart(
            {
                "namespaces": [CITY],
                "topology": {"namespaces": [DOCUMENTS]},
                "image": {"repository": ACTION_IMAGE.partition("@")[0], "digest": DIGEST},
                "ledger": {"persistent": False},
            }
        )
        self.kubectl("scale", "deployment/forestall", "--replicas=0", "-n", SYSTEM)
        self.tell.say("no node here runs images: the operator is a process of this checkout, with the account's rights")
        replica = Replica(
            name="operator",
            namespace=SYSTEM,
            kubeconfig=self.cluster.service_account_kubeconfig(SYSTEM, "forestall"),
            image=ACTION_IMAGE,
            folder=self.cluster.folder / "operator",
            port=host.free_ports(1)[0],
        )
        replica.folder.mkdir()
        started = replica.start(self.cluster)
        wait_until("the operator to be ready", lambda: replica.ready, alive_also=[started])

    def start_nodes(self) -> None:
        """Start the nodes and wait until they take pods."""
        program = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tools.demo.twin.nodes"]
        log = self.cluster.folder / "logs" / "nodes.log"
        nodes = self.cluster.run("nodes", [*program, self.cluster.folder], log)
        wait_until("the nodes to take pods", lambda: self._taking() >= set(NODES), alive_also=[nodes])

    def _taking(self) -> set[str]:
        listed = (self.cluster.get("/api/v1/nodes") or {"items": []})["items"]
        return {node["metadata"]["name"] for node in listed if takes_pods(node)}


def prepare(stage: Stage) -> None:
    """Start the cluster, install the chart, and bring in the city without any policy."""
    stage.tell.chapter("A cluster: etcd, API server, controller-manager and scheduler, and no root")
    stage.cluster.up()
    stage.tell.chapter("forestall, as its chart installs it")
    stage.apply("namespaces.yaml")
    stage.install()
    stage.start_nodes()
    stage.tell.say(
        f"nodes {' and '.join(NODES)}: action Jobs run as processes; of other pods it is only said that they run"
    )
    settle(stage)


def settle(ground: Ground) -> None:
    """Bring in the network, the service, the people and the twin."""
    ground.tell.chapter("The city: its network, a service on top of it, and the twin of both")
    put_topology(ground, TOPOLOGY)
    ground.apply("application.yaml", "people.yaml", "twin.yaml")
    ground.await_available(CITY, "orders")


def put_topology(ground: Ground, folder: Path) -> None:
    """Apply the documents in a folder as ConfigMaps."""
    place = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    ground.kubectl("apply", "-k", str(place))
