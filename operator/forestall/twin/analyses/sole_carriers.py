"""Which single loss of Kubernetes nodes leaves a Service without any ready pod: all losses and Services at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from forestall.api.base import Key
from forestall.twin.model import CLAIM, Pod
from forestall.twin.view import View

Nodes = frozenset[str]
"""Names of Kubernetes nodes."""
Needs = frozenset[Nodes]
"""What a pod needs to serve: of each of these at least one that is not lost."""


def sole_carriers(view: View, losses: Mapping[Key, Nodes]) -> Mapping[Key, Sequence[Key]]:
    """By loss, the Services that have a ready pod and would have none after it; the loss of the most Services first.

    `losses` says which Kubernetes nodes go with each. The answer is that of `lose_nodes` for each loss, without a view
    for each: a loss can only take a pod that needs the first of some nodes that go with it.
    """
    by_node = _by_node(losses)
    reach = _ready_reach(view)
    found: defaultdict[Key, list[Key]] = defaultdict(list)
    for service in view.services:
        needs = {_needs(pod, reach) for pod in view.ready_pods(service)}
        for loss in _takers(needs, losses, by_node):
            found[loss].append(service)
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])))


def _by_node(losses: Mapping[Key, Nodes]) -> Mapping[str, Sequence[Key]]:
    found: defaultdict[str, list[Key]] = defaultdict(list)
    for loss, nodes in losses.items():
        for name in nodes:
            found[name].append(loss)
    return found


def _ready_reach(view: View) -> Mapping[Key, Nodes]:
    """The ready nodes that the volume of each claim is reached from, of the claims that not every node reaches."""
    ready = frozenset(name for name, node in view.nodes.items() if node.ready)
    kept = {names: names & ready for names in set(view.volumes.reach.values())}
    return {claim: kept[names] for claim, names in view.volumes.reach.items()}


def _needs(pod: Pod, reach: Mapping[Key, Nodes]) -> Needs:
    claims = (Key(CLAIM, pod.key.namespace, name) for name in pod.claims)
    return frozenset((frozenset((pod.node,)), *(reach[claim] for claim in claims if claim in reach)))


def _takers(needs: set[Needs], losses: Mapping[Key, Nodes], by_node: Mapping[str, Sequence[Key]]) -> Iterator[Key]:
    """Losses that take all of the pods; none where there is no pod."""
    if not needs:
        return
    candidates = {loss for wanted in min(needs, key=len) for loss in by_node.get(min(wanted), ())}
    for loss in candidates:
        if all(any(wanted <= losses[loss] for wanted in one) for one in needs):
            yield loss
