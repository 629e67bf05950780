"""The twin that follows the cluster. It has one writer, and gives out snapshots that no longer change."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from operator import itemgetter
from types import MappingProxyType
from typing import Final, TypeVar, cast

from forestall.api.base import Key
from forestall.twin import kubernetes
from forestall.twin.index import Index
from forestall.twin.joining import NO_NETWORKS, Joint, Measured
from forestall.twin.kubernetes import OwnedPod, ReplicaSet, Volume
from forestall.twin.model import (
    CLAIM,
    Autoscaler,
    Claim,
    DisruptionBudget,
    Element,
    Job,
    Node,
    Pod,
    Service,
    Sharing,
    Workload,
)
from forestall.twin.reading import Json, UnreadableError, child
from forestall.twin.topology import Cause, Topology
from forestall.twin.views import Snapshot
from forestall.twin.volumes import Volumes

Record = Element | OwnedPod | ReplicaSet | Volume
Revisions = Mapping[int, Workload | None]
"""Templates by the number of their revision; None where a template is not known."""
T = TypeVar("T", Node, Workload, Pod, Service, Job, DisruptionBudget, Claim, Autoscaler)

PARSERS: Final[Mapping[str, Callable[[Json], Record | None]]] = MappingProxyType(
    {
        "Node": kubernetes.node,
        "Pod": kubernetes.pod,
        "Service": kubernetes.service,
        "Deployment": kubernetes.workload,
        "ReplicaSet": kubernetes.replica_set,
        "Job": kubernetes.job,
        "PodDisruptionBudget": kubernetes.budget,
        "PersistentVolumeClaim": kubernetes.claim,
        "PersistentVolume": kubernetes.volume,
        "HorizontalPodAutoscaler": kubernetes.autoscaler,
    }
)
"""What reads the objects of each kind that the twin is made of."""

TELLING: Final = frozenset(("ReplicaSet", "PersistentVolumeClaim", "PersistentVolume"))
"""Kinds that others have something from: with one of these, all elements are made anew."""
STORM: Final = 4
"""With more than one part in so many changed since the last snapshot, all elements are made anew, too."""

NO_LABELS: Final[Mapping[str, Cause]] = MappingProxyType({})


class Live:
    """The mutable twin. Objects and networks go in as they are served and read; snapshots come out.

    `labels` of Kubernetes nodes say which of them fail together, and for which cause.
    """

    def __init__(self, labels: Mapping[str, Cause] = NO_LABELS) -> None:
        self.defects: dict[Key, str] = {}
        """Objects that could not be read, and why."""
        self._joint = Joint(labels)
        self.declared = NO_NETWORKS
        """The networks as documents describe them."""
        self._measured = Measured()
        self._records: dict[Key, Record] = {}
        self._digests: dict[Key, bytes] = {}
        self._changed: set[Key] = set()
        self._revisions: Mapping[Key, Revisions] = {}
        self._elements: dict[Key, Element] = {}
        self._marks: dict[Key, bytes] = {}
        self._pods: dict[Key, Pod] = {}
        self._loads: dict[Key, Decimal] = {}
        self._snapshot: Snapshot | None = None
        self._dirty = True

    @property
    def dirty(self) -> bool:
        """Whether anything changed since the last snapshot."""
        return self._dirty

    def apply(self, kind: str, obj: object) -> None:
        """Take in a new or changed object of one of the kinds of PARSERS.

        One that cannot be read takes its element out of the twin, since what was known of it is no longer true,
        and is kept among `defects`.
        """
        parse, key = PARSERS[kind], Key(kind, "", "")
        try:
            key = kubernetes.key_of(kind, obj)
            self._keep(key, parse(child(obj)))
        except UnreadableError as error:
            self._keep(key, None)
            self._mark(key, str(error))

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """Forget an object; one that is not known is no matter."""
        self._keep(Key(kind, namespace, name), None)

    def set_loads(self, loads: Mapping[Key, Decimal]) -> None:
        """Replace all measured loads."""
        self._dirty |= loads != self._loads
        self._loads = dict(loads)

    def declare(self, networks: Topology) -> None:
        """Replace all networks by those that documents describe now. Reads the topology's `id`."""
        self._dirty |= networks.id != self.declared.id
        self.declared = networks

    def measure(self, measured: Measured) -> None:
        """Replace all that is measured of networks."""
        self._dirty |= measured != self._measured
        self._measured = measured

    def snapshot(self) -> Snapshot:
        """The present state. It is the same object for as long as nothing changes.

        What has changed since the last one is taken over at once, however often it did.
        """
        if self._dirty or self._snapshot is None:
            self._snapshot = self._next(self._snapshot)
            self._dirty = False
        return self._snapshot

    def _keep(self, key: Key, record: Record | None) -> None:
        if self.defects.pop(key, None) is not None:
            self._dirty = True
        if record == self._records.get(key):
            return
        self._dirty = True
        self._changed.add(key)
        self._pods.pop(key, None)
        if record is None:
            del self._records[key]
        else:
            self._records[key] = record

    def _mark(self, key: Key, defect: str) -> None:
        self._dirty = True
        self.defects[key] = defect

    def _next(self, last: Snapshot | None) -> Snapshot:
        self._catch_up()
        identity = self._identity()
        if last is not None and (last.id, last.loads, last.defects) == (identity, self._loads, self.defects):
            return last
        index = last.index if last is not None and last.id == identity else None
        elements = _by_kind(self._elements)
        nodes = {key.name: node for key, node in _of(Node, elements).items()}
        return Snapshot(
            nodes=nodes,
            workloads=_of(Workload, elements),
            budgets=_of(DisruptionBudget, elements),
            jobs=_of(Job, elements),
            volumes=Volumes(_of(Claim, elements), nodes),
            autoscalers=_of(Autoscaler, elements),
            index=index or Index(_of(Pod, elements), _of(Service, elements)),
            generation=last.generation + 1 if last else 1,
            id=identity,
            loads=dict(self._loads),
            defects=dict(self.defects),
            topology=self._joint.of(self.declared, nodes, self._measured),
            declared=self.declared,
        )

    def _catch_up(self) -> None:
        """Bring the elements in line with the records: those that have changed, or all of them."""
        changed, self._changed = self._changed, set()
        for key in changed:
            if key in self._records:
                self._digests[key] = _digest(self._records[key])
            else:
                self._digests.pop(key, None)
        storm = len(changed) * STORM > len(self._records)
        if storm or any(key.kind in TELLING for key in changed):
            self._revisions = _revisions(self._records.values())
            self._elements, self._marks, changed = {}, {}, set(self._records)
        self._take_over(changed)

    def _take_over(self, changed: Collection[Key]) -> None:
        """Make the elements of these records anew; all stay ordered by key."""
        added = False
        for key in changed:
            element = self._element(key)
            if element is None:
                self._elements.pop(key, None)
                self._marks.pop(key, None)
            else:
                added |= key not in self._elements
                self._elements[key], self._marks[key] = element, self._digests[key] + self._ties(element)
        if added:
            self._elements = dict(sorted(self._elements.items(), key=itemgetter(0)))

    def _element(self, key: Key) -> Element | None:
        """An element with what it has from others: pods and workloads are tied together by the ReplicaSets between
        them, workloads to nodes by the volumes of their claims. None where the record is gone, or is none itself.
        """
        match self._records.get(key):
            case OwnedPod() as owned:
                return self._tied(owned)
            case Workload() as workload:
                return self._moored(_with_history(workload, self._revisions.get(key, {})))
            case Claim() as claim:
                return self._reached(claim)
            case ReplicaSet() | Volume():
                return None
            case element:
                return element

    def _tied(self, owned: OwnedPod) -> Pod:
        owner = self._records.get(owned.replica_set) if owned.replica_set else None
        workload = owner.workload if isinstance(owner, ReplicaSet) else owned.pod.workload
        current = (
            workload is None
            or not isinstance(owner, ReplicaSet)
            or owner.revision == max(self._revisions.get(workload, {0: None}))
        )
        pod = self._pods.get(owned.pod.key, owned.pod)
        if (pod.workload, pod.current) != (workload, current):
            pod = self._pods[pod.key] = replace(pod, workload=workload, current=current)
        return pod

    def _reached(self, claim: Claim) -> Claim:
        """The claim, with where its volume is reached from."""
        volume = self._records.get(_volume_of(claim))
        return replace(claim, reach=volume.reach) if isinstance(volume, Volume) and volume.reach else claim

    def _moored(self, workload: Workload) -> Workload:
        """The workload, with where its claims let its pods run."""
        if not workload.claims:
            return workload
        records = (self._records.get(Key(CLAIM, workload.key.namespace, name)) for name in workload.claims)
        bound = [self._reached(one) for one in records if isinstance(one, Claim) and one.volume]
        moorings = tuple(one.reach for one in bound if one.reach)
        return replace(workload, moorings=moorings, sharing=_narrowest(one.sharing for one in bound))

    def _ties(self, element: Element) -> bytes:
        """What an element has from others, and its own record's digest leaves out."""
        match element:
            case Pod():
                return f"{element.workload} {element.current}".encode()
            case Workload():
                former = element.former.key._replace(kind="ReplicaSet") if element.former else None
                known = self._digests[former] if former else b""
                return f"{element.revision} {element.previous_revision}".encode() + known
            case Claim():
                return self._digests.get(_volume_of(element), b"")
            case _:
                return b""

    def _identity(self) -> str:
        total = hashlib.sha256(b"".join(map(self._marks.__getitem__, self._elements)))
        total.update(self.declared.id.encode() + _digest(self._measured))
        return f"sha256:{total.hexdigest()}"


