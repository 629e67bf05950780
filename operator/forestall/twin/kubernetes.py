"""Reads Kubernetes objects into elements of the twin. A parser raises UnreadableError and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from forestall.api.base import Key
from forestall.twin.containers import amounts, blueprints, containers, ports
from forestall.twin.model import (
    CLAIM,
    Autoscaler,
    Claim,
    DisruptionBudget,
    Job,
    Node,
    Pod,
    Requirement,
    Resources,
    Rollout,
    Selector,
    Service,
    ServicePort,
    Sharing,
    Taint,
    Toleration,
    Workload,
)
from forestall.twin.reading import (
    EARLIEST,
    Json,
    UnreadableError,
    amount,
    child,
    children,
    integer,
    text,
    text_list,
    texts,
    time,
    words,
)

HOSTNAME = "kubernetes.io/hostname"
MIRROR = "kubernetes.io/config.mirror"
REVISION = "deployment.kubernetes.io/revision"
MAX_REPLICAS = 200_000
"""More pods than any cluster runs: a larger replica count is not believed."""
NEVER = 2**31 - 1
"""The progress deadline that never comes."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """What keeps the pods of one revision of a workload. It is no element: it ties pods to their workload."""

    key: Key
    workload: Key | None
    revision: int
    template: Workload | None
    """What its template asks for; None where it has none."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Which nodes a PersistentVolume is reached from, as a claim has it. It is no element: it is told of its claim."""

    key: Key
    reach: tuple[Selector, ...]


@dataclass(frozen=True, slots=True)
class OwnedPod:
    """A pod as its object tells it, with the ReplicaSet that owns it."""

    pod: Pod
    replica_set: Key | None


def key_of(kind: str, obj: object) -> Key:
    """Where the object stands."""
    metadata = child(obj, "metadata")
    name = text(metadata, "name")
    if not name:
        raise UnreadableError("metadata.name: a name was expected")
    return Key(kind, text(metadata, "namespace"), name)


def node(obj: Json) -> Node:
    """A node, with what pods may ask of it."""
    spec, allocatable, condition = child(obj, "spec"), child(obj, "status", "allocatable"), _condition(obj, "Ready")
    ready = condition.get("status") == "True"
    return Node(
        key=key_of("Node", obj),
        ready=ready,
        schedulable=spec.get("unschedulable") is not True,
        allocatable=Resources(
            amount(allocatable, "cpu", unit=-3), amount(allocatable, "memory"), amount(allocatable, "pods")
        ),
        labels=texts(child(obj, "metadata"), "labels"),
        taints=tuple(Taint(text(t, "key"), text(t, "effect"), text(t, "value")) for t in children(spec, "taints")),
        problem="" if ready else _reasons(condition),
        silent=condition.get("status") == "Unknown",
    )


def service(obj: Json) -> Service:
    """A Service. One without a selector, or a mere alias, selects nothing."""
    spec = child(obj, "spec")
    alias = spec.get("type") == "ExternalName"
    return Service(
        key=key_of("Service", obj),
        selector={} if alias else texts(spec, "selector"),
        ports=tuple(map(_service_port, children(spec, "ports"))),
        unready_too=spec.get("publishNotReadyAddresses") is True,
    )


def job(obj: Json) -> Job:
    """A Job. What a CronJob made goes back to that."""
    key, metadata = key_of("Job", obj), child(obj, "metadata")
    maker, failed = _controller(obj, "CronJob"), _condition(obj, "Failed")
    return Job(
        key=key,
        # Nobody has checked the name that an object gives for its owner.
        origin=maker if maker is not None and _NAME.fullmatch(maker.name) else key,
        created=time(metadata, "creationTimestamp") or EARLIEST,
        completed=_holds(obj, "Complete"),
        failed=_reasons(failed) if failed.get("status") == "True" else "",
    )


def budget(obj: Json) -> DisruptionBudget:
    """A PodDisruptionBudget."""
    spec = child(obj, "spec")
    return DisruptionBudget(
        key=key_of("PodDisruptionBudget", obj),
        selector=selector(child(spec, "selector")),
        min_available=_count_or_share(spec, "minAvailable"),
        max_unavailable=_count_or_share(spec, "maxUnavailable"),
    )


def claim(obj: Json) -> Claim:
    """A PersistentVolumeClaim. Where its volume is reached from is told by that."""
    spec = child(obj, "spec")
    return Claim(
        key=key_of(CLAIM, obj),
        volume=text(spec, "volumeName"),
        sharing=_sharing(text_list(spec, "accessModes")),
    )


def volume(obj: Json) -> Volume:
    """A PersistentVolume."""
    required = child(obj, "spec", "nodeAffinity", "required")
    return Volume(key_of("PersistentVolume", obj), _terms(required))


