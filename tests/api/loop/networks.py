"""A namespace of topology documents, and a twin that reads them."""

from collections.abc import Callable
from typing import Any

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import CONFIG_MAPS, TWINS
from tests.api.loop.objects import Json
from tests.api.loop.process import WAIT
from tests.api.loop.world import World, apply
from tests.api.person import expect
from tests.chart.rendering import Manifest, render
from tools.cluster.process import wait_until

RIGHTS = "forestall-topology"


def rights(namespace: str) -> list[Manifest]:
    """What the chart gives the operator for reading documents in a namespace."""
    chart = render(f"topology.namespaces={{{namespace}}}")
    return [one for one in chart if one["metadata"]["name"] == RIGHTS]


class Networks:
    """A namespace of documents, and a twin that reads them."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name

    def open(self, *, readable: bool = True) -> None:
        """Make the namespace and the twin, with the rights that the chart gives for it or without."""
        place = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.name}}
        sources = [{"name": "objects", "kubernetes": {}}, {"name": "nets", "topology": {"namespaces": [self.name]}}]
        given = rights(self.name) if readable else []
        kind = {"apiVersion": "forestall.dev/v1alpha1", "kind": "NetworkTwin", "metadata": {"name": self.name}}
        apply(self.world.cluster, [place, *given, {**kind, "spec": {"sources": sources, "refresh": "1s"}}])

    def put(self, text: str, name: str = "ring", *, label: str = "true") -> None:
        """Apply a ConfigMap with one document."""
        metadata = {"name": name, "labels": {"forestall.dev/topology": label}}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {f"{name}.json": text}}
        expect(self.world.admin.apply(path_of(CONFIG_MAPS, self.name, name), body), None)

    def delete(self, name: str) -> None:
        """Delete a ConfigMap."""
        expect(self.world.admin.send("DELETE", path_of(CONFIG_MAPS, self.name, name)), None)

    def close(self) -> None:
        """Delete twin, namespace and rights."""
        self.world.cluster.kubectl("delete", "networktwin", self.name)
        self.world.cluster.kubectl("delete", "clusterrole", RIGHTS, "--ignore-not-found")
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
