"""What is, and what would be."""

from __future__ import annotations

from collections import Counter

import pytest

from forestall.api.base import Key
from forestall.ports import Json
from forestall.twin.topology import RiskGroup, Topology
from forestall.twin.view import View
from forestall.twin.views import Intended, Potential, Snapshot
from tests.unit.twin.networks import A, C, cable, demand, platform, ring, router
from tests.unit.twin.objects import (
    WEB,
    WEB_SERVICE,
    deployment,
    live,
    node,
    nodes,
    pod,
    replica_set,
    service,
    snapshot,
    unscheduled,
    web,
)


def homes(view: View) -> Counter[str]:
    """Nodes of the ready pods of `web`, each with their number."""
    return Counter(found.node for found in view.ready_pods(WEB_SERVICE))


def names(view: View) -> list[str]:
    return [found.key.name for found in view.ready_pods(WEB_SERVICE)]


def takes_snapshot(_: Snapshot) -> None: ...


def takes_potential(_: Potential) -> None: ...


def takes_view(_: View) -> None: ...


def test_a_supposition_cannot_pass_for_a_fact_nor_a_fact_for_a_supposition() -> None:
    """The type checker refuses both calls: it fails on an ignore that is not needed."""
    fact = snapshot([])

    takes_snapshot(fact.potential())  # type: ignore[arg-type]  # the refusal is what is tested
    takes_potential(fact)  # type: ignore[arg-type]  # the refusal is what is tested
    assert not issubclass(Potential, Snapshot)
    assert not issubclass(Snapshot, Potential)


def test_networks_that_are_supposed_cannot_pass_for_facts_and_intentions_for_neither() -> None:
    """The type checker refuses each call: it fails on an ignore that is not needed."""
    fact = snapshot([])

    takes_snapshot(fact.potential().lose())  # type: ignore[arg-type]  # the refusal is what is tested
    takes_snapshot(fact.potential().set_metrics({}))  # type: ignore[arg-type]  # the refusal is what is tested
    takes_snapshot(fact.intended())  # type: ignore[arg-type]  # the refusal is what is tested
    takes_view(fact.intended())  # type: ignore[arg-type]  # the refusal is what is tested
    assert not issubclass(Intended, View)


def test_network_edits_are_told_and_leave_the_facts_alone() -> None:
    twin = live(nodes())
    networks = ring("abcd", demand("a", "b", 1e9))
    twin.declare(networks)
    fact, moved = twin.snapshot(), Key("Demand", "", "a>b")
    view = (
        fact.potential().set_metrics({cable("a", "b"): 7}).move_demands({moved: (A, C)}).lose(A, Key("Node", "", "b"))
    )

    assert (view.topology.links[cable("a", "b")].metric, view.topology.nodes[A].up) == (7, False)
    assert view.topology.demands[moved].target == C
    assert not view.nodes["b"].ready
    assert view.edits == (
        "set the metric of NetworkLink/backbone/a-b to 7",
        "move Demand/a>b to lead from NetworkNode/backbone/a to NetworkNode/backbone/c",
        "lose NetworkNode/backbone/a, Node/b",
    )
    assert fact.topology.id == networks.id
    assert fact.nodes["b"].ready


def test_a_risk_group_takes_its_members_down_and_a_platform_node_the_kubernetes_node() -> None:
    zone = Key("RiskGroup", "", "zone=x")
    twin = live([], labels={"zone": "zone"})
    for name, value in (("a", "x"), ("b", "x"), ("c", "y")):
        twin.apply("Node", node(name, labels={"zone": value}))
    twin.declare(platform({"a": "a", "c": "c"}))

    fact = twin.snapshot()
    assert [name for name, one in fact.potential().lose(zone).nodes.items() if not one.ready] == ["a", "b"]
    lost = fact.potential().lose(router("c", "cluster"))
    assert [name for name, one in lost.nodes.items() if not one.ready] == ["c"]
    assert not fact.potential().lose_node("c").topology.nodes[router("c", "cluster")].up


def test_a_node_that_was_supposed_lost_is_back_with_what_stands_on_it() -> None:
    view = snapshot([*nodes("a", "b"), *web("a", "b")]).potential().lose_nodes(("a", "b")).regain_nodes(("b",))
    assert [pod.node for pod in view.ready_pods(WEB_SERVICE)] == ["b"]
    assert view.edits == ("lose node/a, node/b", "regain node/b")