def _revisions(records: Iterable[Record]) -> Mapping[Key, Revisions]:
    """Each workload's revisions that can still be had."""
    found: defaultdict[Key, dict[int, Workload | None]] = defaultdict(dict)
    for record in records:
        if isinstance(record, ReplicaSet) and record.workload is not None and record.revision:
            found[record.workload][record.revision] = record.template
    return found


def _with_history(workload: Workload, revisions: Revisions) -> Workload:
    numbers = sorted(revisions) or [0]
    former = revisions[numbers[-2]] if len(numbers) > 1 else None
    return replace(workload, revision=numbers[-1], previous_revision=len(numbers) > 1, former=former)


def _volume_of(claim: Claim) -> Key:
    return Key("PersistentVolume", "", claim.volume)


def _narrowest(each: Iterable[Sharing]) -> Sharing:
    order: tuple[Sharing, ...] = ("Pod", "Node", "Nodes")
    return min(each, key=order.index, default="Nodes")


def _digest(record: Record | Measured) -> bytes:
    return hashlib.sha256(repr(record).encode()).digest()


def _by_kind(elements: Mapping[Key, Element]) -> Mapping[type[Element], Mapping[Key, Element]]:
    found: defaultdict[type[Element], dict[Key, Element]] = defaultdict(dict)
    for key, element in elements.items():
        found[type(element)][key] = element
    return found


def _of(kind: type[T], elements: Mapping[type[Element], Mapping[Key, Element]]) -> Mapping[Key, T]:
    return cast("Mapping[Key, T]", elements.get(kind, {}))
