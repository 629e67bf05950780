"""What an effect changes in a Deployment, as a JSON patch (RFC 6902), and what would undo it.

The same functions serve the operator's server-side dry run and the action inside its Job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from forestall.api.runbook import Effect
from forestall.planning.hashing import sha256_of
from forestall.ports import Json

_HASH_LABEL: Final = "pod-template-hash"
_REVISION: Final = "deployment.kubernetes.io/revision"
_HOST: Final = "kubernetes.io/hostname"
_SPREAD: Final = "/spec/template/spec/topologySpreadConstraints"


ACTIONS: Final[Mapping[str, Effect]] = {
    "rollout-undo": "RestorePreviousTemplate",
    "scale": "SetReplicas",
    "spread-replicas": "SpreadOverNodes",
}
"""The actions that can run in a Job, by the first argument of its container, and the effect of each."""


class ChangeImpossibleError(Exception):
    """The object does not allow the change. The message says why and what would help."""


def change(
    effect: Effect,
    target: Mapping[str, Any],
    parameters: Mapping[str, str],
    *,
    replicasets: Sequence[Mapping[str, Any]],
) -> list[Json]:
    """The JSON patch that has the effect on `target`, a Deployment as it was read.

    It holds for that very object only: it tests UID and resourceVersion first. Where the object is as wanted, these
    tests are all of it. `parameters` are those that `resolve` gives. Raises ChangeImpossibleError.
    """
    return [*_same_object(target), *_EDITS[effect](target, parameters, replicasets)]


def changes_anything(patch: Sequence[Json]) -> bool:
    """Whether a patch of `change` does more than test that the object is the one that was read."""
    return any(operation["op"] != "test" for operation in patch)


def resolve(
    effect: Effect, target: Mapping[str, Any], arguments: Mapping[str, str], replicasets: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """The arguments, with what follows from the object as it is.

    For RestorePreviousTemplate: `to`, the ReplicaSet whose template returns, and `template`, the sha256 of that
    template, so that what was approved cannot be exchanged afterwards. Raises ChangeImpossibleError.
    """
    if effect != "RestorePreviousTemplate":
        return dict(arguments)
    name = previous_replicaset(target, replicasets)
    if name is None:
        raise ChangeImpossibleError(
            f"{_title(target)} has no earlier template to restore; correct its template instead"
        )
    return dict(arguments) | _restoring(name, target, replicasets)


def inverse(
    effect: Effect, target: Mapping[str, Any], replicasets: Sequence[Mapping[str, Any]]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """What brings the object back to where it stands now: (argv of the action, its parameters).

    Raises ChangeImpossibleError where nothing can.
    """
    if effect == "SetReplicas":
        return ("scale",), {"replicas": str(_replicas(target))}
    name = current_replicaset(target, replicasets)
    if name is None:
        raise ChangeImpossibleError(
            f"{_title(target)} has no ReplicaSet of its present template yet; wait until it has one"
        )
    if _spec(target).get("revisionHistoryLimit") == 0:
        raise ChangeImpossibleError(
            f"{_title(target)} keeps no history to go back to; set spec.revisionHistoryLimit above 0"
        )
    return ("rollout-undo",), _restoring(name, target, replicasets)


def current_replicaset(target: Mapping[str, Any], replicasets: Sequence[Mapping[str, Any]]) -> str | None:
    """Name of the Deployment's ReplicaSet that has its present template, or None."""
    wanted = _template(target)
    same = [item for item in _owned(target, replicasets) if _template(item) == wanted]
    return _name(max(same, key=_revision)) if same else None


def previous_replicaset(target: Mapping[str, Any], replicasets: Sequence[Mapping[str, Any]]) -> str | None:
    """Name of the Deployment's ReplicaSet with the highest revision below the present one and another template."""
    owned = {_name(item): item for item in _owned(target, replicasets)}
    current = owned.get(current_replicaset(target, replicasets) or "")
    if current is None:
        return None
    wanted, below = _template(target), _revision(current)
    older = [item for item in owned.values() if 0 < _revision(item) < below and _template(item) != wanted]
    return _name(max(older, key=_revision)) if older else None


def _same_object(target: Mapping[str, Any]) -> list[Json]:
    return [
        {"op": "test", "path": f"/metadata/{field}", "value": target["metadata"][field]}
        for field in ("uid", "resourceVersion")
    ]