def test_pods_without_a_place_find_one_on_a_node_that_is_back() -> None:
    given = snapshot([*nodes("a", "b"), *web("a")]).potential().lose_node("b")
    waiting = given.drain("a").set_replicas(WEB, 1)
    assert waiting.ready_pods(WEB_SERVICE) == ()
    assert [pod.node for pod in waiting.regain_nodes(("b",)).ready_pods(WEB_SERVICE)] == ["b"]


def test_a_group_may_have_members_that_nobody_knows() -> None:
    twin = live(nodes())
    duct = Key("RiskGroup", "", "duct")
    group = RiskGroup(key=duct, cause="conduit", members=(cable("a", "b"), cable("x", "y"), Key("Node", "", "x")))
    twin.declare(ring().plus(Topology.of(groups=[group])))
    view = twin.snapshot().potential().lose(duct)
    assert [key for key, one in view.topology.links.items() if not one.up] == [cable("a", "b")]


@pytest.mark.parametrize("lost", [router("x"), cable("x", "y"), Key("RiskGroup", "", "x"), Key("Node", "", "x")])
def test_what_is_not_there_cannot_be_lost(lost: Key) -> None:
    with pytest.raises(KeyError):
        snapshot(nodes()).potential().lose(lost)


def test_a_supposition_leaves_the_facts_and_earlier_suppositions_alone() -> None:
    fact = snapshot([*nodes(), *web("a", "b")])
    first = fact.potential()
    first.lose_node("a").set_replicas(WEB, 5).spread(WEB, 1)

    assert homes(fact) == homes(first) == {"a": 1, "b": 1}
    assert fact.nodes["a"].ready
    assert fact.workloads[WEB].replicas == 2


def test_a_supposition_tells_its_edits_in_order() -> None:
    view = snapshot([*nodes(), *web("a")]).potential().lose_node("b").set_replicas(WEB, 2)

    assert view.edits == ("lose node/b", "set Deployment/shop/web to 2 replicas")


@pytest.mark.parametrize("edit", ["set_replicas", "spread"])
def test_what_is_not_there_cannot_be_edited(edit: str) -> None:
    view = snapshot(nodes()).potential()

    with pytest.raises(KeyError):
        getattr(view, edit)(WEB, 1)
    with pytest.raises(KeyError):
        view.restore_template(WEB)
    with pytest.raises(KeyError):
        view.lose_node("unknown")


def test_losing_a_node_stops_what_is_on_it_and_moves_nothing() -> None:
    view = snapshot([*nodes(), *web("a", "a", "b")]).potential().lose_node("a")

    assert names(view) == ["web-1-2"]
    assert len(view.pods_of_workload(WEB)) == 3


def test_scaling_up_places_ready_pods_on_the_nodes_with_the_fewest() -> None:
    view = snapshot([*nodes(), *web("a", "a")]).potential().set_replicas(WEB, 4)

    assert homes(view) == {"a": 2, "b": 1, "c": 1}
    assert view.workloads[WEB].replicas == 4


def test_scaling_up_leaves_pods_pending_where_there_is_no_room() -> None:
    full = [node("a", cpu="1"), node("b", cpu="1"), node("c", unschedulable=True)]
    view = snapshot([*full, *web("a")]).potential().set_replicas(WEB, 4)

    assert homes(view) == {"a": 1, "b": 1}
    assert [found.node for found in view.pods_of_workload(WEB)].count("") == 2


def test_scaling_up_from_nothing_makes_pods_that_the_service_selects() -> None:
    assert homes(snapshot([*nodes(), *web()]).potential().set_replicas(WEB, 2)) == {"a": 1, "b": 1}


def test_scaling_down_removes_what_does_not_serve_first_then_doubled_pods() -> None:
    cluster = [*nodes(), *web("a", "b", "b"), pod("web-1-8", "c", ready=False), pod("web-1-9", "")]
    view = snapshot(cluster).potential()

    assert names(view.set_replicas(WEB, 3)) == ["web-1-0", "web-1-1", "web-1-2"]
    assert homes(view.set_replicas(WEB, 2)) == {"a": 1, "b": 1}
    assert names(view.set_replicas(WEB, 0)) == []


def test_new_pods_of_a_template_that_runs_nowhere_share_its_fault() -> None:
    stuck = [*nodes(), deployment(replicas=1), replica_set(), service(), pod("web-1-0", "a", waiting="ErrImagePull")]

    view = snapshot(stuck).potential().set_replicas(WEB, 3)

    assert homes(view) == {}
    assert {found.waiting for found in view.pods_of_workload(WEB)} == {"ErrImagePull"}


