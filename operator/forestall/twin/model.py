"""The twin's elements: what a cluster is made of, as far as goals depend on it.

Three layers: platform (nodes), workload (workloads and their pods) and service. An element is a plain
record; views (`forestall.twin.views`) hold them and answer questions about them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from forestall.api.base import Key

STARTING = frozenset(("", "ContainerCreating", "PodInitializing"))
"""What a container that is on its way waits for: it passes by itself."""
OUT_OF_MEMORY = "OOMKilled"
"""The kubelet's word for a container that was killed for the memory that it took."""
CLAIM = "PersistentVolumeClaim"
"""The kind of claims."""
Sharing = Literal["Nodes", "Node", "Pod"]
"""Who may have a volume at the same time: pods on any nodes, the pods of one node, or one pod."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Amounts of compute: CPU in millicores, memory in bytes, pods as a count."""

    cpu: int = 0
    memory: int = 0
    pods: int = 0

    def plus(self, other: Resources) -> Resources:
        """The sum, amount by amount."""
        return Resources(self.cpu + other.cpu, self.memory + other.memory, self.pods + other.pods)

    def minus(self, other: Resources) -> Resources:
        """The difference, amount by amount, and nothing below zero."""
        return Resources(
            max(self.cpu - other.cpu, 0), max(self.memory - other.memory, 0), max(self.pods - other.pods, 0)
        )

    def within(self, other: Resources) -> bool:
        """Whether no amount is larger than in `other`."""
        return self.cpu <= other.cpu and self.memory <= other.memory and self.pods <= other.pods


@dataclass(frozen=True, slots=True)
class Requirement:
    """One matchExpression. Gt and Lt compare integers, as node affinity does."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` meet it. An operator that is not known is never met."""
        value = labels.get(self.key)
        match self.operator:
            case "Exists" | "In":
                return value is not None and (self.operator == "Exists" or value in self.values)
            case "DoesNotExist" | "NotIn":
                return value is None or (self.operator == "NotIn" and value not in self.values)
            case _:
                return self._compares(value)

    def _compares(self, value: str | None) -> bool:
        texts = (value or "", *self.values)
        if len(texts) != 2 or not all(text.isascii() and text.isdigit() and len(text) < 20 for text in texts):
            return False
        left, right = map(int, texts)
        return left > right if self.operator == "Gt" else self.operator == "Lt" and left < right


@dataclass(frozen=True, slots=True)
class Selector:
    """A label selector: matchLabels and matchExpressions, all of which must hold. An empty one matches all."""

    labels: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether `labels` meet the selector."""
        return self.labels.items() <= labels.items() and all(need.matches(labels) for need in self.requirements)


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint of a node."""

    key: str
    effect: str
    value: str = ""

    @property
    def bars(self) -> bool:
        """Whether it keeps pods that do not tolerate it from being scheduled."""
        return self.effect in ("NoSchedule", "NoExecute")


@dataclass(frozen=True, slots=True)
class Toleration:
    """A toleration of a pod. An empty key with operator Exists tolerates everything."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""

    def covers(self, taint: Taint) -> bool:
        """Whether a pod with it tolerates `taint`."""
        if self.effect not in ("", taint.effect) or self.key not in ("", taint.key):
            return False
        return self.operator == "Exists" or (self.key == taint.key and self.value == taint.value)


@dataclass(frozen=True, slots=True)
class Node:
    """A host. It is a shared-risk group of all that runs on it."""

    key: Key
    ready: bool
    schedulable: bool
    allocatable: Resources
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    problem: str = ""
    """Why it is not ready, in the words of its kubelet or of who misses it; empty while it is ready."""
    silent: bool = False
    """Whether its kubelet is not heard of any more."""


class Port(NamedTuple):
    """A port that a container declares."""

    name: str
    number: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A container as a template describes it."""

    name: str
    requests: Resources
    limits: Resources
    """Zero where there is none."""
    ports: tuple[Port, ...] = ()
    """Ports that it declares."""
    probed: int | str | None = None
    """Port that its readiness probe asks, by number or by name; None where it asks none."""

    @property
    def answers(self) -> bool:
        """Whether it declares the port that its readiness probe asks."""
        return any(self.probed in (port.name, port.number) for port in self.ports)


@dataclass(frozen=True, slots=True)
class Rollout:
    """How the rollout of a workload goes, in the words of its controller."""

    stalled: str = ""
    """Why it is given up, or does not go on."""
    refused: str = ""
    """Why pods are refused that should be made."""
    open_ended: bool = False
    """Whether it is under way, and nobody would ever give it up."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment: what keeps `replicas` pods alive, and where they may run."""

    key: Key
    uid: str
    replicas: int
    requests: Resources
    """What one pod asks for; `pods` is 1."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the pods made from the present template."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    node_terms: tuple[Selector, ...] = ()
    """Required node affinity: one of them must match, where there are any. A node's name stands among its labels
    as metadata.name."""
    tolerations: tuple[Toleration, ...] = ()
    one_per_node: bool = False
    """Whether required anti-affinity keeps its pods on different nodes."""
    max_skew: int | None = None
    """Largest difference of replica counts between two nodes that scheduling allows; None: no such rule."""
    skew_counts_tainted: bool = False
    """Whether nodes that its pods do not tolerate, which stay empty, count in that difference."""
    revision: int = 0
    """Number of the template's revision; the one before it can be restored if there is one."""
    previous_revision: bool = False
    containers: tuple[Blueprint, ...] = ()
    """The containers of its template."""
    claims: tuple[str, ...] = ()
    """Names of the claims that all its pods mount, ordered."""
    moorings: tuple[tuple[Selector, ...], ...] = ()
    """Of each volume of these that not every node reaches: one of them must match, as of `node_terms`."""
    sharing: Sharing = "Nodes"
    """Where its pods may have these volumes at the same time."""
    former: Workload | None = None
    """The template before this one, under the name of its ReplicaSet; None where it is not known."""
    rollout: Rollout = Rollout()


