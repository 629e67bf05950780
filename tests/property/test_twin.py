"""The twin's answers on random small clusters, held against plain searches that know no index and no shortcut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.api.base import Key
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.inspection.contingencies import outlook
from forestall.inspection.losses import stakes
from forestall.ports import Json
from forestall.twin.live import Live
from forestall.twin.view import View
from forestall.twin.views import Snapshot
from tests.unit.twin.objects import (
    SHOP,
    claim,
    deployment,
    mounted,
    node,
    pod,
    replica_set,
    service,
    snapshot,
    volume,
)

SETTINGS = settings(max_examples=150, derandomize=True, deadline=None)
NODES, NAMES = ("a", "b", "c", "d"), ("web", "api")
CLAIMS = ("data", "logs")
AFFINITIES: Sequence[dict[str, str]] = ({}, *({"kubernetes.io/hostname": name} for name in NODES))
SELECTORS = st.dictionaries(
    st.sampled_from(("app", "pod-template-hash")), st.sampled_from(("web", "api", "web-1", "api-2")), max_size=2
)


@st.composite
def clusters(draw: st.DrawFn) -> Sequence[Json]:
    nodes = [
        node(name, cpu=str(draw(st.integers(0, 6))), ready=draw(st.booleans()), unschedulable=draw(st.booleans()))
        for name in NODES
    ]
    sets = [replica_set(name, revision) for name in NAMES for revision in ("1", "2")]
    workloads = [deployment(name, replicas=draw(st.integers(0, 6))) for name in NAMES]
    pods = [
        pod(f"pod-{place}", draw(st.sampled_from((*NODES, ""))), owner=draw(owners), ready=draw(st.booleans()))
        for place in range(draw(st.integers(0, 10)))
        for owners in [st.sampled_from([item["metadata"]["name"] for item in sets])]
    ]
    services = [
        service(f"service-{place}", **selector) for place, selector in enumerate(draw(st.lists(SELECTORS, max_size=4)))
    ]
    claims = [claim(name, name) for name in CLAIMS]
    volumes = [volume(name, **draw(st.sampled_from(AFFINITIES))) for name in CLAIMS]
    mounting = [mounted(item, *draw(st.sets(st.sampled_from(CLAIMS)))) for item in pods]
    return [*nodes, *sets, *workloads, *mounting, *services, *claims, *volumes]


def ready_by_search(view: View, service_key: Key) -> list[Key]:
    selector = view.services[service_key].selector
    return [
        found.key
        for found in view.pods.values()
        if selector and all(found.labels.get(label) == value for label, value in selector.items())
        if found.ready and found.node in view.nodes and view.nodes[found.node].ready
        if all(reached(view, name) for name in found.claims)
    ]


def reached(view: View, name: str) -> bool:
    """Whether a ready node reaches the volume of a claim, which all nodes do, or one."""
    terms = view.claims[Key("PersistentVolumeClaim", SHOP, name)].reach
    homes = [node for node in view.nodes.values() if any(term.matches(node.labels) for term in terms)]
    return not terms or any(node.ready for node in homes)


@SETTINGS
@given(clusters())
def test_ready_pods_are_those_that_a_search_through_all_pods_finds(cluster: Sequence[Json]) -> None:
    view = snapshot(cluster)

    for key in view.services:
        assert [found.key for found in view.ready_pods(key)] == ready_by_search(view, key)
        assert view.ready_by_node(key) == Counter(found.node for found in view.ready_pods(key))


@SETTINGS
@given(clusters())
def test_services_on_a_node_are_those_that_networkx_reaches_it_from(cluster: Sequence[Json]) -> None:
    view = snapshot(cluster)
    graph = view.to_networkx()

    for name in NODES:
        expected = [key for key in sorted(view.services) if nx.has_path(graph, key, view.nodes[name].key)]
        assert list(view.services_on_node(name)) == expected
        assert expected == [
            key for key in sorted(view.services) if any(p.node == name for p in view.pods_of_service(key))
        ]


@SETTINGS
@given(clusters(), st.integers(1, 4))
def test_single_points_of_failure_are_the_nodes_that_networkx_finds_when_it_takes_them_away(
    cluster: Sequence[Json], minimum: int
) -> None:
    view = snapshot(cluster)
    policy = policy_of(view, minimum)
    seen = outlook(policy, view.potential(), {}, stakes(policy, view))

    for key in view.services:
        assert seen.now(key.name).state == state(left(view, key, ""), minimum)
        for name in seen.losses:
            assert seen.after(key.name, name).state == state(left(view, key, name), minimum)


def policy_of(view: Snapshot, minimum: int) -> InspectionPolicy:
    goals = [{"name": key.name, "available": {"service": key.name, "minReady": minimum}} for key in view.services]
    spec = {"twinRef": {"name": "t"}, "goals": goals, "inspections": [{"name": "spof", "singlePointOfFailure": {}}]}
    return InspectionPolicy.model_validate({"metadata": {"name": "p", "namespace": SHOP}, "spec": spec})


def left(view: Snapshot, service_key: Key, lost: str) -> int:
    """Ready pods of a Service that still have a ready node, in a graph without what does not serve."""
    graph = view.to_networkx()
    dead = [found.key for found in view.nodes.values() if not found.ready or f"node/{found.key.name}" == lost]
    without = view.potential().lose_node(lost.partition("/")[2]) if lost else view
    adrift = [found.key for found in view.pods.values() if not all(reached(without, name) for name in found.claims)]
    graph.remove_nodes_from([*dead, *adrift, *(found.key for found in view.pods.values() if not found.ready)])
    return sum(graph.out_degree(key) > 0 for key in graph.successors(service_key))


def state(ready: int, minimum: int) -> str:
    return "Fulfilled" if ready >= minimum else "NotFulfilled"


@SETTINGS
@given(clusters(), st.integers(0, 8), st.integers(1, 3))
def test_placement_never_overfills_a_node_nor_loses_a_pod(cluster: Sequence[Json], replicas: int, skew: int) -> None:
    view = snapshot(cluster)
    before = requested(view)

    for key in view.workloads:
        scaled, spread = view.potential().set_replicas(key, replicas), view.potential().spread(key, skew)
        assert len(scaled.pods_of_workload(key)) == replicas
        assert len(spread.pods_of_workload(key)) == view.workloads[key].replicas
        counts = Counter(found.node for found in spread.pods_of_workload(key) if found.node)
        assert max(counts.values(), default=0) - min((counts[name] for name in open_nodes(view)), default=0) <= skew
        for after in (scaled, spread):
            assert all(
                load <= max(view.nodes[name].allocatable.cpu, before[name])
                for name, load in requested(after).items()
                if name
            )
        assert [pod for pod in view.pods.values() if pod.workload != key] == [
            pod for pod in spread.pods.values() if pod.workload != key
        ]


def requested(view: View) -> Counter[str]:
    found: Counter[str] = Counter()
    for item in view.pods.values():
        found[item.node] += item.requests.cpu
    return found


def open_nodes(view: View) -> list[str]:
    return [name for name, found in view.nodes.items() if found.ready and found.schedulable]


@SETTINGS
@given(clusters().flatmap(lambda cluster: st.tuples(st.just(cluster), st.permutations(cluster))))
def test_a_snapshot_depends_on_what_is_there_and_not_on_how_it_came(
    pair: tuple[Sequence[Json], Sequence[Json]],
) -> None:
    cluster, shuffled = pair
    noisy = Live()
    for item in (*cluster, *shuffled):
        noisy.apply(item["kind"], item)

    assert noisy.snapshot().id == snapshot(cluster).id
    assert list(noisy.snapshot().pods) == list(snapshot(cluster).pods)
