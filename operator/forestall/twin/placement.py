"""Where a scheduler would put new pods: the filters of the Kubernetes scheduler, without its preferences."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from forestall.twin.model import Node, Pod, Resources, Workload


def eligible(workload: Workload, node: Node) -> bool:
    """Whether pods of the workload may be scheduled on the node, if there is room."""
    return node.ready and node.schedulable and attracts(workload, node) and tolerated(workload, node)


def attracts(workload: Workload, node: Node) -> bool:
    """Whether the workload's node selector and required node affinity choose the node."""
    if not workload.node_selector.items() <= node.labels.items():
        return False
    labels = {**node.labels, "metadata.name": node.key.name}
    return not workload.node_terms or any(term.requirements and term.matches(labels) for term in workload.node_terms)


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
        if not _takes(workload, nodes[name], own[name], used[name]):
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
    """Whether the node is one of those that skew is taken over."""
    return attracts(workload, node) and (workload.skew_counts_tainted or eligible(workload, node))


def _takes(workload: Workload, node: Node, own: int, used: Resources) -> bool:
    apart = not (workload.one_per_node and own)
    return apart and used.plus(workload.requests).within(node.allocatable)


def _rank(node: Node, own: Mapping[str, int], used: Mapping[str, Resources]) -> tuple[int, float, str]:
    name, total = node.key.name, node.allocatable
    share = used[name].cpu / max(total.cpu, 1) + used[name].memory / max(total.memory, 1)
    return own[name], share, name
