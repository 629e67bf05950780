"""What an effect would leave behind: the steady state of the twin after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from forestall.api.base import Key
from forestall.api.runbook import Effect
from forestall.planning.patches import port_of
from forestall.twin.model import Blueprint, Resources, Taint
from forestall.twin.views import Potential

_MEBIBYTE: Final = 2**20
_PLACED: Final = ": another rule changes nothing; if nodes have room since, restart its pods"

Given = Mapping[str, str]


class UnsupposableError(Exception):
    """The twin does not have what the effect would change. The message says what."""


def suppose(view: Potential, target: Key, effect: Effect, given: Given) -> Potential:
    """The view with the effect on the target, `given` the runbook's arguments, checked.

    Raises UnsupposableError; KeyError where the target is not in the view.
    """
    return _OUTCOMES[effect](view, target, given)


def _restored(view: Potential, target: Key, _: Given) -> Potential:
    if not view.workloads[target].previous_revision:
        raise UnsupposableError(f"{target} has no earlier template to restore")
    return view.restore_template(target)


def _scaled(view: Potential, target: Key, given: Given) -> Potential:
    """Another number of pods, unless an autoscaler would take it back."""
    wanted, scaler = int(given["replicas"]), view.autoscaler_of(target)
    if scaler is not None and scaler.undoes(wanted):
        raise UnsupposableError(
            f"{scaler.key} keeps {target} at {scaler.least} to {scaler.most} pods and would undo {wanted}: "
            "change its bounds instead"
        )
    return view.set_replicas(target, wanted)


def _spread(view: Potential, target: Key, given: Given) -> Potential:
    """Spread by a rule that the template does not have, or not as strictly: the scheduler keeps to those it has."""
    workload, wanted = view.workloads[target], int(given["max-skew"])
    if workload.one_per_node:
        raise UnsupposableError(f"the template of {target} keeps its pods on nodes of their own already{_PLACED}")
    if workload.max_skew is not None and workload.max_skew <= wanted:
        raise UnsupposableError(
            f"the template of {target} spreads its pods over nodes already, by a skew of {workload.max_skew}{_PLACED}"
        )
    return view.spread(target, wanted)


def _with_resources(view: Potential, target: Key, given: Given) -> Potential:
    container = _container(view, target, given)
    kind, _, what = given["resource"].partition(".")
    amount = int(given["amount"]) * (_MEBIBYTE if what == "memory" else 1)
    limits = _with(container.limits, what, amount) if kind == "limits" else container.limits
    requests = _with(container.requests, what, amount) if kind == "requests" else container.requests
    if (requests, limits) == (container.requests, container.limits):
        raise UnsupposableError(f"container {container.name} of {target} has that amount already")
    return view.set_resources(target, container.name, requests=requests, limits=limits)


def _with(amounts: Resources, what: str, amount: int) -> Resources:
    return replace(amounts, memory=amount) if what == "memory" else replace(amounts, cpu=amount)


def _probed(view: Potential, target: Key, given: Given) -> Potential:
    container = _container(view, target, given)
    if container.probed is None:
        raise UnsupposableError(f"container {container.name} of {target} has no probe that asks a port")
    if container.probed == port_of(given["port"]):
        raise UnsupposableError(
            f"the probe of container {container.name} of {target} asks port {given['port']} already"
        )
    return view.set_probed_port(target, container.name, port_of(given["port"]))


def _container(view: Potential, target: Key, given: Given) -> Blueprint:
    for container in view.workloads[target].containers:
        if container.name == given["container"]:
            return container
    raise UnsupposableError(f"{target} has no container {given['container']}")


def _led(view: Potential, target: Key, given: Given) -> Potential:
    number = int(given["port"])
    found = [port.target for port in view.services[target].ports if port.number == number]
    if not found or port_of(given["target-port"]) in found:
        raise UnsupposableError(f"{target} has no port {number}" if not found else f"{target} leads there already")
    return view.set_target_port(target, number, port_of(given["target-port"]))


def _selected(view: Potential, target: Key, given: Given) -> Potential:
    if view.services[target].selector.get(given["label"], "") == given["value"]:
        raise UnsupposableError(f"{target} selects so already")
    return view.set_selector(target, given["label"], given["value"])


def _cordoned(view: Potential, target: Key, *, wanted: bool) -> Potential:
    if view.nodes[target.name].schedulable is not wanted:
        raise UnsupposableError(f"{target} is {'cordoned already' if wanted else 'not cordoned'}")
    return view.set_schedulable(target.name, schedulable=not wanted)


def _untainted(view: Potential, target: Key, given: Given) -> Potential:
    present = view.nodes[target.name].taints
    left = tuple(taint for taint in present if (taint.key, taint.effect) != (given["key"], given["effect"]))
    if left == present:
        raise UnsupposableError(f"{target} has no taint {given['key']}:{given['effect']}")
    return view.set_taints(target.name, left)


def _tainted(view: Potential, target: Key, given: Given) -> Potential:
    new = Taint(given["key"], given["effect"], given.get("value", ""))
    return view.set_taints(target.name, (*view.nodes[target.name].taints, new))


_OUTCOMES: Final[Mapping[Effect, Callable[[Potential, Key, Given], Potential]]] = {
    "RestorePreviousTemplate": _restored,
    "SetReplicas": _scaled,
    "SpreadOverNodes": _spread,
    "RestartPods": lambda view, target, _: view.restart(target),
    "SetResources": _with_resources,
    "SetProbePort": _probed,
    "SetTargetPort": _led,
    "SetSelectorLabel": _selected,
    "Cordon": lambda view, target, _: _cordoned(view, target, wanted=True),
    "Uncordon": lambda view, target, _: _cordoned(view, target, wanted=False),
    "Drain": lambda view, target, _: view.drain(target.name),
    "RemoveTaint": _untainted,
    "AddTaint": _tainted,
    "Vouched": lambda view, _, __: view,
}
