"""Kubernetes objects as elements of the twin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from forestall.api.base import Key
from forestall.ports import Json
from forestall.twin import kubernetes
from forestall.twin.model import Pod, Port, Requirement, Resources, Rollout, Selector, ServicePort, Taint, Toleration
from forestall.twin.reading import UnreadableError
from tests.unit.twin.objects import (
    SHOP,
    WEB,
    autoscaler,
    claim,
    container,
    deployment,
    job,
    mounted,
    mounting,
    node,
    pod,
    replica_set,
    service,
    unscheduled,
    volume,
)


def read(obj: Json) -> Pod:
    found = kubernetes.pod(obj)
    assert found is not None
    return found.pod


def test_a_node_tells_what_it_holds_and_whom_it_bars() -> None:
    taint = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}

    found = kubernetes.node(node("a", cpu="1500m", taints=[taint], unschedulable=True))

    assert found.key == Key("Node", "", "a")
    assert found.allocatable == Resources(1500, 8 * 2**30, 110)
    assert found.taints == (Taint("gpu", "NoSchedule", "yes"),)
    assert found.ready
    assert not found.schedulable


def test_a_node_without_a_true_ready_condition_is_not_ready() -> None:
    assert not kubernetes.node(node("a", ready=False)).ready
    assert not kubernetes.node({"metadata": {"name": "a"}}).ready


def test_a_node_that_tells_no_capacity_has_none() -> None:
    assert kubernetes.node({"metadata": {"name": "a"}}).allocatable == Resources(0, 0, 0)


@pytest.mark.parametrize("spec", [{}, {"selector": None}, {"type": "ExternalName", "selector": {"app": "web"}}])
def test_a_service_without_a_selector_and_an_alias_select_nothing(spec: Json) -> None:
    assert kubernetes.service({"metadata": {"name": "web"}, "spec": spec}).selector == {}


def test_a_service_selects_by_labels() -> None:
    assert kubernetes.service(service("web", app="web", tier="front")).selector == {"app": "web", "tier": "front"}


def test_a_budget_has_a_selector_with_expressions_and_an_amount_or_a_share() -> None:
    selector = {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "t", "operator": "In", "values": ["x"]}]}
    spec = {"selector": selector, "minAvailable": 1, "maxUnavailable": "30%"}

    found = kubernetes.budget({"metadata": {"name": "web", "namespace": SHOP}, "spec": spec})

    assert found.selector == Selector({"app": "web"}, (Requirement("t", "In", ("x",)),))
    assert (found.min_available, found.max_unavailable) == ("1", "30%")


def test_a_workload_has_its_template_s_labels_and_requests() -> None:
    found = kubernetes.workload(deployment(replicas=3, cpu="250m"))

    assert (found.key, found.uid, found.replicas) == (WEB, "uid-web", 3)
    assert found.requests == Resources(250, 0, 1)
    assert found.labels == {"app": "web"}


def test_a_workload_has_one_replica_unless_it_says_otherwise() -> None:
    assert kubernetes.workload({"metadata": {"name": "web"}, "spec": {}}).replicas == 1


@pytest.mark.parametrize("replicas", [-1, 2**31, "3", 1.5])
def test_a_replica_count_that_no_cluster_runs_is_unreadable(replicas: Any) -> None:
    with pytest.raises(UnreadableError, match="replicas"):
        kubernetes.workload(deployment(replicas=replicas))


def test_a_workload_tells_where_its_pods_may_run() -> None:
    expression = {"key": "zone", "operator": "In", "values": ["x"]}
    field = {"key": "metadata.name", "operator": "NotIn", "values": ["a"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression], "matchFields": [field]}]}
    found = kubernetes.workload(
        deployment(
            nodeSelector={"disk": "ssd"},
            tolerations=[{"key": "gpu", "operator": "Exists"}, {"key": "old", "value": "yes", "effect": "NoExecute"}],
            affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}},
        )
    )

    assert found.node_selector == {"disk": "ssd"}
    assert found.tolerations == (Toleration("gpu", "Exists"), Toleration("old", "Equal", "yes", "NoExecute"))
    needs = (Requirement("zone", "In", ("x",)), Requirement("metadata.name", "NotIn", ("a",)))
    assert found.node_terms == (Selector(requirements=needs),)


def rule(**more: Any) -> Json:
    return {
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "maxSkew": 2,
        "labelSelector": {"matchLabels": {"app": "web"}},
        **more,
    }


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], (None, False)),
        ([rule()], (2, True)),
        ([rule(nodeTaintsPolicy="Honor")], (2, False)),
        ([rule(), rule(maxSkew=1)], (1, True)),
        ([rule(whenUnsatisfiable="ScheduleAnyway")], (None, False)),
        ([rule(topologyKey="zone")], (None, False)),
        ([rule(labelSelector={"matchLabels": {"app": "api"}})], (None, False)),
        ([rule(labelSelector=None)], (None, False)),
        ([rule(labelSelector={"matchExpressions": [{"key": "app", "operator": "Exists"}]})], (2, True)),
    ],
)
def test_a_workload_s_skew_is_the_tightest_binding_rule_over_hosts_for_its_own_pods(
    rules: list[Json], expected: tuple[int | None, bool]
) -> None:
    found = kubernetes.workload(deployment(topologySpreadConstraints=rules))

    assert (found.max_skew, found.skew_counts_tainted) == expected


@pytest.mark.parametrize(
    ("term", "expected"),
    [(rule(), True), (rule(topologyKey="zone"), False), (rule(labelSelector={"matchLabels": {"app": "x"}}), False)],
)
def test_required_anti_affinity_to_itself_keeps_a_workload_s_pods_apart(term: Json, expected: bool) -> None:
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}

    assert kubernetes.workload(deployment(affinity=affinity)).one_per_node is expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"containers": [container("1"), container("500m")]}, Resources(1500, 0, 1)),
        ({"containers": [container("1")], "initContainers": [container("3")]}, Resources(3000, 0, 1)),
        (
            {"containers": [container("1")], "initContainers": [container("1", restartPolicy="Always")]},
            Resources(2000, 0, 1),
        ),
        (
            {
                "containers": [container("1")],
                "initContainers": [container("1", restartPolicy="Always"), container("3")],
            },
            Resources(4000, 0, 1),
        ),
        ({"containers": [container("1")], "overhead": {"cpu": "10m", "memory": "1Mi"}}, Resources(1010, 2**20, 1)),
        ({}, Resources(0, 0, 1)),
    ],
)
def test_a_pod_requests_what_its_containers_ask_together_or_its_start_at_its_peak(
    spec: Json, expected: Resources
) -> None:
    assert kubernetes.requests(spec) == expected


def test_a_pod_is_ready_by_its_condition_and_terminates_by_its_deletion_time() -> None:
    leaving = pod("web-1-0", "a")
    leaving["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"

    assert read(pod("web-1-0", "a")).ready
    assert not read(pod("web-1-0", "a", ready=False)).ready
    assert not read(pod("web-1-0", "a")).terminating
    assert read(leaving).terminating


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_is_no_element(phase: str) -> None:
    ended = pod("web-1-0", "a")
    ended["status"]["phase"] = phase

    assert kubernetes.pod(ended) is None


def test_a_pod_tells_which_image_its_container_waits_for() -> None:
    found = read(pod("web-1-0", "a", waiting="ImagePullBackOff"))

    (container,) = found.containers
    assert (found.waiting, container.waiting, container.image) == ("ImagePullBackOff", "ImagePullBackOff", "shop/web:1")
    assert container.message == "ImagePullBackOff: details"


def test_a_container_that_is_stuck_comes_before_one_that_is_starting() -> None:
    obj = pod("web-1-0", "a", waiting="ContainerCreating")
    obj["status"]["containerStatuses"].append({"name": "side", "state": {"waiting": {"reason": "ErrImagePull"}}})

    assert read(obj).waiting == "ErrImagePull"


def owned(kind: str, *, controller: bool = True, marks: Sequence[str] = ()) -> Json:
    obj = pod("web-1-0", "a")
    obj["metadata"]["ownerReferences"] = [{"kind": kind, "name": "web-1", "controller": controller}]
    obj["metadata"]["annotations"] = dict.fromkeys(marks, "3f1a")
    return obj


@pytest.mark.parametrize(
    ("obj", "stays"),
    [
        (owned("DaemonSet"), True),
        (owned("Node", marks=["kubernetes.io/config.mirror"]), True),
        (owned("DaemonSet", controller=False), False),
        (owned("ReplicaSet"), False),
        (owned("StatefulSet"), False),
    ],
    ids=["of a DaemonSet", "of the kubelet", "that a DaemonSet only mentions", "of a ReplicaSet", "of a StatefulSet"],
)
def test_a_drain_leaves_what_its_node_would_get_again(obj: Json, stays: bool) -> None:
    assert read(obj).stays is stays


def test_a_pod_belongs_to_the_replica_set_that_controls_it() -> None:
    owned, stray = pod("web-1-0", "a"), pod("web-1-0", "a")
    stray["metadata"]["ownerReferences"][0]["controller"] = False
    found, other = kubernetes.pod(owned), kubernetes.pod(stray)

    assert found is not None
    assert found.replica_set == Key("ReplicaSet", SHOP, "web-1")
    assert other is not None
    assert other.replica_set is None


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_a_pod_belongs_to_the_workload_that_controls_it_itself(kind: str) -> None:
    assert read(owned(kind)).workload == Key(kind, SHOP, "web-1")
    assert read(owned(kind, controller=False)).workload is None


def test_a_replica_set_tells_its_workload_and_its_revision() -> None:
    found = kubernetes.replica_set(replica_set(revision="12"))

    assert (found.workload, found.revision) == (WEB, 12)


@pytest.mark.parametrize("revision", ["-1", "x", "", "9" * 30, "٣"])
def test_a_revision_that_is_no_number_is_unreadable(revision: str) -> None:
    with pytest.raises(UnreadableError, match="revision"):
        kubernetes.replica_set(replica_set(revision=revision))


def test_a_node_that_is_not_ready_tells_why_and_whether_it_is_heard_of() -> None:
    lost = node("a", ready=False)
    lost["status"]["conditions"][0] |= {"reason": "NodeStatusUnknown", "message": "Kubelet stopped posting."}
    failing = node("b", ready=False)
    failing["status"]["conditions"][0] |= {"status": "False", "reason": "KubeletNotReady", "message": "no network"}

    silent, heard, well = (kubernetes.node(obj) for obj in (lost, failing, node("c")))

    assert (silent.problem, silent.silent) == ("NodeStatusUnknown: Kubelet stopped posting.", True)
    assert (heard.problem, heard.silent) == ("KubeletNotReady: no network", False)
    assert (well.problem, well.silent) == ("", False)


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"port": 80}, ServicePort("", 80, 80, "TCP")),
        ({"port": 80, "targetPort": 8080}, ServicePort("", 80, 8080, "TCP")),
        ({"name": "web", "port": 80, "targetPort": "http", "protocol": "UDP"}, ServicePort("web", 80, "http", "UDP")),
    ],
)
def test_a_service_s_port_leads_to_a_number_or_a_name(port: Json, expected: ServicePort) -> None:
    assert kubernetes.service(service("web", port)).ports == (expected,)


def test_a_service_may_lead_to_pods_that_are_not_ready() -> None:
    eager = service()
    eager["spec"]["publishNotReadyAddresses"] = True

    assert kubernetes.service(eager).unready_too
    assert not kubernetes.service(service()).unready_too


def test_a_pod_has_the_ports_of_its_containers_and_sidecars() -> None:
    obj = pod("web-1-0", "a", ports=[{"name": "http", "containerPort": 8080}])
    sidecar = container(restartPolicy="Always", ports=[{"containerPort": 53, "protocol": "UDP"}])
    obj["spec"]["initContainers"] = [container(ports=[{"containerPort": 9}]), sidecar]

    assert read(obj).ports == (Port("http", 8080, "TCP"), Port("", 53, "UDP"))


def test_a_pod_without_a_node_tells_what_the_scheduler_says() -> None:
    gated = unscheduled("web-1-0", "")
    gated["status"]["conditions"][0]["reason"] = "SchedulingGated"

    assert read(unscheduled("web-1-0", "0/2 nodes are available")).unschedulable == "0/2 nodes are available"
    assert read(unscheduled("web-1-0", "")).unschedulable == "unknown"
    assert read(gated).unschedulable == read(pod("web-1-0", "a")).unschedulable == ""


def rolling(status: Json, **spec: Any) -> Rollout:
    obj = deployment(replicas=2)
    return kubernetes.workload({**obj, "spec": {**obj["spec"], **spec}, "status": status}).rollout


def told(kind: str, status: str, reason: str, message: str) -> Json:
    return {"conditions": [{"type": kind, "status": status, "reason": reason, "message": message}]}


def test_a_rollout_tells_why_it_was_given_up_and_why_pods_are_refused() -> None:
    assert rolling(told("Progressing", "False", "ProgressDeadlineExceeded", "timed out")) == Rollout(
        stalled="ProgressDeadlineExceeded: timed out"
    )
    assert rolling(told("ReplicaFailure", "True", "FailedCreate", "forbidden")) == Rollout(
        refused="FailedCreate: forbidden"
    )
    assert rolling(told("Progressing", "True", "NewReplicaSetAvailable", "done")) == Rollout()
    assert rolling(told("ReplicaFailure", "False", "", "")) == rolling({}) == Rollout()


@pytest.mark.parametrize(
    ("status", "spec", "expected"),
    [
        ({"updatedReplicas": 2, "availableReplicas": 2}, {}, False),
        ({"updatedReplicas": 1, "availableReplicas": 2}, {}, True),
        ({"updatedReplicas": 2, "availableReplicas": 1}, {}, True),
        ({}, {}, True),
        ({}, {"paused": True}, False),
        ({}, {"progressDeadlineSeconds": 600}, False),
    ],
)
def test_a_rollout_without_a_deadline_is_open_ended_until_it_is_done(status: Json, spec: Json, expected: bool) -> None:
    assert rolling(status, **{"progressDeadlineSeconds": kubernetes.NEVER, **spec}).open_ended is expected


def test_a_job_has_an_origin_a_time_and_an_end() -> None:
    failed, done = kubernetes.job(job("nightly-1", "Failed", cron="nightly")), kubernetes.job(job("once", "Complete"))

    assert (failed.key.name, failed.origin) == ("nightly-1", Key("CronJob", SHOP, "nightly"))
    assert (failed.failed, failed.completed) == ("FailedReason: as it is", False)
    assert failed.created == datetime(2030, 1, 1, 10, tzinfo=UTC)
    assert (done.origin, done.failed, done.completed) == (done.key, "", True)


@pytest.mark.parametrize("name", ["", "Odd Name", "-x", "x" * 254, "tail-"])
def test_an_origin_whose_name_no_object_can_have_is_not_believed(name: str) -> None:
    assert kubernetes.job(job("nightly-1", "Failed", cron=name)).origin.kind == "Job"


@pytest.mark.parametrize(
    ("mode", "sharing"),
    [
        ("ReadWriteOnce", "Node"),
        ("ReadWriteOncePod", "Pod"),
        ("ReadWriteMany", "Nodes"),
        ("ReadOnlyMany", "Nodes"),
        ("of a later version", "Node"),
    ],
)
def test_a_claim_tells_its_volume_and_who_may_share_it(mode: str, sharing: str) -> None:
    found = kubernetes.claim(claim(mode=mode))

    assert (found.key, found.volume) == (Key("PersistentVolumeClaim", SHOP, "data"), "disk")
    assert (found.sharing, found.reach) == (sharing, ())


def test_a_claim_without_a_volume_has_none() -> None:
    assert kubernetes.claim(claim(volume="")).volume == ""


def test_a_volume_tells_which_nodes_reach_it() -> None:
    assert kubernetes.volume(volume()).reach == ()
    found = kubernetes.volume(volume(zone="x"))
    assert found.key == Key("PersistentVolume", "", "disk")
    assert found.reach == (Selector(requirements=(Requirement("zone", "In", ("x",)),)),)


def test_a_template_and_a_pod_name_the_claims_that_they_mount() -> None:
    assert kubernetes.workload(deployment(**mounting("logs", "data"))).claims == ("data", "logs")
    assert read(mounted(pod("web-1-0", "a"), "data")).claims == ("data",)
    assert read(pod("web-1-0", "a")).claims == ()


def test_a_claim_that_each_pod_gets_for_itself_is_named_after_both() -> None:
    own: Json = {
        "volumes": [{"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}}, {"name": "tmp", "emptyDir": {}}]
    }
    found = pod("web-1-0", "a")
    found["spec"] |= own

    assert read(found).claims == ("web-1-0-scratch",)
    assert kubernetes.workload(deployment(**own)).claims == ()


def test_an_autoscaler_tells_its_deployment_and_its_bounds() -> None:
    found = kubernetes.autoscaler(autoscaler(2, 5))

    assert found is not None
    assert (found.target, found.least, found.most, found.acts) == (WEB, 2, 5, True)
    assert found.key == Key("HorizontalPodAutoscaler", SHOP, "web")


def test_an_autoscaler_keeps_one_pod_unless_it_says_otherwise() -> None:
    silent = kubernetes.autoscaler(autoscaler(minReplicas=None))
    assert silent is not None
    assert silent.least == 1


def test_an_autoscaler_that_gets_no_metrics_does_not_act() -> None:
    found = kubernetes.autoscaler(autoscaler(acts=False))
    assert found is not None
    assert not found.acts


@pytest.mark.parametrize("reference", [{"kind": "StatefulSet", "name": "web"}, {"kind": "Deployment"}, {}])
def test_an_autoscaler_of_anything_but_a_deployment_is_left_out(reference: Json) -> None:
    assert kubernetes.autoscaler(autoscaler(scaleTargetRef=reference)) is None
