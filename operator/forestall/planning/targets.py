"""What a plan acts on: a Deployment, a Service or a node, and what hangs on it on the twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from forestall.api.base import Key, ObjectRef
from forestall.api.finding import Finding
from forestall.api.runbook import RunbookSpec
from forestall.ports import Json
from forestall.twin.model import Node, Pod, Service, Workload
from forestall.twin.view import View
from forestall.twin.views import Snapshot

_FARING: Final = frozenset(("key", "uid", "revision", "rollout", "former", "problem", "silent", "labels"))
TWIN: Final = "NetworkTwin"
"""What stands for the networks of a twin."""
NODE: Final = "node"
"""The parameter that says which of the finding's Kubernetes nodes is meant."""


def known(view: View, key: Key) -> bool:
    """Whether the twin has the object; it is one itself."""
    if key.kind == TWIN:
        return True
    if key.kind == "Node":
        return key.name in view.nodes
    return view.has_workload(key) or key in view.services


def key_of(ref: ObjectRef) -> Key:
    """The object that a resource names."""
    return Key(ref.kind, ref.namespace, ref.name)


def candidates(spec: RunbookSpec, finding: Finding, view: View) -> Sequence[Key]:
    """The finding's targets that the runbook may act on, those of the finding's own namespace and nodes."""
    places = {finding.metadata.namespace or "", ""}
    keys = (key_of(ref) for ref in finding.status.targets)
    return [key for key in keys if key.kind in spec.target_kinds and key.namespace in places and known(view, key)]


def target_of(spec: RunbookSpec, given: Mapping[str, str], finding: Finding, view: View) -> Key | None:
    """What a plan acts on: of Kubernetes nodes the target that its parameter `node` names, else the first one; None:
    there is none.
    """
    found = candidates(spec, finding, view)
    if NODE in given and "Node" in spec.target_kinds:
        return next((key for key in found if key.kind == "Node" and key.name == given[NODE]), None)
    return next(iter(found), None)


def workload_of(finding: Finding, view: View) -> Key | None:
    """The Deployment that a finding is about: its object, or the first of its targets that is one."""
    keys = map(key_of, (finding.spec.resource, *finding.status.targets))
    return next((key for key in keys if key in view.workloads), None)


def serving(view: View, key: Key) -> tuple[Pod, ...]:
    """The pods of the target that serve: a Deployment's, those behind a Service, or those on a node."""
    if key.kind == "Service":
        return view.ready_pods(key) if key in view.services else ()
    if key.kind == "Node":
        return tuple(pod for pod in view.index.by_node.get(key.name, ()) if view.is_ready(pod))
    return view.ready_pods_of_workload(key)


def affected(view: View, key: Key) -> tuple[Key, ...]:
    """The Services that hang on the target."""
    if key.kind == "Service":
        return (key,)
    return view.services_on_node(key.name) if key.kind == "Node" else view.services_of_workload(key)


def hanging(view: View, key: Key) -> tuple[Pod, ...]:
    """The pods that a prediction for a Deployment or a Service rests on, whether they serve or not."""
    if key.kind == "Service":
        return view.pods_of_service(key)
    return () if key.kind == "Node" else view.pods_of_workload(key)


def version(snapshot: Snapshot, key: Key) -> Json:
    """What the twin knows of which object this is, and in which revision."""
    workload = snapshot.workloads.get(key)
    return {"uid": workload.uid, "revision": str(workload.revision)} if workload else {}


def makeup(snapshot: Snapshot, key: Key) -> Json:
    """The target's own fields on the twin, but those that say how it fares. Raises KeyError where it is not there."""
    if key.kind == TWIN:
        return {"networks": snapshot.declared.id}
    if key.kind == "Node":
        return _fields(snapshot.nodes[key.name]) | {"carries": _carried(snapshot, key)}
    return _fields(snapshot.services[key] if key.kind == "Service" else snapshot.workloads[key])


def _fields(element: Node | Service | Workload) -> Json:
    return {name: value for name, value in asdict(element).items() if name not in _FARING}


def _carried(snapshot: Snapshot, node: Key) -> Sequence[str]:
    """The workloads on the node. How many pods of each may change without a change of the node."""
    return sorted({str(pod.workload) for pod in snapshot.index.by_node.get(node.name, ())})