@pytest.mark.parametrize("waiting", ["ContainerCreating", "PodInitializing"])
def test_a_pod_that_is_starting_says_nothing_against_new_ones(waiting: str) -> None:
    cluster = [*nodes(), deployment(replicas=1), replica_set(), service(), pod("web-1-0", "a", waiting=waiting)]

    assert homes(snapshot(cluster).potential().set_replicas(WEB, 3)) == {"b": 1, "c": 1}


def test_one_pod_with_a_fault_says_nothing_against_new_ones_while_another_runs() -> None:
    cluster = [*nodes(), *web("a"), pod("web-1-9", "b", waiting="ErrImagePull")]

    assert homes(snapshot(cluster).potential().set_replicas(WEB, 3)) == {"a": 1, "c": 1}


def test_spreading_places_all_pods_anew_and_evenly() -> None:
    view = snapshot([*nodes(), *web("a", "a", "a")]).potential().spread(WEB, 1)

    assert homes(view) == {"a": 1, "b": 1, "c": 1}
    assert view.workloads[WEB].max_skew == 1


@pytest.mark.parametrize(
    "other",
    [node("b", unschedulable=True), node("b", ready=False), node("b", taints=[{"key": "x", "effect": "NoExecute"}])],
)
def test_spreading_leaves_out_nodes_that_are_closed_to_the_pods(other: Json) -> None:
    assert homes(snapshot([node("a"), other, *web("a", "a")]).potential().spread(WEB, 1)) == {"a": 2}


def test_spreading_beside_a_full_node_leaves_pods_pending() -> None:
    cluster = [node("a"), node("b", cpu="1"), pod("api-1-0", "b", owner="api-1"), *web("a", "a", "a")]

    assert homes(snapshot(cluster).potential().spread(WEB, 1)) == {"a": 1}


def broken_rollout(*old: Json) -> list[Json]:
    """Revision 2 of `web` cannot pull its image; of revision 1 there is what is left."""
    stuck = pod("web-2-0", "c", owner="web-2", waiting="ErrImagePull")
    return [*nodes(), deployment(replicas=3), replica_set(), replica_set(revision="2"), service(), *old, stuck]


def test_restoring_the_template_keeps_its_pods_and_makes_up_their_number() -> None:
    view = snapshot(broken_rollout(pod("web-1-0", "a"), pod("web-1-1", "b"))).potential().restore_template(WEB)

    assert homes(view) == {"a": 1, "b": 1, "c": 1}
    assert not any(found.waiting or not found.current for found in view.pods_of_workload(WEB))


def test_restoring_the_template_serves_even_where_nothing_of_it_is_left() -> None:
    assert homes(snapshot(broken_rollout()).potential().restore_template(WEB)) == {"a": 1, "b": 1, "c": 1}


def test_restoring_a_template_that_never_was_changes_nothing() -> None:
    view = snapshot([*nodes(), *web("a")]).potential().restore_template(WEB)

    assert names(view) == ["web-1-0"]
    assert view.edits == ("restore the previous template of Deployment/shop/web: there is none",)


def held_up(*more: Json, cpu: str = "1") -> list[Json]:
    """Revision 2 of `web` has no room on `a` beside revision 1, and `b` is cordoned."""
    hosts = [node("a", cpu="2"), node("b", cpu=cpu, unschedulable=True)]
    sets = [replica_set(), replica_set(revision="2")]
    old = [pod("web-1-0", "a"), pod("web-1-1", "a")]
    waits = unscheduled("web-2-0", "0/2 nodes are available", owner="web-2")
    return [*hosts, deployment(), *sets, service(), *old, waits, *more]


def test_a_rollout_that_a_cordon_held_up_comes_to_its_end_once_the_node_is_open() -> None:
    view = snapshot(held_up()).potential().set_schedulable("b", schedulable=True)

    assert homes(view) == {"a": 1, "b": 1}
    assert all(found.current for found in view.pods_of_workload(WEB))


def test_a_rollout_whose_pods_still_find_no_room_leaves_the_earlier_ones() -> None:
    view = snapshot(held_up(cpu="500m")).potential().set_schedulable("b", schedulable=True)

    assert Counter(found.current for found in view.pods_of_workload(WEB)) == {False: 2, True: 1}


def test_a_rollout_whose_new_pods_do_not_run_does_not_go_on() -> None:
    failing = pod("web-2-1", "a", owner="web-2", waiting="CrashLoopBackOff")
    view = snapshot(held_up(failing)).potential().set_schedulable("b", schedulable=True)

    assert homes(view) == {"a": 2}
