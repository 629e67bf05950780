"""Where a scheduler would put new pods: the filters of the Kubernetes scheduler, without its preferences."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from forestall.twin.model import Node, Pod, Resources, Selector, Workload


def eligible(workload: Workload, node: Node) -> bool:
    """Whether pods of the workload may be scheduled on the node, if there is room."""
    return _open(workload, node) and attracts(workload, node)


def attracts(workload: Workload, node: Node) -> bool:
    """Whether the workload's node selector, required node affinity and volumes choose the node."""
    return _asked_for(workload, node) and all(chosen(node, terms) for terms in workload.moorings)


def chosen(node: Node, terms: Sequence[Selector]) -> bool:
    """Whether one of the terms of a node selector matches the node; all nodes where there are none."""
    labels = labels_of(node)
    return not terms or any(term.requirements and term.matches(labels) for term in terms)


def labels_of(node: Node) -> Mapping[str, str]:
    """What the terms of a node selector ask of: the node's labels, with its name among them."""
    return {**node.labels, "metadata.name": node.key.name}


def _open(workload: Workload, node: Node) -> bool:
    """Whether the node takes new pods, and these among them."""
    return node.ready and node.schedulable and tolerated(workload, node)


def _asked_for(workload: Workload, node: Node) -> bool:
    """Whether the template chooses the node."""
    return workload.node_selector.items() <= node.labels.items() and chosen(node, workload.node_terms)


def tolerated(workload: Workload, node: Node) -> bool:
    """Whether the workload tolerates each taint of the node that bars pods."""
    barring = (taint for taint in node.taints if taint.bars)
    return all(any(toleration.covers(taint) for toleration in workload.tolerations) for taint in barring)


def place(workload: Workload, count: int, nodes: Mapping[str, Node], pods: Iterable[Pod]) -> Sequence[str]:
    """Names of the nodes that `count` new pods would go to, beside `pods`, which stay. Fewer where they do not fit.

    Of the nodes that may take a pod, the one with the fewest pods of the workload takes it, then the one with the
    smallest share requested, then the first by name.
    """
    used, own = _usage(workload, pods)
    domains = [node for node in nodes.values() if _counts(workload, node)]
    closed = [own[node.key.name] for node in domains if not eligible(workload, node)]
    heap = [_rank(node, own, used) for node in domains if eligible(workload, node)]
    heapq.heapify(heap)
    placed: list[str] = []
    while heap and len(placed) < count:
        _, _, name = heapq.heappop(heap)
        if not _takes(workload, nodes[name], own, used[name]):
            closed.append(own[name])  # It is full for good, and still counts as a place with few pods.
        elif workload.max_skew is not None and own[name] + 1 - min((own[name], *closed)) > workload.max_skew:
            break  # The one with the fewest pods is barred, and so are all the others.
        else:
            placed.append(name)
            own[name] += 1
            used[name] = used[name].plus(workload.requests)
            heapq.heappush(heap, _rank(nodes[name], own, used))
    return placed


def _usage(workload: Workload, pods: Iterable[Pod]) -> tuple[defaultdict[str, Resources], Counter[str]]:
    """What is requested of each node, and how many of its pods are the workload's own."""
    used: defaultdict[str, Resources] = defaultdict(Resources)
    own: Counter[str] = Counter()
    for pod in pods:
        used[pod.node] = used[pod.node].plus(pod.requests)
        own[pod.node] += pod.workload == workload.key and not pod.terminating
    return used, own


def _counts(workload: Workload, node: Node) -> bool:
    """Whether the node is one of those that skew is taken over. Nobody asks whether volumes are reached from it."""
    return _asked_for(workload, node) and (workload.skew_counts_tainted or _open(workload, node))


def _takes(workload: Workload, node: Node, own: Counter[str], used: Resources) -> bool:
    apart = not (workload.one_per_node and own[node.key.name])
    return apart and _lends(workload, node, own) and used.plus(workload.requests).within(node.allocatable)


def _lends(workload: Workload, node: Node, own: Counter[str]) -> bool:
    """Whether the workload's volumes can be had on the node beside the pods that have them already."""
    if workload.sharing == "Nodes" or not any(own[name] for name in own if name):
        return True
    return workload.sharing == "Node" and own[node.key.name] > 0


def _rank(node: Node, own: Mapping[str, int], used: Mapping[str, Resources]) -> tuple[int, float, str]:
    name, total = node.key.name, node.allocatable
    share = used[name].cpu / max(total.cpu, 1) + used[name].memory / max(total.memory, 1)
    return own[name], share, name
