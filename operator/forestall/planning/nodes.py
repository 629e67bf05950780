"""Changes of a node, as JSON patches, and what would undo them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from forestall.planning.patches import ChangeImpossibleError, name_of, parameter, put, spec_of
from forestall.ports import Json

SYSTEM: Final = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/")
"""Taints that stand for a state of the node: their controller sets them anew for as long as the state lasts."""

Object = Mapping[str, Any]
Given = Mapping[str, str]


def cordon(target: Object, _: Given, __: object) -> list[Json]:
    """Have no new pod placed on the node."""
    if is_cordoned(target):
        return []
    return [put("/spec/unschedulable", True)] if "spec" in target else [put("/spec", {"unschedulable": True})]


def uncordon(target: Object, _: Given, __: object) -> list[Json]:
    """Have new pods placed on the node again."""
    return [{"op": "remove", "path": "/spec/unschedulable"}] if is_cordoned(target) else []


def as_it_is(target: Object) -> str:
    """The action that leads back to whether the node takes new pods now."""
    return "cordon" if is_cordoned(target) else "uncordon"


def is_cordoned(target: Object) -> bool:
    """Whether new pods are kept off the node."""
    return spec_of(target).get("unschedulable") is True


def remove_taint(target: Object, given: Given, _: object) -> list[Json]:
    """Take every taint of a key and an effect away."""
    present = _taints(target)
    wanted = [taint for taint in present if not _is(taint, given)]
    return [] if wanted == present else [put("/spec/taints", wanted)]


def known_taint(target: Object, given: Given, _: object) -> dict[str, str]:
    """The arguments, if that taint is on the node, alone of its kind, and nobody's statement of the node's state."""
    key, found = parameter(given, "key"), [taint for taint in _taints(target) if _is(taint, given)]
    if key.startswith(SYSTEM):
        raise ChangeImpossibleError(f"parameters[key]: {key} tells a state of the node; mend the node instead")
    if not found:
        raise ChangeImpossibleError(f"parameters[key]: node {name_of(target)} has no taint {key}:{given['effect']}")
    return dict(given)


def taint_back(target: Object, given: Given, _: object) -> dict[str, str]:
    """The taint as it is on the node now."""
    (taint,) = [taint for taint in _taints(target) if _is(taint, given)]  # key and effect are unique on a node
    return {"key": given["key"], "effect": given["effect"], "value": str(taint.get("value", ""))}


def add_taint(target: Object, given: Given, _: object) -> list[Json]:
    """Put a taint on the node, in place of one with the same key and effect."""
    value = given.get("value", "")
    wanted = {"key": parameter(given, "key"), **({"value": value} if value else {}), "effect": given["effect"]}
    present = _taints(target)
    if wanted in [{name: taint[name] for name in taint if name != "timeAdded"} for taint in present]:
        return []
    return [put("/spec/taints", [*(taint for taint in present if not _is(taint, given)), wanted])]


def new_taint(target: Object, given: Given, _: object) -> dict[str, str]:
    """The arguments, if no such taint is on the node: one with another value would be lost."""
    if any(_is(taint, given) for taint in _taints(target)):
        raise ChangeImpossibleError(f"parameters[key]: node {name_of(target)} has a taint {given['key']} already")
    return dict(given)


def same_taint(_: object, given: Given, __: object) -> dict[str, str]:
    """Key and effect of the taint."""
    return {"key": given["key"], "effect": given["effect"]}


def _taints(target: Object) -> Sequence[Object]:
    return list(spec_of(target).get("taints") or ())


def _is(taint: Object, given: Given) -> bool:
    return taint.get("key") == parameter(given, "key") and taint.get("effect") == parameter(given, "effect")