def autoscaler(obj: Json) -> Autoscaler | None:
    """A HorizontalPodAutoscaler; None where it scales no Deployment."""
    key, spec = key_of("HorizontalPodAutoscaler", obj), child(obj, "spec")
    target = child(spec, "scaleTargetRef")
    if text(target, "kind") != "Deployment" or not text(target, "name"):
        return None
    return Autoscaler(
        key=key,
        target=Key("Deployment", key.namespace, text(target, "name")),
        least=integer(spec, "minReplicas", 1, maximum=MAX_REPLICAS),
        most=integer(spec, "maxReplicas", 0, maximum=MAX_REPLICAS),
        acts=_condition(obj, "ScalingActive").get("status") != "False",
    )


def workload(obj: Json) -> Workload:
    """A Deployment, with where its pods may run. Its revision is told by its ReplicaSets."""
    spec = child(obj, "spec")
    template = child(spec, "template")
    pod_spec, labels = child(template, "spec"), texts(child(template, "metadata"), "labels")
    affinity = child(pod_spec, "affinity")
    max_skew, counts_tainted = _skew(pod_spec, labels)
    return Workload(
        key=key_of("Deployment", obj),
        uid=text(child(obj, "metadata"), "uid"),
        replicas=integer(spec, "replicas", 1, maximum=MAX_REPLICAS),
        requests=requests(pod_spec),
        labels=labels,
        node_selector=texts(pod_spec, "nodeSelector"),
        node_terms=_node_terms(affinity),
        tolerations=tuple(_toleration(item) for item in children(pod_spec, "tolerations")),
        one_per_node=_one_per_node(affinity, labels),
        max_skew=max_skew,
        skew_counts_tainted=counts_tainted,
        containers=blueprints(pod_spec),
        claims=_claims(pod_spec),
        rollout=_rollout(spec, obj),
    )


def replica_set(obj: Json) -> ReplicaSet:
    """A ReplicaSet, with the workload that owns it and the number of its revision (0 where there is none)."""
    revision = texts(child(obj, "metadata"), "annotations").get(REVISION, "0")
    if not (revision.isascii() and revision.isdigit() and len(revision) < 19):
        raise UnreadableError(f"{REVISION}: a number was expected")
    asked = replace(workload(obj), uid="", replicas=0, rollout=Rollout())  # the rest is not the template's
    return ReplicaSet(
        key=key_of("ReplicaSet", obj),
        workload=_controller(obj, "Deployment"),
        revision=int(revision),
        template=asked if asked.containers else None,
    )


def pod(obj: Json) -> OwnedPod | None:
    """A pod; None where it has ended and holds nothing any more."""
    metadata, spec, status = child(obj, "metadata"), child(obj, "spec"), child(obj, "status")
    if status.get("phase") in ("Succeeded", "Failed"):
        return None
    ready = _condition(obj, "Ready")
    found = Pod(
        key=key_of("Pod", obj),
        workload=_controller(obj, "StatefulSet") or _controller(obj, "DaemonSet"),
        node=text(spec, "nodeName"),
        ready=ready.get("status") == "True",
        terminating=metadata.get("deletionTimestamp") is not None,
        requests=requests(spec),
        labels=texts(metadata, "labels"),
        containers=containers(spec, status, time(ready, "lastTransitionTime")),
        ports=ports(spec),
        unschedulable=_unschedulable(obj),
        claims=_claims(spec, text(metadata, "name")),
        stays=stays_in_drain(obj),
    )
    return OwnedPod(found, _controller(obj, "ReplicaSet"))


def stays_in_drain(pod: Json) -> bool:
    """Whether a drain leaves the pod where it is: its DaemonSet would make it anew right there, or the kubelet itself
    keeps it.
    """
    mirror = MIRROR in texts(child(pod, "metadata"), "annotations")
    return mirror or _controller(pod, "DaemonSet") is not None


def requests(pod_spec: Json) -> Resources:
    """What a pod asks of its node: its containers together, or an init container where that asks for more."""
    steady = reduce(Resources.plus, map(_container, children(pod_spec, "containers")), Resources())
    beside, peak = Resources(), Resources()
    for item in children(pod_spec, "initContainers"):
        asked = _container(item)
        peak = _larger(peak, beside.plus(asked))
        # A sidecar is an init container that stays: it adds to all that start after it.
        beside = beside.plus(asked) if item.get("restartPolicy") == "Always" else beside
    overhead = child(pod_spec, "overhead")
    extra = Resources(amount(overhead, "cpu", unit=-3), amount(overhead, "memory"), 1)
    return _larger(peak, steady.plus(beside)).plus(extra)


def selector(value: Json) -> Selector:
    """A label selector with matchLabels and matchExpressions."""
    return Selector(texts(value, "matchLabels"), _requirements(value, "matchExpressions"))


def _requirements(value: Json, name: str) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(text(item, "key"), text(item, "operator"), text_list(item, "values"))
        for item in children(value, name)
    )


def _container(value: Json) -> Resources:
    return amounts(child(value, "resources", "requests"))


def _larger(one: Resources, other: Resources) -> Resources:
    return Resources(max(one.cpu, other.cpu), max(one.memory, other.memory), max(one.pods, other.pods))


