"""What an effect changes in an object, as a JSON patch (RFC 6902), and what would undo it.

The same functions serve the operator's server-side dry run and the action inside its Job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from forestall.api.runbook import BY_PEOPLE, Effect, TargetKind
from forestall.planning import nodes, services, templates
from forestall.ports import Json

Object = Mapping[str, Any]
Given = Mapping[str, str]


class _Change(NamedTuple):
    """How an effect comes about. Each function takes the object, the arguments and the namespace's ReplicaSets."""

    kind: TargetKind
    edit: Callable[[Object, Given, Sequence[Object]], list[Json]]
    undoing: Callable[[Object], str]
    """The action that undoes it."""
    back: Callable[[Object, Given, Sequence[Object]], Mapping[str, str]]
    """What that action is given to lead back to the object as it is."""
    resolved: Callable[[Object, Given, Sequence[Object]], Mapping[str, str]]


def _always(action: str) -> Callable[[Object], str]:
    return lambda _: action


def _as_given(_: Object, given: Given, __: object) -> Given:
    return given


def _nothing(_: Object, __: Given, ___: object) -> Given:
    return {}


_CHANGES: Final[Mapping[Effect, _Change]] = {
    "SetReplicas": _Change("Deployment", templates.set_replicas, _always("scale"), templates.replicas_back, _as_given),
    "RestorePreviousTemplate": _Change(
        "Deployment", templates.restore, _always("rollout-undo"), templates.to_present, templates.to_previous
    ),
    "SpreadOverNodes": _Change(
        "Deployment", templates.spread, _always("rollout-undo"), templates.to_present, _as_given
    ),
    "RestartPods": _Change(
        "Deployment", templates.restart, _always("rollout-undo"), templates.to_present, templates.with_mark
    ),
    "SetResources": _Change(
        "Deployment", templates.set_resources, _always("patch-resources"), templates.amount_back, templates.with_amount
    ),
    "SetProbePort": _Change(
        "Deployment", templates.set_probe_port, _always("patch-probe-port"), templates.probe_port_back, _as_given
    ),
    "SetTargetPort": _Change(
        "Service", services.set_target_port, _always("patch-service-port"), services.target_port_back, _as_given
    ),
    "SetSelectorLabel": _Change(
        "Service", services.set_selector, _always("patch-selector"), services.selector_back, _as_given
    ),
    "Cordon": _Change("Node", nodes.cordon, nodes.as_it_is, _nothing, _as_given),
    "Uncordon": _Change("Node", nodes.uncordon, nodes.as_it_is, _nothing, _as_given),
    "Drain": _Change("Node", nodes.cordon, nodes.as_it_is, _nothing, _as_given),
    "RemoveTaint": _Change("Node", nodes.remove_taint, _always("add-taint"), nodes.taint_back, nodes.known_taint),
    "AddTaint": _Change("Node", nodes.add_taint, _always("remove-taint"), nodes.same_taint, nodes.new_taint),
}
ACTIONS: Final[Mapping[str, Effect]] = {
    "rollout-undo": "RestorePreviousTemplate",
    "rollout-restart": "RestartPods",
    "scale": "SetReplicas",
    "spread-replicas": "SpreadOverNodes",
    "patch-resources": "SetResources",
    "patch-probe-port": "SetProbePort",
    "patch-service-port": "SetTargetPort",
    "patch-selector": "SetSelectorLabel",
    "cordon": "Cordon",
    "uncordon": "Uncordon",
    "drain": "Drain",
    "remove-taint": "RemoveTaint",
    "add-taint": "AddTaint",
}
"""The actions that can run in a Job, by the first argument of its container, and the effect of each."""

PROPOSALS: Final[Mapping[str, Effect]] = {
    "retune": "SetMetrics",
    "drain-traffic": "DrainTraffic",
    "move-demand": "MoveDemand",
    "re-home": "ReHome",
}
"""Runbooks of the catalogue that people carry out, and the effect of each."""


def kind_of(effect: Effect) -> TargetKind | None:
    """The kind of object that an effect changes; None where nobody knows what is changed."""
    if effect in BY_PEOPLE:
        return "NetworkTwin"
    known = _CHANGES.get(effect)
    return known.kind if known else None


def needs_history(effect: Effect) -> bool:
    """Whether the change itself, beside its inverse, needs the namespace's ReplicaSets."""
    return effect == "RestorePreviousTemplate"


def change(effect: Effect, target: Object, parameters: Given, *, replicasets: Sequence[Object]) -> list[Json]:
    """The JSON patch that has the effect on `target`, as it was read.

    It holds for that very object only: it tests UID and resourceVersion first. Where the object is as wanted, these
    tests are all of it. `parameters` are those that `resolve` gives. Raises ChangeImpossibleError.
    """
    return [*_same_object(target), *_CHANGES[effect].edit(target, parameters, replicasets)]


def changes_anything(patch: Sequence[Json]) -> bool:
    """Whether a patch of `change` does more than test that the object is the one that was read."""
    return any(operation["op"] != "test" for operation in patch)


def resolve(effect: Effect, target: Object, arguments: Given, replicasets: Sequence[Object]) -> dict[str, str]:
    """The arguments, with what follows from the object as it is. Raises ChangeImpossibleError."""
    known = _CHANGES.get(effect)
    return dict(known.resolved(target, arguments, replicasets) if known else arguments)


def inverse(
    effect: Effect, target: Object, parameters: Given, replicasets: Sequence[Object]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """What brings the object back to where it stands now: (argv of the action, its parameters).

    `parameters` are those that `resolve` gives. Raises ChangeImpossibleError where nothing can.
    """
    known = _CHANGES[effect]
    return (known.undoing(target),), dict(known.back(target, parameters, replicasets))


def _same_object(target: Object) -> list[Json]:
    return [
        {"op": "test", "path": f"/metadata/{field}", "value": target["metadata"][field]}
        for field in ("uid", "resourceVersion")
    ]
