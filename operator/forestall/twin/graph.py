"""The twin as a networkx graph: what leans on what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import networkx as nx

from forestall.api.base import Key
from forestall.twin.model import Element

if TYPE_CHECKING:
    from forestall.twin.view import View

LAYERS = {"Node": "platform", "Deployment": "workload", "Pod": "workload", "Service": "service"}


def graph(view: View) -> nx.MultiDiGraph[Key]:
    """Elements by key, each with its `layer` and `element`; an arc leads from what is carried to what carries it.

    Arcs: Service to pod, workload to pod, pod to node. A pod's `risk_group` is the node that takes it down; it is
    absent while the pod is not bound. Pods that terminate carry nothing and are left out.
    """
    found: nx.MultiDiGraph[Key] = nx.MultiDiGraph()
    elements: Iterable[Element] = (*view.nodes.values(), *view.workloads.values(), *view.services.values())
    for element in elements:
        found.add_node(element.key, layer=LAYERS[element.key.kind], element=element)
    for pod in view.pods.values():
        if not pod.terminating:
            group = {"risk_group": view.nodes[pod.node].key} if pod.node in view.nodes else {}
            found.add_node(pod.key, layer=LAYERS["Pod"], element=pod, **group)
            found.add_edges_from((pod.key, carrier, {"relation": "supported by"}) for carrier in group.values())
    for upper, pods in _upper(view):
        found.add_edges_from((upper, key, {"relation": "supported by"}) for key in pods)
    return found


def _upper(view: View) -> Iterable[tuple[Key, list[Key]]]:
    for service in view.services:
        yield service, [pod.key for pod in view.pods_of_service(service)]
    for workload in view.workloads:
        yield workload, [pod.key for pod in view.pods_of_workload(workload)]


def carried_by(found: nx.MultiDiGraph[Key], element: Key, kind: str) -> tuple[Key, ...]:
    """Elements of a kind that lean on `element`, directly or through others, ordered."""
    return tuple(sorted(key for key in nx.ancestors(found, element) if key.kind == kind))
