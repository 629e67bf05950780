"""What can be asked of elements of the twin, whether they are there (Snapshot) or supposed (Potential)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from forestall.api.base import Key
from forestall.twin.graph import carried_by, graph
from forestall.twin.index import Index
from forestall.twin.joining import NO_NETWORKS
from forestall.twin.model import (
    CLAIM,
    Autoscaler,
    Claim,
    DisruptionBudget,
    Element,
    Job,
    Node,
    Pod,
    Service,
    Workload,
)
from forestall.twin.placement import place
from forestall.twin.replicas import faults
from forestall.twin.topology import Topology
from forestall.twin.volumes import Volumes

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """Elements, and answers about them. A view never changes; all its answers are ordered by key."""

    nodes: Mapping[str, Node]
    workloads: Mapping[Key, Workload]
    budgets: Mapping[Key, DisruptionBudget]
    jobs: Mapping[Key, Job]
    volumes: Volumes
    autoscalers: Mapping[Key, Autoscaler]
    index: Index
    topology: Topology = NO_NETWORKS
    """The networks, and what fails together; Kubernetes nodes are the nodes of those of layer `platform`."""

    @property
    def pods(self) -> Mapping[Key, Pod]:
        """Pods that have not ended."""
        return self.index.pods

    @property
    def claims(self) -> Mapping[Key, Claim]:
        """PersistentVolumeClaims."""
        return self.volumes.claims

    @property
    def objects(self) -> Mapping[Key, Element]:
        """All elements but those of networks."""
        nodes = {node.key: node for node in self.nodes.values()}
        platform: Mapping[Key, Element] = {**nodes, **self.claims, **self.budgets, **self.autoscalers}
        return {**platform, **self.workloads, **self.pods, **self.jobs, **self.services}

    @property
    def services(self) -> Mapping[Key, Service]:
        """Services."""
        return self.index.services

    def is_ready(self, pod: Pod) -> bool:
        """Whether the pod serves: ready, staying, on a node that is ready, and with its volumes in reach."""
        node = self.nodes.get(pod.node)
        stands = pod.ready and not pod.terminating and node is not None and node.ready
        return stands and pod.key not in self._adrift

    def pods_of_service(self, service: Key) -> tuple[Pod, ...]:
        """Pods that the Service selects, without those that terminate."""
        return self.index.pods_of(service)

    def ready_pods(self, service: Key) -> tuple[Pod, ...]:
        """Pods of the Service that serve, and that its ports lead to."""
        return tuple(filter(self.is_ready, self.index.reached_by(service)))

    def has_workload(self, key: Key) -> bool:
        """Whether the workload is there: a Deployment itself; a StatefulSet or DaemonSet if it has pods."""
        return key in self.workloads or (key.kind != "Deployment" and key in self.index.by_workload)

    def pods_of_workload(self, workload: Key) -> tuple[Pod, ...]:
        """Pods of the workload, without those that terminate."""
        return tuple(self.index.by_workload.get(workload, ()))

    def ready_pods_of_workload(self, workload: Key) -> tuple[Pod, ...]:
        """Pods of the workload that serve."""
        return tuple(filter(self.is_ready, self.pods_of_workload(workload)))

    def ready_by_node(self, element: Key) -> Mapping[str, int]:
        """How many pods of a Service or workload serve, by the name of their node.

        The sum is the length of `ready_pods`; it is had without a look at each pod, unless volumes are out of reach.
        """
        if self._adrift:
            pods = self.ready_pods(element) if element.kind == "Service" else self.ready_pods_of_workload(element)
            return Counter(pod.node for pod in pods)
        counts = self.index.ready_by_node(element)
        return {name: number for name, number in counts.items() if name in self.nodes and self.nodes[name].ready}

    def leans_on(self, element: Key) -> frozenset[str]:
        """Names of the nodes of which any may take something from a Service or workload: those that its pods serve on,
        and those that their volumes are reached from.
        """
        found = set(self.ready_by_node(element))
        if self.volumes.reach:
            claims = (Key(CLAIM, pod.key.namespace, name) for pod in self._pods_of(element) for name in pod.claims)
            found.update(*(self.volumes.reach.get(claim, ()) for claim in claims))
        return frozenset(found)

    def without_volumes(self, element: Key) -> tuple[Pod, ...]:
        """Pods of a Service or workload with a volume that no ready node reaches."""
        return tuple(pod for pod in self._pods_of(element) if pod.key in self._adrift)

    def autoscaler_of(self, workload: Key) -> Autoscaler | None:
        """What scales the workload; of several, which get in each other's way, the first by name."""
        return self._by_target.get(workload)

    def spare(self, workload: Key) -> int:
        """How many pods its autoscaler may add to those that the workload is to have, and that would find a node."""
        target, scaler = self.workloads.get(workload), self.autoscaler_of(workload)
        if target is None or scaler is None or not scaler.acts or faults(self.pods_of_workload(workload)):
            return 0
        more = scaler.most - target.replicas
        return len(place(target, more, self.nodes, self.pods.values())) if more > 0 else 0

    def workloads_of_service(self, service: Key) -> tuple[Key, ...]:
        """Workloads whose pods, or whose template's labels, the Service selects."""
        owners = {pod.workload for pod in self.pods_of_service(service) if pod.workload is not None}
        return tuple(sorted(owners.intersection(self.workloads).union(self._by_template.get(service, ()))))

    def services_of_workload(self, workload: Key) -> tuple[Key, ...]:
        """Services that select the workload's template, or any of its pods."""
        labels = {tuple(pod.labels.items()) for pod in self.pods_of_workload(workload)}
        found = {key for items in labels for key in self.index.services_of(workload.namespace, dict(items))}
        return tuple(sorted(found.union(self._services_of_template(workload))))

    def services_on_node(self, node: str) -> tuple[Key, ...]:
        """Services that have a pod on the node, ready or not; none where there is no such node."""
        return carried_by(self._graph, self.nodes[node].key, "Service") if node in self.nodes else ()

    def to_networkx(self) -> nx.MultiDiGraph[Key]:
        """A graph of its own, to be changed at will; see `forestall.twin.graph`."""
        return self._graph.copy()

    def _pods_of(self, element: Key) -> tuple[Pod, ...]:
        return self.pods_of_service(element) if element.kind == "Service" else self.pods_of_workload(element)

    @cached_property
    def _by_target(self) -> Mapping[Key, Autoscaler]:
        found: dict[Key, Autoscaler] = {}
        for one in self.autoscalers.values():
            found.setdefault(one.target, one)
        return found

    @cached_property
    def _adrift(self) -> frozenset[Key]:
        return self.volumes.adrift(self.nodes, self.index)

    @cached_property
    def _graph(self) -> nx.MultiDiGraph[Key]:
        return graph(self)

    def _services_of_template(self, workload: Key) -> tuple[Key, ...]:
        found = self.workloads.get(workload)
        return self.index.services_of(workload.namespace, found.labels) if found else ()

    @cached_property
    def _by_template(self) -> Mapping[Key, Sequence[Key]]:
        """Workloads by the Services that select their template."""
        found: defaultdict[Key, list[Key]] = defaultdict(list)
        for workload in self.workloads:
            for service in self._services_of_template(workload):
                found[service].append(workload)
        return found