@dataclass(frozen=True, slots=True)
class Container:
    """A container that waits, has ended before or is not ready, in the kubelet's words."""

    name: str
    image: str = ""
    waiting: str = ""
    """Why it waits: ErrImagePull, CrashLoopBackOff, ...; empty while it does not."""
    message: str = ""
    """What the kubelet says of why it waits."""
    ended: tuple[str, ...] = ()
    """Why it ended, the latest end first: OOMKilled, Error, ...; empty if it never did."""
    exit_code: int = 0
    """Of its latest end."""
    repeated: bool = False
    """Whether it was started again more than once."""
    calm_at: datetime | None = None
    """When its latest start counts as a lasting one, if it runs until then; None while it does not run."""
    due: datetime | None = None
    """When its own probes should have made it ready; None where it is ready or does not run."""
    probe: str = ""
    """What is asked of it before it counts as ready, for example GET :8080/healthz."""

    @property
    def ails(self) -> bool:
        """Whether more than the first moments of a start keep it from serving."""
        return self.waiting not in STARTING or bool(self.ended) or self.due is not None

    @property
    def starved(self) -> bool:
        """Whether it was killed for the memory that it took."""
        return OUT_OF_MEMORY in self.ended

    @property
    def unasked(self) -> bool:
        """Whether nothing is wrong with it but that its probes do not find it ready."""
        return self.due is not None and not self.ended and self.waiting in STARTING


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod."""

    key: Key
    workload: Key | None
    """The Deployment, StatefulSet or DaemonSet that keeps it. Of these, the twin knows Deployments themselves."""
    node: str
    """Name of its node; empty while it is not bound."""
    ready: bool
    terminating: bool
    requests: Resources
    labels: Mapping[str, str] = field(default_factory=dict)
    containers: tuple[Container, ...] = ()
    """Those that wait, have ended before or are not ready; one that runs without a hitch is left out."""
    ports: tuple[Port, ...] = ()
    """Ports that its containers declare."""
    unschedulable: str = ""
    """Why it finds no node, in the scheduler's words."""
    current: bool = True
    """Whether it was made from its workload's present template."""
    claims: tuple[str, ...] = ()
    """Names of the claims that it mounts, ordered."""
    stays: bool = False
    """Whether it is left where it is while its node is drained."""

    @property
    def waiting(self) -> str:
        """Why a container waits: one that will not get over it, if there is one; empty if none does."""
        reasons = [container.waiting for container in self.containers if container.waiting]
        return min(reasons, key=lambda reason: reason in STARTING, default="")


class ServicePort(NamedTuple):
    """A port of a Service, and the port of a pod that it leads to: by number, or by the name that containers give."""

    name: str
    number: int
    target: int | str
    protocol: str

    @property
    def named(self) -> bool:
        """Whether containers must give the port a name for it to lead anywhere."""
        return isinstance(self.target, str)

    def reaches(self, declared: Collection[Port]) -> bool:
        """Whether it leads to a pod with those ports. A pod that declares none may well listen on any number."""
        if not self.named and not declared:
            return True
        wanted = (self.target, self.protocol)
        return any(wanted == (port.name if self.named else port.number, port.protocol) for port in declared)


@dataclass(frozen=True, slots=True)
class Service:
    """A Service: it is carried by the ready pods that its selector matches and that its ports lead to.

    An empty selector matches none.
    """

    key: Key
    selector: Mapping[str, str]
    ports: tuple[ServicePort, ...] = ()
    unready_too: bool = False
    """Whether it also leads to pods that are not ready."""

    def reaches(self, pod: Pod) -> bool:
        """Whether any of its ports, where it has some, leads to the pod."""
        return not self.ports or any(port.reaches(pod.ports) for port in self.ports)


@dataclass(frozen=True, slots=True)
class Job:
    """A Job, with the object behind its runs: what made it, or itself."""

    key: Key
    origin: Key
    created: datetime
    completed: bool
    failed: str = ""
    """Why it was given up, in the words of its controller; empty if it was not."""


@dataclass(frozen=True, slots=True)
class DisruptionBudget:
    """A PodDisruptionBudget. Amounts are counts or percentages, as in the object."""

    key: Key
    selector: Selector
    min_available: str | None = None
    max_unavailable: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A PersistentVolumeClaim, with the nodes that its volume is reached from."""

    key: Key
    volume: str
    """Name of its PersistentVolume; empty while it has none."""
    sharing: Sharing = "Nodes"
    reach: tuple[Selector, ...] = ()
    """One of them must match a node, as of a workload's `node_terms`; where there are none, every node reaches it."""


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """A HorizontalPodAutoscaler of a Deployment."""

    key: Key
    target: Key
    least: int
    most: int
    acts: bool = True
    """Whether it can tell how many pods are needed. Its bounds hold all the same."""

    def undoes(self, replicas: int) -> bool:
        """Whether it would take back that number of pods, if somebody else set it."""
        return self.acts or not self.least <= replicas <= self.most


Element = Node | Workload | Pod | Service | Job | DisruptionBudget | Claim | Autoscaler
