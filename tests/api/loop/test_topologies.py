"""Networks from documents in ConfigMaps: read where they may be, kept when they are broken, gone when deleted."""

import pytest

from forestall.twin.formats.documents import export
from tests.api.loop.networks import Networks
from tests.api.loop.objects import Json
from tests.unit.twin.networks import platform, ring

pytestmark = pytest.mark.api

RING = export(ring(), "rfc8345")


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
    networks.until("the twin to be ready", lambda: networks.condition("Ready").get("status") == "True")
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
