"""The twin as a networkx graph."""

from __future__ import annotations

import networkx as nx

from forestall.api.base import Key
from tests.unit.twin.objects import SHOP, WEB, WEB_SERVICE, nodes, pod, snapshot, web

NODE_A, POD = Key("Node", "", "a"), Key("Pod", SHOP, "web-1-0")


def test_arcs_lead_from_what_is_carried_to_what_carries_it() -> None:
    graph = snapshot([*nodes("a"), *web("a")]).to_networkx()

    assert sorted(graph.edges()) == [(WEB, POD), (POD, NODE_A), (WEB_SERVICE, POD)]
    assert nx.has_path(graph, WEB_SERVICE, NODE_A)


def test_elements_tell_their_layer_and_pods_their_risk_group() -> None:
    graph = snapshot([*nodes("a"), *web("a")]).to_networkx()

    layers = {key.kind: data["layer"] for key, data in graph.nodes(data=True)}
    assert layers == {"Node": "platform", "Pod": "workload", "Deployment": "workload", "Service": "service"}
    assert graph.nodes[POD]["risk_group"] == NODE_A


def test_a_pod_that_is_not_bound_has_no_risk_group() -> None:
    graph = snapshot([*nodes("a"), *web(), pod("web-1-0", "")]).to_networkx()

    assert "risk_group" not in graph.nodes[POD]
    assert list(graph.successors(POD)) == []


def test_a_graph_that_was_handed_out_can_be_changed_without_harm() -> None:
    view = snapshot([*nodes("a"), *web("a")])

    view.to_networkx().remove_node(NODE_A)

    assert NODE_A in view.to_networkx()
    assert view.services_on_node("a") == (WEB_SERVICE,)
