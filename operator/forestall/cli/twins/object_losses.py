"""What becomes of Kubernetes objects when something changes or fails: Services and workloads, before and after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forestall.adapters.resources import SERVICES
from forestall.api.base import Key
from forestall.cli.screen import Screen
from forestall.cli.twins.figures import counted, shortened
from forestall.cli.twins.listing import DECISIVE, TIED
from forestall.cli.twins.object_changes import ObjectEdit
from forestall.cli.twins.objects import place
from forestall.cli.twins.reading import Read
from forestall.ports import Json
from forestall.twin.analyses.layers import down
from forestall.twin.joining import cluster_node
from forestall.twin.topology import Topology
from forestall.twin.view import View
from forestall.twin.views import Potential, Snapshot

MOST: Final = 20
"""Services, and workloads, that a table has."""
LOST: Final = "Nothing is re-scheduled yet: pods of nodes that are lost are not made anew elsewhere."


@dataclass(frozen=True, slots=True)
class ObjectStep:
    """The objects after one more step."""

    name: str
    view: Potential
    lost: frozenset[str]
    """Kubernetes nodes that are ready today and are not in this step."""
    edits: Sequence[ObjectEdit]


@dataclass(frozen=True, slots=True)
class Ready:
    """Pods of a Service or workload that serve: today, and in each step."""

    key: Key
    counts: Sequence[int]

    @property
    def is_out(self) -> bool:
        """Whether some serve today, and in some step none."""
        return self.counts[0] > 0 and 0 in self.counts


@dataclass(frozen=True, slots=True)
class ObjectAnswer:
    """What becomes of the objects, step by step."""

    base: Snapshot
    steps: Sequence[ObjectStep]
    services: Sequence[Ready]
    """Those whose number of ready pods changes; those that lose all of them first."""
    workloads: Sequence[Ready]
    unread: frozenset[str]

    @property
    def told(self) -> Mapping[str, Sequence[Ready]]:
        """What changes, by what it is: Services and workloads, unless rights are missing to know of them."""
        found = {"Service": self.services, "workload": self.workloads}
        hidden = {"Service": SERVICES.kind in self.unread, "workload": bool(TIED & self.unread)}
        return {what: ready for what, ready in found.items() if not hidden[what]}

    @property
    def is_touched(self) -> bool:
        """Whether anything is supposed of objects, or reaches them."""
        return any(step.view.edits for step in self.steps)

    @property
    def is_known(self) -> bool:
        """Whether it is known of all Services whether they are lost."""
        return not self.is_touched or not self.unread & DECISIVE

    @property
    def broken(self) -> Sequence[str]:
        """Steps that leave Services without a ready pod, in words."""
        return tuple(_broken(self))

    @property
    def caveats(self) -> Sequence[str]:
        """What limits the answer."""
        return tuple(_caveats(self))


def follow(read: Read, base: Snapshot, steps: Sequence[tuple[str, Topology, Sequence[ObjectEdit]]]) -> ObjectAnswer:
    """Take the objects through steps, each with its name, the networks in it, and what changes of objects.

    Nodes that the networks take down are lost, and back once the networks have them back.
    """
    fallen, view, lost, found = _hosts(read.topology), base.potential(), frozenset[str](), list[ObjectStep]()
    for name, topology, edits in steps:
        gone = frozenset(host for host in _hosts(topology) - fallen if host in base.nodes and base.nodes[host].ready)
        view = _without(view, gone - lost, lost - gone)
        for edit in edits:
            view = edit.apply(view)
        found.append(ObjectStep(name, view, gone, edits))
        lost = gone
    views = (base, *(step.view for step in found))
    services = _changed(views, base.services)
    workloads = _changed(views, base.workloads)
    return ObjectAnswer(base, found, services, workloads, read.unread)


def _hosts(topology: Topology) -> frozenset[str]:
    """Kubernetes nodes that are down."""
    return frozenset(filter(None, (cluster_node(topology, key) for key in down(topology))))


def _without(view: Potential, gone: Collection[str], back: Collection[str]) -> Potential:
    view = view.lose_nodes(gone) if gone else view
    return view.regain_nodes(back) if back else view


def _changed(views: Sequence[View], keys: Collection[Key]) -> Sequence[Ready]:
    each = (Ready(key, [sum(view.ready_by_node(key).values()) for view in views]) for key in keys)
    return sorted((one for one in each if len(set(one.counts)) > 1), key=lambda one: (not one.is_out, one.key))


def _broken(answer: ObjectAnswer) -> Iterator[str]:
    for number, step in enumerate(answer.steps, 1):
        out = [one.key for one in answer.services if one.counts[0] and not one.counts[number]]
        if out:
            yield f"{step.name}: no ready pod is left to {counted(len(out), 'Service')}, {place(out[0])} among them"


def _caveats(answer: ObjectAnswer) -> Iterator[str]:
    if any(step.lost for step in answer.steps):
        yield LOST
    yield from dict.fromkeys(edit.caveat for step in answer.steps for edit in step.edits if edit.caveat)
    last = answer.steps[-1].view
    for key, workload in last.workloads.items():
        scaler = last.autoscaler_of(key)
        is_set = workload.replicas != answer.base.workloads[key].replicas
        if is_set and scaler is not None and scaler.undoes(workload.replicas):
            yield f"{scaler.key} would take {counted(workload.replicas, 'replica')} of {key} back."


def render(screen: Screen, answer: ObjectAnswer, headings: Sequence[str]) -> None:
    """Write what changes as tables, with `headings` for the steps."""
    screen.heading("Kubernetes objects")
    screen.table(("MEASURE", "BEFORE", *headings), _measures(answer))
    for what, found in answer.told.items():
        if found:
            screen.heading(f"Other numbers of ready pods: {counted(len(found), what)}")
            rows = [(place(one.key), *map(str, one.counts)) for one in found[:MOST]]
            screen.table((what.upper(), "BEFORE", *headings), rows)
        if len(found) > MOST:
            screen.line(f"and {len(found) - MOST} more: see all with --output json")
    if answer.told and not any(answer.told.values()):
        screen.line(f"{' and '.join(f'no {what}' for what in answer.told)} has another number of ready pods")


def _measures(answer: ObjectAnswer) -> Iterator[Sequence[str]]:
    base, steps = answer.base, answer.steps
    if any(step.lost for step in steps):
        yield "nodes lost", "-", *(shortened(sorted(step.lost)) for step in steps)
    counts: Mapping[str, Callable[[View], int]] = {
        "nodes that are ready": lambda view: sum(node.ready for node in view.nodes.values()),
        "pods without a node": lambda view: sum(not pod.node for pod in view.pods.values()),
    }
    for what, count in counts.items():
        yield what, *(str(count(view)) for view in (base, *(step.view for step in steps)))
    for what, ready in answer.told.items():
        yield f"{what}s that lose all ready pods", "-", *_counted(ready, len(steps), is_out=True)
        yield f"{what}s that lose some", "-", *_counted(ready, len(steps), is_out=False)


def _counted(found: Sequence[Ready], steps: int, *, is_out: bool) -> Iterator[str]:
    for number in range(1, steps + 1):
        fewer = [one for one in found if one.counts[number] < one.counts[0]]
        yield str(sum((one.counts[number] == 0) is is_out for one in fewer))


def to_json(answer: ObjectAnswer) -> Json:
    """The same facts as one JSON object."""
    return {
        "snapshot": answer.base.id,
        "steps": [
            {
                "name": step.name,
                "nodesLost": sorted(step.lost),
                "services": [_ready_json(one, number) for one in answer.services],
                "workloads": [_ready_json(one, number) for one in answer.workloads],
            }
            for number, step in enumerate(answer.steps, 1)
        ],
        "known": answer.is_known,
        "caveats": list(answer.caveats),
    }


def _ready_json(one: Ready, number: int) -> Json:
    return {"element": str(one.key), "readyBefore": one.counts[0], "readyAfter": one.counts[number]}
