"""The pods that a workload would keep, and those that it would get anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Final

from forestall.api.base import Key
from forestall.twin.model import Container, Pod, Workload

if TYPE_CHECKING:
    from forestall.twin.view import View

NO_PLACE: Final = "no node takes it"
"""What is said of a pod that would find no node."""


def faults(pods: Sequence[Pod]) -> tuple[Container, ...]:
    """What ails pods of the present template, if none of them runs well: new ones would fare no better."""
    current = [pod for pod in pods if pod.current]
    ailing = (pod.containers for pod in current if any(one.ails for one in pod.containers))
    well = any(pod.ready and not any(one.ails for one in pod.containers) for pod in current)
    return () if well else next(ailing, ())


class RemovalOrder:
    """Which pods a ReplicaSet would rather keep: greater is kept longer."""

    def __init__(self, view: View, pods: Sequence[Pod]) -> None:
        self._view = view
        self._crowd = {node: sum(pod.node == node for pod in pods) for node in {pod.node for pod in pods}}

    def __call__(self, pod: Pod) -> tuple[bool, bool, int, Key]:
        """How dear the pod is."""
        return bool(pod.node), self._view.is_ready(pod), -self._crowd[pod.node], pod.key


def new_pods(
    target: Workload, number: int, nodes: Sequence[str], ailing: tuple[Container, ...], taken: Mapping[Key, Pod]
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
            ready=bool(home) and not ailing,
            terminating=False,
            requests=target.requests,
            labels=target.labels,
            containers=ailing,
            ports=tuple(port for one in target.containers for port in one.ports),
            unschedulable="" if home else NO_PLACE,
        )
        for home, key in zip(homes, free, strict=False)
    ]
