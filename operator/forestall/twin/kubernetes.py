"""Reads Kubernetes objects into elements of the twin. A parser raises UnreadableError and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from forestall.api.base import Key
from forestall.twin.model import (
    STARTING,
    DisruptionBudget,
    Node,
    Pod,
    Requirement,
    Resources,
    Selector,
    Service,
    Taint,
    Toleration,
    Workload,
)
from forestall.twin.reading import (
    Json,
    UnreadableError,
    amount,
    child,
    children,
    integer,
    text,
    text_list,
    texts,
)

HOSTNAME = "kubernetes.io/hostname"
REVISION = "deployment.kubernetes.io/revision"
MAX_REPLICAS = 200_000
"""More pods than any cluster runs: a larger replica count is not believed."""
MAX_MESSAGE = 512
"""Characters kept of a container's message."""


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """What keeps the pods of one revision of a workload. It is no element: it ties pods to their workload."""

    key: Key
    workload: Key | None
    revision: int


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
    spec, allocatable = child(obj, "spec"), child(obj, "status", "allocatable")
    return Node(
        key=key_of("Node", obj),
        ready=_condition(obj, "Ready"),
        schedulable=spec.get("unschedulable") is not True,
        allocatable=Resources(
            amount(allocatable, "cpu", unit=-3), amount(allocatable, "memory"), amount(allocatable, "pods")
        ),
        labels=texts(child(obj, "metadata"), "labels"),
        taints=tuple(Taint(text(t, "key"), text(t, "effect"), text(t, "value")) for t in children(spec, "taints")),
    )


def service(obj: Json) -> Service:
    """A Service. One without a selector, or a mere alias, selects nothing."""
    spec = child(obj, "spec")
    alias = spec.get("type") == "ExternalName"
    return Service(key=key_of("Service", obj), selector={} if alias else texts(spec, "selector"))


def budget(obj: Json) -> DisruptionBudget:
    """A PodDisruptionBudget."""
    spec = child(obj, "spec")
    return DisruptionBudget(
        key=key_of("PodDisruptionBudget", obj),
        selector=selector(child(spec, "selector")),
        min_available=_count_or_share(spec, "minAvailable"),
        max_unavailable=_count_or_share(spec, "maxUnavailable"),
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
    )


def replica_set(obj: Json) -> ReplicaSet:
    """A ReplicaSet, with the workload that owns it and the number of its revision (0 where there is none)."""
    revision = texts(child(obj, "metadata"), "annotations").get(REVISION, "0")
    if not (revision.isascii() and revision.isdigit() and len(revision) < 19):
        raise UnreadableError(f"{REVISION}: a number was expected")
    return ReplicaSet(key_of("ReplicaSet", obj), _controller(obj, "Deployment"), int(revision))


def pod(obj: Json) -> OwnedPod | None:
    """A pod; None where it has ended and holds nothing any more."""
    metadata, spec, status = child(obj, "metadata"), child(obj, "spec"), child(obj, "status")
    if status.get("phase") in ("Succeeded", "Failed"):
        return None
    reason, message, image = _waiting(spec, status)
    found = Pod(
        key=key_of("Pod", obj),
        workload=None,
        node=text(spec, "nodeName"),
        ready=_condition(obj, "Ready"),
        terminating=metadata.get("deletionTimestamp") is not None,
        requests=requests(spec),
        labels=texts(metadata, "labels"),
        waiting=reason,
        waiting_message=message,
        waiting_image=image,
    )
    return OwnedPod(found, _controller(obj, "ReplicaSet"))


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
    asked = child(value, "resources", "requests")
    return Resources(amount(asked, "cpu", unit=-3), amount(asked, "memory"))


def _larger(one: Resources, other: Resources) -> Resources:
    return Resources(max(one.cpu, other.cpu), max(one.memory, other.memory), max(one.pods, other.pods))


def _condition(obj: Json, kind: str) -> bool:
    found = children(child(obj, "status"), "conditions")
    return any(item.get("type") == kind and item.get("status") == "True" for item in found)


def _controller(obj: Json, kind: str) -> Key | None:
    metadata = child(obj, "metadata")
    for owner in children(metadata, "ownerReferences"):
        if owner.get("controller") is True and owner.get("kind") == kind:
            return Key(kind, text(metadata, "namespace"), text(owner, "name"))
    return None


def _waiting(spec: Json, status: Json) -> tuple[str, str, str]:
    """Reason, message and image of a container that waits: of one that will not get over it, if there is one."""
    images = {text(item, "name"): text(item, "image") for item in _each(spec, "initContainers", "containers")}
    waits = [
        (reason, _message(item), images.get(text(item, "name"), ""))
        for item in _each(status, "initContainerStatuses", "containerStatuses")
        if (reason := text(child(item, "state", "waiting"), "reason"))
    ]
    return min(waits, key=lambda wait: wait[0] in STARTING, default=("", "", ""))


def _each(value: Json, *fields: str) -> Iterator[Json]:
    return (item for field in fields for item in children(value, field))


def _message(status: Json) -> str:
    found = child(status, "state", "waiting").get("message")
    return found[:MAX_MESSAGE].encode(errors="replace").decode() if isinstance(found, str) else ""


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


def _node_terms(affinity: Json) -> tuple[Selector, ...]:
    required = child(affinity, "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
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
