"""What is supposed of Kubernetes objects, as people write it: `node/a:drain`, `Deployment/shop/web:replicas=3`."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Final, NamedTuple

from forestall.api.base import Key
from forestall.cli.failures import Exit, Failure
from forestall.cli.twins.changes import OPTION
from forestall.cli.twins.listing import TIED
from forestall.cli.twins.naming import HOST, MOST_COMPARED, MOST_TOLD, Names
from forestall.cli.twins.reading import Read
from forestall.twin.joining import cluster_node
from forestall.twin.kubernetes import MAX_REPLICAS
from forestall.twin.topology import NODE
from forestall.twin.views import Potential, Snapshot

DRAINED: Final = (
    "Drained pods are made anew where a scheduler would place them, in the end: disruption budgets, and how long pods"
    " are missing, are left out. Pods of DaemonSets stay; others that no Deployment keeps, as those of StatefulSets,"
    " count as gone."
)
_MAINTAINED: Final = re.compile(r"(.+):(drain|cordon)", re.DOTALL)
_SCALED: Final = re.compile(r"(.+):replicas=([^:]*)", re.DOTALL)
_NUMBER: Final = re.compile(r"[0-9]{1,6}", re.ASCII)


class ObjectEdit(NamedTuple):
    """A change of objects."""

    apply: Callable[[Potential], Potential]
    caveat: str = ""
    """What its answer leaves out."""


def parsed_object_change(text: str, read: Read, names: Names) -> ObjectEdit | None:
    """What the text says to change of objects; None where it says something else.

    Raises Failure where there is no such object, or what would follow is not known.
    """
    if match := _MAINTAINED.fullmatch(text):
        view = _objects(text, read)
        name = _node(match[1], view, names)
        if match[2] == "cordon":
            return ObjectEdit(lambda given: given.set_schedulable(name, schedulable=False))
        _require_workloads(text, read)
        return ObjectEdit(lambda given: given.drain(name), DRAINED)
    if match := _SCALED.fullmatch(text):
        view = _objects(text, read)
        _require_workloads(text, read)
        workload, replicas = _workload(match[1], view), _replicas(match[2])
        return ObjectEdit(lambda given: given.set_replicas(workload, replicas))
    return None


def _objects(text: str, read: Read) -> Snapshot:
    if read.snapshot is None:
        remedy = "name a twin that has a kubernetes source with --twin"
        raise Failure(
            Exit.USAGE, f"{OPTION}: {text!r} is about a Kubernetes object, and {read.source} has none", remedy
        )
    return read.snapshot


def _require_workloads(text: str, read: Read) -> None:
    if missing := sorted(read.unread & TIED):
        told = f"{OPTION}: what {text!r} does is not known, for you may not list {' and '.join(missing)}s"
        raise Failure(Exit.NOT_NOW, told, "get the right to list deployments and replicasets")


def _node(text: str, view: Snapshot, names: Names) -> str:
    key = names.find(text, (HOST, NODE), option=OPTION)
    name = cluster_node(view.topology, key)
    if name not in view.nodes:
        raise Failure(Exit.USAGE, f"{OPTION}: {key} is no Kubernetes node", "see what there is with: kubectl get nodes")
    return name


def _workload(text: str, view: Snapshot) -> Key:
    found = {str(key): key for key in view.workloads}
    if text in found:
        return found[text]
    close = get_close_matches(text, found, n=MOST_TOLD) if len(found) <= MOST_COMPARED else []
    remedy = (
        f"write {' or '.join(sorted(close))}" if close else "write KIND/NAMESPACE/NAME, such as Deployment/shop/web"
    )
    raise Failure(Exit.USAGE, f"{OPTION}: there is no workload {text!r}", remedy)


def _replicas(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > MAX_REPLICAS:
        raise Failure(
            Exit.USAGE, f"{OPTION}: {text!r} is no number of replicas", f"write a whole number from 0 to {MAX_REPLICAS}"
        )
    return int(text)
