"""Views of the twin: what is (Snapshot), and what would be (Potential).

The two share their questions (View) and are different types, so that a supposition cannot pass for a fact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

from forestall.api.base import Key
from forestall.twin.graph import carried_by, graph
from forestall.twin.index import Index
from forestall.twin.model import STARTING, Container, DisruptionBudget, Job, Node, Pod, Service, Workload
from forestall.twin.placement import place

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """Elements, and answers about them. A view never changes; all its answers are ordered by key."""

    nodes: Mapping[str, Node]
    workloads: Mapping[Key, Workload]
    budgets: Mapping[Key, DisruptionBudget]
    jobs: Mapping[Key, Job]
    index: Index

    @property
    def pods(self) -> Mapping[Key, Pod]:
        """Pods that have not ended."""
        return self.index.pods

    @property
    def services(self) -> Mapping[Key, Service]:
        """Services."""
        return self.index.services

    def is_ready(self, pod: Pod) -> bool:
        """Whether the pod serves: ready, staying, and on a node that is ready."""
        node = self.nodes.get(pod.node)
        return pod.ready and not pod.terminating and node is not None and node.ready

    def pods_of_service(self, service: Key) -> tuple[Pod, ...]:
        """Pods that the Service selects, without those that terminate."""
        return self.index.pods_of(service)

    def ready_pods(self, service: Key) -> tuple[Pod, ...]:
        """Pods of the Service that serve, and that its ports lead to."""
        return tuple(filter(self.is_ready, self.index.reached_by(service)))

    def pods_of_workload(self, workload: Key) -> tuple[Pod, ...]:
        """Pods of the workload, without those that terminate."""
        return tuple(self.index.by_workload.get(workload, ()))

    def ready_pods_of_workload(self, workload: Key) -> tuple[Pod, ...]:
        """Pods of the workload that serve."""
        return tuple(filter(self.is_ready, self.pods_of_workload(workload)))

    def ready_by_node(self, element: Key) -> Mapping[str, int]:
        """How many pods of a Service or workload serve, by the name of their node.

        The sum is the length of `ready_pods`; it is had without a look at each pod.
        """
        counts = self.index.ready_by_node(element)
        return {name: number for name, number in counts.items() if name in self.nodes and self.nodes[name].ready}

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


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot(View):
    """What is, at one moment. The same structure has the same `id`, whatever its generation and loads."""

    generation: int
    id: str
    """`sha256:…` of the elements."""
    loads: Mapping[Key, Decimal]
    """Measured utilisation of elements; 1 is fully used."""
    defects: Mapping[Key, str]
    """Objects that could not be read, and why. They are not among the elements."""

    def potential(self) -> Potential:
        """The start of a supposition."""
        return Potential(
            nodes=self.nodes,
            workloads=self.workloads,
            budgets=self.budgets,
            jobs=self.jobs,
            index=self.index,
            base=self,
            edits=(),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Potential(View):
    """What would be: the steady state of a snapshot after some edits. Each edit gives a new view.

    An edit of an element that is not there raises KeyError.
    """

    base: Snapshot
    edits: tuple[str, ...]
    """What was supposed, in words, oldest first."""

    def lose_node(self, name: str) -> Potential:
        """The node fails: nothing on it serves, and nothing is re-scheduled yet."""
        lost = replace(self.nodes[name], ready=False)
        return replace(self, nodes={**self.nodes, name: lost}, edits=(*self.edits, f"lose node/{name}"))

    def set_replicas(self, workload: Key, replicas: int) -> Potential:
        """The workload has so many pods: new ones where a scheduler would put them, surplus ones removed."""
        target = replace(self.workloads[workload], replicas=replicas)
        kept = sorted(self.pods_of_workload(workload), key=self._removal_order(workload), reverse=True)[:replicas]
        return self._with(target, kept, target.replicas - len(kept), f"set {workload} to {replicas} replicas")

    def spread(self, workload: Key, max_skew: int) -> Potential:
        """All pods of the workload are placed anew, under the rule that counts on nodes differ by `max_skew` at most.

        Nodes whose taints bar the pods do not count in the difference; full nodes do.
        """
        target = replace(self.workloads[workload], max_skew=max_skew, skew_counts_tainted=False)
        return self._with(target, (), target.replicas, f"spread {workload} with a skew of {max_skew} at most")

    def restore_template(self, workload: Key) -> Potential:
        """The previous template is back: its pods that still serve stay, new ones make up the number, and all serve.

        Without a previous revision nothing changes.
        """
        target, edit = self.workloads[workload], f"restore the previous template of {workload}"
        if not target.previous_revision:
            return replace(self, edits=(*self.edits, f"{edit}: there is none"))
        old = [pod for pod in self.ready_pods_of_workload(workload) if not pod.current][: target.replicas]
        kept = [replace(pod, current=True) for pod in old]
        return self._with(target, kept, target.replicas - len(kept), edit, sound=True)

    def _removal_order(self, workload: Key) -> _RemovalOrder:
        return _RemovalOrder(self, self.pods_of_workload(workload))

    def _with(self, target: Workload, kept: Sequence[Pod], new: int, edit: str, *, sound: bool = False) -> Potential:
        """The workload with `kept` and `new` pods. Unless `sound`, a fault of the template shows in new pods too."""
        old = self.pods_of_workload(target.key)
        gone = {pod.key for pod in old}
        others = {key: pod for key, pod in self.pods.items() if key not in gone}
        faults = () if sound else _faults(old)
        nodes = place(target, new, self.nodes, (*others.values(), *kept))
        fresh = _pods(target, new, nodes, faults, taken=self.pods)
        pods = dict(sorted({**others, **{pod.key: pod for pod in (*kept, *fresh)}}.items()))
        return replace(
            self,
            workloads={**self.workloads, target.key: target},
            index=Index(pods, self.services),
            edits=(*self.edits, edit),
        )


def _faults(pods: Sequence[Pod]) -> tuple[Container, ...]:
    """What ails pods of the present template, if none of them runs: new ones would fare no better."""
    current = [pod for pod in pods if pod.current]
    ailing = (pod.containers for pod in current if any(map(_ails, pod.containers)))
    return () if any(pod.ready for pod in current) else next(ailing, ())


def _ails(container: Container) -> bool:
    """Whether more than the first moments of a start keep it from serving."""
    return container.waiting not in STARTING or bool(container.ended) or container.due is not None


class _RemovalOrder:
    """Which pods a ReplicaSet would rather keep: greater is kept longer."""

    def __init__(self, view: View, pods: Sequence[Pod]) -> None:
        self._view = view
        self._crowd = {node: sum(pod.node == node for pod in pods) for node in {pod.node for pod in pods}}

    def __call__(self, pod: Pod) -> tuple[bool, bool, int, Key]:
        return bool(pod.node), self._view.is_ready(pod), -self._crowd[pod.node], pod.key


def _pods(
    target: Workload, number: int, nodes: Sequence[str], faults: tuple[Container, ...], taken: Mapping[Key, Pod]
) -> list[Pod]:
    """New pods of the workload: on `nodes` as far as these go, the rest pending."""
    names = (Key("Pod", target.key.namespace, f"{target.key.name}+{place}") for place in count(1))
    free = (key for key in names if key not in taken)
    homes = (*nodes, *[""] * (number - len(nodes)))
    return [
        Pod(
            key=key,
            workload=target.key,
            node=home,
            ready=bool(home) and not faults,
            terminating=False,
            requests=target.requests,
            labels=target.labels,
            containers=faults,
        )
        for home, key in zip(homes, free, strict=False)
    ]
