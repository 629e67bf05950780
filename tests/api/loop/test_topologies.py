"""Networks from documents in ConfigMaps: read where they may be, kept when they are broken, gone when deleted."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import CONFIG_MAPS, TWINS
from forestall.twin.formats.documents import export
from tests.api.loop.objects import Json
from tests.api.loop.process import WAIT
from tests.api.loop.world import World, apply
from tests.api.person import expect
from tests.chart.rendering import render
from tests.unit.twin.networks import platform, ring
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

RING = export(ring(), "rfc8345")


class Networks:
    """A namespace of documents, and a twin that reads them."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name

    def open(self, *, readable: bool = True) -> None:
        """Make the namespace and the twin, with the rights that the chart gives for it or without."""
        place = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}}
        chart = render(f"topology.namespaces={{{self.name}}}") if readable else []
        rights = [one for one in chart if one["metadata"]["name"] == "forestall-topology"]
        sources = [{"name": "objects", "kubernetes": {}}, {"name": "nets", "topology": {"namespaces": [self.name]}}]
        kind = {"apiVersion": "forestall.dev/v1alpha1", "kind": "NetworkTwin", "metadata": {"name": self.name}}
        apply(self.world.cluster, [place, *rights, {**kind, "spec": {"sources": sources, "refresh": "1s"}}])

    def put(self, text: str, name: str = "ring", *, label: str = "true") -> None:
        """Apply a ConfigMap with one document."""
        metadata = {"name": name, "labels": {"forestall.dev/topology": label}}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {f"{name}.json": text}}
        expect(self.world.admin.apply(path_of(CONFIG_MAPS, self.name, name), body), None)

    def delete(self, name: str) -> None:
        """Delete a ConfigMap."""
        expect(self.world.admin.send("DELETE", path_of(CONFIG_MAPS, self.name, name)), None)

    def close(self) -> None:
        """Delete twin and namespace."""
        self.world.cluster.kubectl("delete", "networktwin", self.name)
        self.world.cluster.kubectl("delete", "namespace", self.name, "--wait=false")

    @property
    def status(self) -> Json:
        """The twin's status now."""
        found: Json = self.world.read(TWINS, self.name).get("status", {})
        return found

    def condition(self, kind: str) -> Json:
        """A condition of the twin; an empty one where it is missing."""
        return next((one for one in self.status.get("conditions", ()) if one["type"] == kind), {})

    def message(self) -> str:
        """What the twin says of its documents."""
        return str(self.condition("TopologyReadable").get("message", ""))

    def layers(self) -> dict[str, Any]:
        """Elements by layer."""
        return {one["layer"]: one["elements"] for one in self.status.get("layers", ())}

    def until(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait for a condition; where it does not come, say how the twin stands."""
        try:
            wait_until(what, condition, timeout=WAIT, interval=0.1)
        except TimeoutError as error:
            error.add_note(str(self.status))
            raise


@pytest.fixture
def networks(world: World) -> Iterator[Networks]:
    world.operator.start()
    made = Networks(world, f"nets-{uuid4().hex[:8]}")
    yield made
    made.close()


def test_documents_come_stay_when_broken_and_go(networks: Networks) -> None:
    networks.open()
    networks.until("a twin without documents", lambda: "has no document" in networks.message())

    networks.put(RING)
    networks.put(export(platform({"runner-1": "a", "runner-2": "c"}), "rfc8345"), "cluster")
    networks.put("passwords", "secret", label="no")
    networks.until("both documents", lambda: source(networks).get("documents") == 2)
    networks.until("them to be readable", lambda: networks.condition("TopologyReadable").get("status") == "True")
    found = source(networks)
    assert (found["fresh"], found["coverage"], found["completeness"]) == (True, "1.0000", "1.0000")

    networks.put(RING[:200])
    networks.until("the broken one", lambda: networks.condition("TopologyReadable").get("status") == "False")
    assert networks.message().startswith(f"ConfigMap {networks.name}/ring, key ring.json: ")
    assert networks.message().endswith("stays in force")
    assert source(networks)["documents"] == 2
    assert networks.condition("Ready")["status"] == "True"

    networks.put(RING)
    networks.until("it to be mended", lambda: networks.condition("TopologyReadable").get("status") == "True")
    networks.delete("ring")
    networks.until("it to be gone", lambda: source(networks).get("documents") == 1)
    assert source(networks)["completeness"] == "0.0000"


def test_layers_are_counted_and_a_node_of_the_cluster_once(networks: Networks) -> None:
    networks.world.cluster.kubectl("create", "namespace", networks.name)
    networks.put(RING)
    networks.put(export(platform({"runner-1": "a", "runner-2": "c"}), "rfc8345"), "cluster")
    networks.open()
    networks.until("the layers", lambda: networks.layers().get("ip") == 12)
    assert networks.layers()["platform"] >= 2
    nodes = networks.world.cluster.kubectl("get", "nodes", "-o", "name").stdout.split()
    assert networks.layers()["platform"] == len(nodes)


def test_a_namespace_that_may_not_be_read_is_told_with_the_remedy_and_holds_nothing_up(networks: Networks) -> None:
    networks.open(readable=False)
    networks.until("the twin to be ready", lambda: networks.condition("Ready").get("status") == "True")
    networks.until("the refusal", lambda: networks.condition("TopologyReadable").get("status") == "False")
    assert "topology.namespaces" in networks.message()


def source(networks: Networks) -> Json:
    """The status of the topology source; an empty one while it has none."""
    found: Json = next((one for one in networks.status.get("sources", ()) if one["name"] == "nets"), {})
    return found
