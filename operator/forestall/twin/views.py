"""Views of the twin: what is (Snapshot), and what would be (Potential).

The two share their questions (View) and are different types, so that a supposition cannot pass for a fact.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from forestall.api.base import Key
from forestall.twin.index import Index
from forestall.twin.joining import NO_NETWORKS, has, together, without
from forestall.twin.model import (
    Container,
    Node,
    Pod,
    Resources,
    Rollout,
    Service,
    Taint,
    Workload,
)
from forestall.twin.placement import place
from forestall.twin.replicas import RemovalOrder, faults, new_pods
from forestall.twin.topology import Topology
from forestall.twin.view import View

CORDONED: Final = "node.kubernetes.io/unschedulable"
"""Key of the taint that a cordoned node bears."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot(View):
    """What is, at one moment. The same structure has the same `id`, whatever its generation and loads."""

    generation: int
    id: str
    """`sha256:…` of the elements, those of networks among them with what is measured of demands and capacities."""
    loads: Mapping[Key, Decimal]
    """Measured utilisation of elements; 1 is fully used."""
    defects: Mapping[Key, str]
    """Objects that could not be read, and why. They are not among the elements."""
    declared: Topology = NO_NETWORKS
    """The networks as documents describe them."""

    def intended(self) -> Intended:
        """What should be, as far as documents say."""
        return Intended(topology=self.declared)

    def potential(self) -> Potential:
        """The start of a supposition."""
        return Potential(
            nodes=self.nodes,
            workloads=self.workloads,
            budgets=self.budgets,
            jobs=self.jobs,
            volumes=self.volumes,
            autoscalers=self.autoscalers,
            index=self.index,
            topology=self.topology,
            base=self,
            edits=(),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Intended:
    """What should be: the networks as documents describe them, before anything is seen or measured of them."""

    topology: Topology


@dataclass(frozen=True, kw_only=True, eq=False)
class Potential(View):
    """What would be: the steady state of a snapshot after some edits. Each edit gives a new view.

    An edit of an element that is not there raises KeyError.
    """

    base: Snapshot
    edits: tuple[str, ...]
    """What was supposed, in words, oldest first."""

    def lose_node(self, name: str) -> Potential:
        """The Kubernetes node fails: nothing on it serves, and nothing is re-scheduled yet."""
        return self.lose_nodes((name,))

    def lose_nodes(self, names: Collection[str]) -> Potential:
        """The Kubernetes nodes fail at once."""
        told = ", ".join(f"node/{name}" for name in sorted(names))
        return self._lost([self.nodes[name].key for name in names], f"lose {told}")

    def lose(self, *elements: Key) -> Potential:
        """Nodes and links of networks, Kubernetes nodes and all members of risk groups fail at once.

        What rests on them stays as it is: `forestall.twin.analyses` follows that.
        """
        for key in elements:
            if not (has(self.topology, key) or (key.kind == "Node" and key.name in self.nodes)):
                raise KeyError(key)
        return self._lost(elements, f"lose {', '.join(map(str, elements))}")

    def regain_nodes(self, names: Collection[str]) -> Potential:
        """Kubernetes nodes that were supposed lost are back: what stands on them serves again as it did, and pods that
        wait for a place find one where they may.
        """
        nodes = {name: replace(self.nodes[name], ready=True) for name in names}
        told = ", ".join(f"node/{name}" for name in sorted(names))
        back = replace(self, nodes={**self.nodes, **nodes}, edits=(*self.edits, f"regain {told}"))
        return back._settled()

    def set_metrics(self, metrics: Mapping[Key, int]) -> Potential:
        """Links have other costs in routing."""
        links = [replace(self.topology.links[key], metric=metric) for key, metric in metrics.items()]
        told = ", ".join(f"{key} to {metric}" for key, metric in metrics.items())
        return replace(self, topology=self.topology.with_links(links), edits=(*self.edits, f"set the metric of {told}"))

    def move_demands(self, ends: Mapping[Key, tuple[Key, Key]]) -> Potential:
        """Demands begin and end at other nodes."""
        moved = [
            replace(self.topology.demands[key], source=source, target=target) for key, (source, target) in ends.items()
        ]
        told = ", ".join(f"{key} to lead from {source} to {target}" for key, (source, target) in ends.items())
        return replace(self, topology=self.topology.with_demands(moved), edits=(*self.edits, f"move {told}"))

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
        kept = [replace(pod, current=True, containers=()) for pod in old]
        target = replace(
            target.former or target,
            key=workload,
            uid=target.uid,
            replicas=target.replicas,
            revision=target.revision,
            previous_revision=True,
            rollout=Rollout(),
        )
        return self._with(target, kept, target.replicas - len(kept), edit, ailing=())

    def restart(self, workload: Key) -> Potential:
        """All pods of the workload are made anew from the same template. A fault that all of them have stays."""
        target = self.workloads[workload]
        return self._with(target, (), target.replicas, f"restart {workload}")

    def set_resources(self, workload: Key, container: str, *, requests: Resources, limits: Resources) -> Potential:
        """A container asks for, and is held to, other amounts; all pods are made anew.

        With a higher limit of memory, or none, a container that was killed for want of it is not killed again.
        """
        old = self.workloads[workload]
        before = next(one for one in old.containers if one.name == container)
        after = replace(before, requests=requests, limits=limits)
        asked = old.requests.plus(after.requests).minus(before.requests)
        target = replace(
            old, requests=asked, containers=tuple(after if one is before else one for one in old.containers)
        )
        roomier = not limits.memory or 0 < before.limits.memory < limits.memory
        left = [one for one in self._faults(workload) if not (roomier and one.starved and one.name == container)]
        return self._with(target, (), target.replicas, f"set the resources of {container} in {workload}", left)

    def set_probed_port(self, workload: Key, container: str, port: int | str) -> Potential:
        """The readiness probe of a container asks another port; all pods are made anew.

        If the container declares that port and did not declare the one before, it becomes ready in time.
        """
        old = self.workloads[workload]
        before = next(one for one in old.containers if one.name == container)
        after = replace(before, probed=port)
        target = replace(old, containers=tuple(after if one is before else one for one in old.containers))
        found = after.answers and not before.answers
        left = [one for one in self._faults(workload) if not (found and one.unasked and one.name == container)]
        return self._with(target, (), target.replicas, f"probe port {port} of {container} in {workload}", left)

    def set_schedulable(self, name: str, *, schedulable: bool) -> Potential:
        """New pods may or may not be placed on the node; pods that wait for a place find one where they may."""
        present = self.nodes[name].taints
        # The control plane's own taint goes with the mark that it stands for.
        taints = tuple(taint for taint in present if taint.key != CORDONED) if schedulable else present
        node = replace(self.nodes[name], schedulable=schedulable, taints=taints)
        return self._told(f"{'uncordon' if schedulable else 'cordon'} node/{name}", node)._settled()

    def set_taints(self, name: str, taints: tuple[Taint, ...]) -> Potential:
        """The node has these taints. Pods that wait for a place find one where they may; those in place stay."""
        return self._told(f"set the taints of node/{name}", replace(self.nodes[name], taints=taints))._settled()

    def evacuate(self, name: str) -> Potential:
        """Nothing new is placed on the node, and its pods are gone, but for those that stay in a drain."""
        left = {key: pod for key, pod in self.pods.items() if pod.node != name or pod.stays}
        view = self._told(f"drain node/{name}", replace(self.nodes[name], schedulable=False))
        return replace(view, index=Index(left, self.services))

    def drain(self, name: str) -> Potential:
        """The node is evacuated, and its pods are made anew elsewhere.

        Those that no known workload keeps are gone: nothing is known to make them anew.
        """
        view = self.evacuate(name)
        for workload in self._owners([pod for key, pod in self.pods.items() if key not in view.pods]):
            target, kept = view.workloads[workload], view.pods_of_workload(workload)
            view = view._with(target, kept, target.replicas - len(kept), "", self._faults(workload))
        return view

    def set_target_port(self, service: Key, number: int, target: int | str) -> Potential:
        """The port `number` of the Service leads to another port of its pods."""
        old = self.services[service]
        ports = tuple(port._replace(target=target) if port.number == number else port for port in old.ports)
        return self._serving(replace(old, ports=ports), f"lead port {number} of {service} to {target}")

    def set_selector(self, service: Key, label: str, value: str) -> Potential:
        """The Service selects pods by another value of one label; by none where the value is empty."""
        old = self.services[service]
        rest = {name: wanted for name, wanted in old.selector.items() if name != label}
        changed = replace(old, selector=rest | ({label: value} if value else {}))
        return self._serving(changed, f"select by {label}={value} in {service}")

    def _lost(self, elements: Sequence[Key], edit: str) -> Potential:
        hosts = [key.name for key in together(self.topology, elements) if key.kind == "Node" and key.name in self.nodes]
        return replace(
            self,
            nodes={**self.nodes, **{name: replace(self.nodes[name], ready=False) for name in hosts}},
            topology=without(self.topology, elements),
            edits=(*self.edits, edit),
        )

    def _serving(self, service: Service, edit: str) -> Potential:
        services = {**self.services, service.key: service}
        return replace(self, index=Index(self.pods, services), edits=(*self.edits, edit))

    def _told(self, edit: str, node: Node) -> Potential:
        return replace(self, nodes={**self.nodes, node.key.name: node}, edits=(*self.edits, edit))

    def _settled(self) -> Potential:
        """The view with the pods that wait for a place where a scheduler would put them now."""
        view = self
        for workload in self._owners([pod for pod in self.pods.values() if not pod.node]):
            pods = view.pods_of_workload(workload)
            kept = [pod for pod in pods if pod.node]
            placed = view._with(view.workloads[workload], kept, len(pods) - len(kept), "")
            view = placed._rolled_out(workload)
        return view

    def _rolled_out(self, workload: Key) -> Potential:
        """The view with a rollout at its end that pods without a place held up; as it is where some still have none."""
        target, pods = self.workloads[workload], self.pods_of_workload(workload)
        new = [pod for pod in pods if pod.current][: target.replicas]
        if len(new) == len(pods) or not all(self.is_ready(pod) for pod in new):
            return self
        done = self._with(target, new, target.replicas - len(new), "")
        return done if all(pod.node for pod in done.pods_of_workload(workload)) else self

    def _owners(self, pods: Sequence[Pod]) -> Sequence[Key]:
        """The workloads that keep these pods."""
        return sorted({pod.workload for pod in pods if pod.workload is not None}.intersection(self.workloads))

    def _removal_order(self, workload: Key) -> RemovalOrder:
        return RemovalOrder(self, self.pods_of_workload(workload))

    def _faults(self, workload: Key) -> tuple[Container, ...]:
        return faults(self.pods_of_workload(workload))

    def _with(
        self, target: Workload, kept: Sequence[Pod], new: int, edit: str, ailing: Sequence[Container] | None = None
    ) -> Potential:
        """The workload with `kept` and `new` pods. Unless told, a fault of the template shows in new pods too."""
        old = self.pods_of_workload(target.key)
        gone = {pod.key for pod in old}
        others = {key: pod for key, pod in self.pods.items() if key not in gone}
        found = tuple(faults(old) if ailing is None else ailing)
        nodes = place(target, new, self.nodes, (*others.values(), *kept))
        fresh = new_pods(target, new, nodes, found, taken=self.pods)
        pods = dict(sorted({**others, **{pod.key: pod for pod in (*kept, *fresh)}}.items()))
        return replace(
            self,
            workloads={**self.workloads, target.key: target},
            index=Index(pods, self.services),
            edits=(*self.edits, edit) if edit else self.edits,
        )
