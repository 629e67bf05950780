"""Emptying a node: every pod that can go elsewhere is evicted, as its disruption budgets allow, and never by force."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from forestall.actions.order import Order
from forestall.adapters.resources import PODS, TARGETS
from forestall.planning.job import MANAGED
from forestall.planning.patches import ChangeImpossibleError
from forestall.ports import Json, Kube, KubeError
from forestall.twin.kubernetes import stays_in_drain

PAUSE_SECONDS = 1.0
MOST_NAMED = 5
HELD_BACK = 429
"""A disruption budget does not allow the eviction now."""


async def movable(order: Order, kube: Kube) -> Sequence[Json]:
    """The pods of the node that have to go.

    Pods of DaemonSets and of action Jobs, those that the kubelet itself keeps, and those that have ended stay. Raises
    ChangeImpossibleError, naming them, where pods would be lost: nobody would make them anew, or, unless the
    parameter `local-data` is Discard, what they wrote to the node would go with them.
    """
    pods = [pod for pod in await _pods(order, kube) if not _stays(pod)]
    lost = [pod for pod in pods if _controller(pod) is None]
    if lost:
        raise ChangeImpossibleError(f"nothing would make these pods anew: {_named(lost)}; delete or move them yourself")
    writing = [pod for pod in pods if _has_local_data(pod)]
    if writing and order.parameters.get("local-data") != "Discard":
        raise ChangeImpossibleError(f"data on the node would be lost with these pods: {_named(writing)}")
    return pods


async def drained(order: Order, kube: Kube, deadline: float, time: Callable[[], float]) -> tuple[bool, str]:
    """Evict until no pod is left that can go; what is left, if the time is up first."""
    reached = await _answers(order, kube)
    held: Sequence[str] = ()
    while True:
        left = [pod for pod in await _pods(order, kube) if not _stays(pod) and not _is_going(pod, reached)]
        if not left:
            return True, "the node is cordoned, and its pods have gone"
        if time() >= deadline:
            budgets = f"; disruption budgets hold back: {', '.join(held)}" if held else ""
            return False, f"cordoned, but these pods have not gone in time: {_named(left)}{budgets}"
        held = [name for pod in left if (name := await _evict(pod, kube))]
        await asyncio.sleep(PAUSE_SECONDS)


async def _evict(pod: Json, kube: Kube) -> str:
    """The pod's name, if its disruption budgets do not let it go now."""
    metadata = pod["metadata"]
    if metadata.get("deletionTimestamp"):
        return ""
    try:
        await kube.evict(metadata["namespace"], metadata["name"], metadata["uid"])
    except KubeError as error:
        if error.status == HELD_BACK:
            return _name(pod)
        if error.status not in {404, 409}:  # it is gone, or another one has its name: the next look tells
            raise
    return ""


async def _answers(order: Order, kube: Kube) -> bool:
    """Whether the node's kubelet is there to end its pods."""
    node = await kube.get(TARGETS[order.kind], "", order.name)
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def _is_going(pod: Json, reached: bool) -> bool:
    """Whether a pod on a node whose kubelet is silent is on its way: nobody will say when it has gone."""
    return not reached and bool(pod["metadata"].get("deletionTimestamp"))


async def _pods(order: Order, kube: Kube) -> Sequence[Json]:
    return await kube.list(PODS, fields=f"spec.nodeName={order.name}")


def _stays(pod: Json) -> bool:
    ended = (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}
    ours = (pod["metadata"].get("labels") or {}).get(MANAGED) == "true"  # this very Job's pod may be among them
    return ended or ours or stays_in_drain(pod)


def _controller(pod: Json) -> dict[str, Any] | None:
    owners = pod["metadata"].get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def _has_local_data(pod: Json) -> bool:
    volumes = pod["spec"].get("volumes") or ()
    return any("emptyDir" in volume and volume["emptyDir"].get("medium") != "Memory" for volume in volumes)


def _named(pods: Sequence[Json]) -> str:
    names = sorted(map(_name, pods))
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _name(pod: Json) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