def _set_replicas(target: Mapping[str, Any], parameters: Mapping[str, str], _: object) -> list[Json]:
    wanted = int(_parameter(parameters, "replicas"))
    return [] if wanted == _replicas(target) else [_put("/spec/replicas", wanted)]


def _restore_template(
    target: Mapping[str, Any], parameters: Mapping[str, str], replicasets: Sequence[Mapping[str, Any]]
) -> list[Json]:
    name = _parameter(parameters, "to")
    wanted = _template(_replicaset(name, target, replicasets))
    if sha256_of(wanted) != _parameter(parameters, "template"):
        raise ChangeImpossibleError(
            f"the template of ReplicaSet {name} was changed after the plan was made; propose a new plan"
        )
    return [] if wanted == _template(target) else [_put("/spec/template", wanted)]


def _spread(target: Mapping[str, Any], parameters: Mapping[str, str], _: object) -> list[Json]:
    present = _spec(target)["template"]["spec"].get("topologySpreadConstraints") or []
    wanted = _constraint(target, int(_parameter(parameters, "max-skew")))
    if wanted in present:
        return []
    return [_put(_SPREAD, [*(item for item in present if not _replaces(wanted, item)), wanted])]


_Edit = Callable[[Mapping[str, Any], Mapping[str, str], Sequence[Mapping[str, Any]]], list[Json]]
_EDITS: Final[Mapping[Effect, _Edit]] = {
    "SetReplicas": _set_replicas,
    "RestorePreviousTemplate": _restore_template,
    "SpreadOverNodes": _spread,
}


def _put(path: str, value: object) -> Json:
    return {"op": "add", "path": path, "value": value}  # on a member that exists, add replaces


def _constraint(target: Mapping[str, Any], max_skew: int) -> Json:
    return {
        "maxSkew": max_skew,
        "topologyKey": _HOST,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": _spec(target)["selector"],
        "matchLabelKeys": [_HASH_LABEL],
        # Otherwise a node that the pods do not tolerate counts as an empty one, and the rest stay unscheduled.
        "nodeTaintsPolicy": "Honor",
    }


def _replaces(wanted: Json, item: Mapping[str, Any]) -> bool:
    """The API server tells constraints apart by these two fields."""
    return all(item.get(field) == wanted[field] for field in ("topologyKey", "whenUnsatisfiable"))


def _restoring(name: str, target: Mapping[str, Any], replicasets: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {"to": name, "template": sha256_of(_template(_replicaset(name, target, replicasets)))}


def _replicaset(name: str, target: Mapping[str, Any], replicasets: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    for item in _owned(target, replicasets):
        if _name(item) == name:
            return item
    raise ChangeImpossibleError(f"{_title(target)} has no ReplicaSet {name} any more; propose a new plan")


def _owned(target: Mapping[str, Any], replicasets: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    uid = target["metadata"]["uid"]
    for item in replicasets:
        references = item["metadata"].get("ownerReferences") or ()
        if any(reference.get("uid") == uid and reference.get("controller") for reference in references):
            yield item


def _template(workload: Mapping[str, Any]) -> Json:
    """The pod template without the label that the Deployment controller adds for each ReplicaSet."""
    template = dict(_spec(workload)["template"])
    metadata = {name: value for name, value in (template.get("metadata") or {}).items() if value is not None}
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name != _HASH_LABEL}
    return template | {"metadata": metadata | {"labels": labels}}


def _revision(replicaset: Mapping[str, Any]) -> int:
    """The ReplicaSet's revision; 0 where its annotation is no plain number."""
    text = str((replicaset["metadata"].get("annotations") or {}).get(_REVISION, ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _parameter(parameters: Mapping[str, str], name: str) -> str:
    if name not in parameters:
        raise ChangeImpossibleError(f"parameters[{name}] is missing; it is resolved when the plan is made")
    return parameters[name]


def _replicas(target: Mapping[str, Any]) -> int:
    replicas: int = _spec(target).get("replicas", 1)
    return replicas


def _spec(target: Mapping[str, Any]) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = target["spec"]
    return spec


def _name(item: Mapping[str, Any]) -> str:
    return str(item["metadata"]["name"])


def _title(target: Mapping[str, Any]) -> str:
    return f"Deployment {target['metadata'].get('namespace', '')}/{_name(target)}"