def _condition(obj: Json, kind: str) -> Json:
    """The condition of that type; an empty one where there is none."""
    found = children(child(obj, "status"), "conditions")
    return next((item for item in found if item.get("type") == kind), {})


def _holds(obj: Json, kind: str) -> bool:
    return _condition(obj, kind).get("status") == "True"


def _reasons(condition: Json) -> str:
    """Why a condition is as it is: its reason and its message."""
    return ": ".join(part for part in (words(condition, "reason"), words(condition, "message")) if part) or "unknown"


def _controller(obj: Json, kind: str) -> Key | None:
    metadata = child(obj, "metadata")
    for owner in children(metadata, "ownerReferences"):
        if owner.get("controller") is True and owner.get("kind") == kind:
            return Key(kind, text(metadata, "namespace"), text(owner, "name"))
    return None


def _unschedulable(obj: Json) -> str:
    """What the scheduler says of a pod that it found no node for."""
    condition = _condition(obj, "PodScheduled")
    barred = condition.get("status") == "False" and condition.get("reason") == "Unschedulable"
    return (words(condition, "message") or "unknown") if barred else ""


def _rollout(spec: Json, obj: Json) -> Rollout:
    progressing, failure = _condition(obj, "Progressing"), _condition(obj, "ReplicaFailure")
    return Rollout(
        stalled=_reasons(progressing) if progressing.get("status") == "False" else "",
        refused=_reasons(failure) if failure.get("status") == "True" else "",
        open_ended=integer(spec, "progressDeadlineSeconds", 600) == NEVER and _unfinished(spec, child(obj, "status")),
    )


def _unfinished(spec: Json, status: Json) -> bool:
    """Whether pods of the present template are still to come."""
    wanted = integer(spec, "replicas", 1)
    there = min(integer(status, "updatedReplicas", 0), integer(status, "availableReplicas", 0))
    return spec.get("paused") is not True and there < wanted


def _service_port(value: Json) -> ServicePort:
    number, target = integer(value, "port", 0), value.get("targetPort")
    named = target is not None and not isinstance(target, int)
    return ServicePort(
        name=text(value, "name"),
        number=number,
        target=text(value, "targetPort") if named else integer(value, "targetPort", number),
        protocol=text(value, "protocol", "TCP"),
    )


def _count_or_share(spec: Json, name: str) -> str | None:
    found = spec.get(name)
    return text({name: str(found) if isinstance(found, int) else found}, name) or None


def _toleration(value: Json) -> Toleration:
    return Toleration(
        key=text(value, "key"),
        operator=text(value, "operator", "Equal"),
        value=text(value, "value"),
        effect=text(value, "effect"),
    )


def _claims(pod_spec: Json, pod: str = "") -> tuple[str, ...]:
    """The claims of a pod; of a template, without those that each pod gets for itself."""
    found = set()
    for item in children(pod_spec, "volumes"):
        if mounted := child(item, "persistentVolumeClaim"):
            found.add(text(mounted, "claimName"))
        elif pod and child(item, "ephemeral"):
            found.add(f"{pod}-{text(item, 'name')}")
    return tuple(sorted(found))


def _sharing(modes: Collection[str]) -> Sharing:
    if {"ReadWriteMany", "ReadOnlyMany"}.intersection(modes):
        return "Nodes"
    return "Pod" if "ReadWriteOncePod" in modes else "Node"


def _node_terms(affinity: Json) -> tuple[Selector, ...]:
    return _terms(child(affinity, "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"))


def _terms(required: Json) -> tuple[Selector, ...]:
    """The terms of a node selector."""
    return tuple(
        Selector(
            requirements=_requirements(term, "matchExpressions") + _requirements(term, "matchFields"),
        )
        for term in children(required, "nodeSelectorTerms")
    )


def _one_per_node(affinity: Json, labels: dict[str, str]) -> bool:
    terms = children(child(affinity, "podAntiAffinity"), "requiredDuringSchedulingIgnoredDuringExecution")
    return any(_on_hosts(term, labels) for term in terms)


def _skew(pod_spec: Json, labels: dict[str, str]) -> tuple[int | None, bool]:
    """The tightest spread over hosts that scheduling insists on, and whether it counts nodes that are tainted."""
    rules: Sequence[tuple[int, bool]] = [
        (integer(item, "maxSkew", 1), item.get("nodeTaintsPolicy") != "Honor")
        for item in children(pod_spec, "topologySpreadConstraints")
        if item.get("whenUnsatisfiable") != "ScheduleAnyway" and _on_hosts(item, labels)
    ]
    return min(rules, default=(None, False))


def _on_hosts(rule: Json, labels: dict[str, str]) -> bool:
    """Whether a rule speaks of hosts and of the very pods that carry it."""
    chosen = rule.get("labelSelector") is not None and selector(child(rule, "labelSelector")).matches(labels)
    return chosen and rule.get("topologyKey") == HOSTNAME
