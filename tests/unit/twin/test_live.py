"""The twin that follows the cluster."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from forestall.adapters.resources import TWIN_KINDS
from forestall.api.base import Key
from forestall.ports import Json
from forestall.twin.live import PARSERS, Live
from tests.unit.twin.objects import (
    SHOP,
    WEB,
    WEB_SERVICE,
    autoscaler,
    claim,
    container,
    deployment,
    job,
    live,
    mounted,
    mounting,
    node,
    nodes,
    pod,
    replica_set,
    service,
    volume,
    web,
)


def test_all_kinds_that_the_twin_is_fed_with_can_be_read() -> None:
    assert {resource.kind for resource in TWIN_KINDS} == set(PARSERS)


def test_the_order_of_arrival_does_not_matter() -> None:
    objects = [node("a"), deployment(), replica_set(), service(), pod("web-1-0", "a")]

    ids = {live(order).snapshot().id for order in itertools.permutations(objects)}

    assert len(ids) == 1
    assert ids.pop().startswith("sha256:")


def test_a_pod_belongs_to_the_deployment_behind_its_replica_set() -> None:
    twin = live([*nodes(), pod("web-1-0", "a")])
    assert twin.snapshot().pods_of_workload(WEB) == ()

    twin.apply("ReplicaSet", replica_set())

    assert [found.key.name for found in twin.snapshot().pods_of_workload(WEB)] == ["web-1-0"]


def test_pods_of_the_latest_revision_are_current() -> None:
    rollout = [deployment(), replica_set(), pod("web-1-0", "a"), pod("web-2-0", "a", owner="web-2")]
    twin = live(rollout)
    assert not twin.snapshot().workloads[WEB].previous_revision

    twin.apply("ReplicaSet", replica_set(revision="2"))

    view = twin.snapshot()
    assert {found.key.name: found.current for found in view.pods_of_workload(WEB)} == {
        "web-1-0": False,
        "web-2-0": True,
    }
    assert (view.workloads[WEB].revision, view.workloads[WEB].previous_revision) == (2, True)


def test_an_older_template_that_is_restored_is_the_latest_again() -> None:
    twin = live([deployment(), replica_set(), replica_set(revision="2"), pod("web-1-0", "a")])
    restored = replica_set()
    restored["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3"

    twin.apply("ReplicaSet", restored)

    assert twin.snapshot().pods_of_workload(WEB)[0].current
    assert twin.snapshot().workloads[WEB].revision == 3


def test_the_same_snapshot_is_given_while_nothing_changes() -> None:
    twin = live([*nodes(), *web("a")])
    first = twin.snapshot()

    noise = pod("web-1-0", "a")
    noise["metadata"] |= {"resourceVersion": "99", "annotations": {"touched": "yes"}, "managedFields": [{}]}
    twin.apply("Pod", noise)
    twin.set_loads({})
    twin.remove("Pod", SHOP, "unknown")

    assert not twin.dirty
    assert twin.snapshot() is first


def test_a_change_that_was_undone_before_anybody_looked_is_none() -> None:
    twin = live([*nodes(), *web("a")])
    first = twin.snapshot()

    twin.apply("Pod", pod("web-1-0", "a", ready=False))
    twin.apply("Pod", pod("web-1-0", "a"))

    assert twin.dirty
    assert twin.snapshot() is first
    assert not twin.dirty


def test_a_container_that_is_started_once_more_changes_nothing_once_it_has_been_started_often() -> None:
    def crashing(restarts: int) -> Json:
        ended = {"terminated": {"reason": "Error", "exitCode": 1}}
        waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}}
        status = {"ready": False, "restartCount": restarts, "state": waiting, "lastState": ended}
        return pod("web-1-0", "a", ready=False, status=status)

    twin = live([*nodes(), *web("a"), crashing(7)])
    first = twin.snapshot()

    twin.apply("Pod", crashing(8))

    assert not twin.dirty
    assert twin.snapshot() is first


def test_a_load_is_a_new_generation_of_the_same_structure() -> None:
    twin = live([*nodes(), *web("a")])
    first = twin.snapshot()

    twin.set_loads({WEB_SERVICE: Decimal("0.5")})
    second = twin.snapshot()

    assert (second.generation, second.id) == (first.generation + 1, first.id)
    assert (first.loads, second.loads) == ({}, {WEB_SERVICE: Decimal("0.5")})


@pytest.mark.parametrize(
    "change",
    [
        pod("web-1-0", "a", ready=False),
        pod("web-1-0", "b"),
        pod("web-1-7", "a"),
        node("a", unschedulable=True),
        deployment(replicas=5),
        deployment(cpu="2", replicas=1),
        service(app="other"),
        replica_set(revision="2"),
        {"kind": "PodDisruptionBudget", "metadata": {"name": "web", "namespace": SHOP}, "spec": {"minAvailable": 1}},
        job("nightly", "Failed"),
        pod("web-1-0", "a", status={"restartCount": 1, "lastState": {"terminated": {"reason": "Error"}}}),
        service("web", {"port": 80, "targetPort": "http"}),
        claim(),
        claim("logs", mode="ReadWriteOnce"),
        volume("ring", zone="y"),
        autoscaler(2, 4),
        autoscaler(1, 4, acts=False),
        mounted(pod("web-1-0", "a"), "logs"),
    ],
)
def test_a_change_of_structure_is_a_new_generation_with_another_id(change: Json) -> None:
    twin = live([*nodes(), *web("a"), claim("logs", "ring"), volume("ring", zone="x"), autoscaler(1, 4)])
    first = twin.snapshot()

    twin.apply(change["kind"], change)
    second = twin.snapshot()

    assert second.generation == first.generation + 1
    assert second.id != first.id


def test_a_claim_has_its_reach_from_its_volume_whichever_comes_first() -> None:
    key, pair = Key("PersistentVolumeClaim", SHOP, "data"), [claim(), volume(zone="x")]
    one, other = (live(order).snapshot() for order in (pair, pair[::-1]))

    assert one.claims[key].reach == other.claims[key].reach != ()
    assert one.id == other.id


def test_a_workload_is_held_by_the_volumes_of_its_claims_until_they_are_gone() -> None:
    twin = live([deployment(**mounting("data", "logs")), claim(mode="ReadWriteOnce"), volume(zone="x"), claim("logs")])
    moored = twin.snapshot().workloads[WEB]
    assert (len(moored.moorings), moored.sharing) == (2, "Node")

    twin.remove("PersistentVolume", "", "disk")
    free = twin.snapshot().workloads[WEB]
    assert (free.moorings, free.sharing) == ((), "Node")

    twin.remove("PersistentVolumeClaim", SHOP, "data")
    assert twin.snapshot().workloads[WEB].sharing == "Nodes"


def test_a_claim_that_has_no_volume_yet_holds_nobody() -> None:
    held = live([deployment(**mounting("data")), claim(volume="", mode="ReadWriteOnce")]).snapshot().workloads[WEB]
    assert (held.moorings, held.sharing) == ((), "Nodes")


def test_a_pod_that_changed_shows_as_it_is_now() -> None:
    twin = live([*nodes(), *web("a")])
    assert len(twin.snapshot().ready_pods(WEB_SERVICE)) == 1

    twin.apply("Pod", pod("web-1-0", "a", ready=False))

    assert twin.snapshot().ready_pods(WEB_SERVICE) == ()
    assert [found.ready for found in twin.snapshot().pods_of_workload(WEB)] == [False]


def test_a_snapshot_stays_as_it_was_taken() -> None:
    twin = live([*nodes(), *web("a")])
    first = twin.snapshot()

    twin.remove("Pod", SHOP, "web-1-0")
    twin.remove("Node", "", "a")

    assert len(first.ready_pods(WEB_SERVICE)) == 1
    assert twin.snapshot().ready_pods(WEB_SERVICE) == ()


def test_a_pod_that_ended_leaves_the_twin() -> None:
    twin = live([*nodes(), *web("a")])
    ended = pod("web-1-0", "a")
    ended["status"]["phase"] = "Failed"

    twin.apply("Pod", ended)

    assert twin.snapshot().pods == {}


@pytest.mark.parametrize(
    ("kind", "hostile"),
    [
        ("Pod", {"spec": {"containers": [{"resources": {"requests": {"memory": "1e1000"}}}]}}),
        ("Pod", {"spec": {"containers": "none"}}),
        ("Pod", {"status": {"conditions": {}}}),
        ("Pod", {"spec": {"nodeName": "x" * 100_000}}),
        ("Node", {"status": {"allocatable": {"cpu": []}}}),
        ("Node", {"spec": {"taints": [7]}}),
        ("Deployment", {"spec": {"replicas": 10**12}}),
        ("Deployment", {"spec": {"template": []}}),
        ("ReplicaSet", {"metadata": {"name": "odd", "annotations": {"deployment.kubernetes.io/revision": "one"}}}),
        ("Service", {"spec": {"selector": ["app"]}}),
        ("Service", {"spec": {"ports": [{"targetPort": 70_000_000_000_000_000_000}]}}),
        ("Pod", {"status": {"containerStatuses": [{"state": {"running": {"startedAt": "yesterday"}}}]}}),
        ("Job", {"metadata": {"name": "odd", "namespace": SHOP, "creationTimestamp": "0001-01-01T00:00:00Z"}}),
        ("Job", {"status": {"conditions": "none"}}),
        ("PodDisruptionBudget", {"spec": {"selector": {"matchExpressions": [{"values": "x"}]}}}),
        ("PersistentVolumeClaim", {"spec": {"accessModes": "all"}}),
        ("PersistentVolume", {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": {}}}}}),
        ("HorizontalPodAutoscaler", {"spec": {"scaleTargetRef": {"kind": "Deployment", "name": 7}}}),
        ("HorizontalPodAutoscaler", {"spec": autoscaler(0, 10**12)["spec"]}),
        ("Pod", {"spec": {"volumes": [{"persistentVolumeClaim": "data"}]}}),
    ],
)
def test_an_object_that_cannot_be_read_is_a_defect_and_no_error(kind: str, hostile: Json) -> None:
    twin = Live()
    metadata = {"name": "odd", "namespace": SHOP}

    twin.apply(kind, {**hostile, "metadata": {**metadata, **hostile.get("metadata", {})}})

    assert list(twin.defects) == [Key(kind, SHOP, "odd")]
    assert twin.snapshot().defects == twin.defects


def rich() -> list[Json]:
    """One object of each kind with all the fields that are read."""
    rule = {"topologyKey": "kubernetes.io/hostname", "maxSkew": 1, "labelSelector": {"matchLabels": {"app": "web"}}}
    need = {"key": "zone", "operator": "In", "values": ["x"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [need], "matchFields": [need]}]}
    term = "requiredDuringSchedulingIgnoredDuringExecution"
    pod_spec: Json = {
        "initContainers": [container()],
        "overhead": {"cpu": "1"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "gpu", "operator": "Exists", "value": "", "effect": ""}],
        "affinity": {"nodeAffinity": {term: terms}, "podAntiAffinity": {term: [rule]}},
        "topologySpreadConstraints": [rule],
    }
    end = {"reason": "Error", "exitCode": 1, "startedAt": "2030-01-01T10:00:00Z", "finishedAt": "2030-01-01T10:00:09Z"}
    running = {"running": {"startedAt": "2030-01-01T10:01:00Z"}}
    kubelet = {"restartCount": 3, "started": False, "state": running, "lastState": {"terminated": end}}
    get = {"port": 8080, "path": "/"}
    probe = {"httpGet": get, "initialDelaySeconds": 1, "periodSeconds": 1, "failureThreshold": 1}
    ports = [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
    budget = {"selector": {"matchLabels": {"app": "web"}, "matchExpressions": [need]}, "minAvailable": 1}
    return [
        node("a", taints=[{"key": "gpu", "value": "", "effect": "NoSchedule"}], unschedulable=True),
        deployment(**pod_spec),
        replica_set(),
        service("web", {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}),
        pod("web-1-0", "a", ready=False, status=kubelet, readinessProbe=probe, startupProbe=probe, ports=ports),
        job("nightly-1", "Failed", cron="nightly"),
        {"kind": "PodDisruptionBudget", "metadata": {"name": "web", "namespace": SHOP}, "spec": budget},
        claim(),
        volume(zone="x"),
        autoscaler(acts=False),
        mounted(pod("web-1-1", "a"), "data"),
    ]


JUNK: Sequence[Any] = (
    None,
    True,
    -1,
    2**70,
    1.5,
    float("nan"),
    "",
    "x" * 10_000,
    "\ud800",
    [],
    [[]],
    [None],
    {},
    {"": {}},
)


def spoilt(value: Any) -> Iterator[Any]:
    """The object, each time with one of its parts replaced by something that has no business there."""
    yield from JUNK
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, part in list(parts):
        for other in spoilt(part):
            changed = value.copy()
            changed[place] = other
            yield changed


@pytest.mark.parametrize("obj", rich(), ids=lambda obj: str(obj["kind"]))
def test_whatever_stands_in_a_field_the_twin_goes_on(obj: Json) -> None:
    twin, refused = live(rich()), 0

    for other in spoilt(obj):
        twin.apply(obj["kind"], other)
        refused += bool(twin.defects)
        twin.snapshot().to_networkx()

    assert refused > 10


@pytest.mark.parametrize(
    "thing", [None, 7, "text", [], {}, {"metadata": {"name": {}}}, {"metadata": {"name": "x" * 10_000}}]
)
def test_a_thing_that_is_no_object_is_a_defect_without_a_name(thing: Any) -> None:
    twin = Live()

    twin.apply("Pod", thing)

    assert list(twin.defects) == [Key("Pod", "", "")]


def test_what_was_known_of_an_object_is_forgotten_when_it_can_no_longer_be_read() -> None:
    twin = live([*nodes(), *web("a")])

    twin.apply("Pod", {"metadata": {"name": "web-1-0", "namespace": SHOP}, "spec": []})

    assert twin.snapshot().ready_pods(WEB_SERVICE) == ()


def test_a_defect_is_gone_once_the_object_can_be_read_or_is_gone_itself() -> None:
    twin = Live()
    for name in ("one", "two"):
        twin.apply("Service", {"metadata": {"name": name, "namespace": SHOP}, "spec": []})

    twin.apply("Service", service("one"))
    twin.remove("Service", SHOP, "two")

    assert twin.defects == {}
    assert twin.snapshot().defects == {}
