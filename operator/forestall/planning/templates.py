"""Changes of a Deployment, as JSON patches, and what would undo them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from forestall.planning.hashing import sha256_of
from forestall.planning.patches import ChangeImpossibleError, name_of, parameter, port_of, put, spec_of, title
from forestall.ports import Json

_HASH_LABEL: Final = "pod-template-hash"
_REVISION: Final = "deployment.kubernetes.io/revision"
_HOST: Final = "kubernetes.io/hostname"
_RESTART: Final = "forestall.dev/restart"
_TEMPLATE: Final = "/spec/template"
_CONTAINERS: Final = f"{_TEMPLATE}/spec/containers"
_SPREAD: Final = f"{_TEMPLATE}/spec/topologySpreadConstraints"
_PROBES: Final = ("httpGet", "tcpSocket", "grpc")

Object = Mapping[str, Any]
Given = Mapping[str, str]


def history_labels(target: Object) -> str:
    """Selector of the ReplicaSets that may be a Deployment's: those with all labels that it selects pods by."""
    wanted = (spec_of(target).get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{name}={value}" for name, value in sorted(wanted.items()))


def current_replicaset(target: Object, replicasets: Sequence[Object]) -> str | None:
    """Name of the Deployment's ReplicaSet that has its present template, or None."""
    wanted = _template(target)
    same = [item for item in _owned(target, replicasets) if _template(item) == wanted]
    return name_of(max(same, key=_revision)) if same else None


def previous_replicaset(target: Object, replicasets: Sequence[Object]) -> str | None:
    """Name of the Deployment's ReplicaSet with the highest revision below the present one and another template."""
    owned = {name_of(item): item for item in _owned(target, replicasets)}
    current = owned.get(current_replicaset(target, replicasets) or "")
    if current is None:
        return None
    wanted, below = _template(target), _revision(current)
    older = [item for item in owned.values() if 0 < _revision(item) < below and _template(item) != wanted]
    return name_of(max(older, key=_revision)) if older else None


def set_replicas(target: Object, given: Given, _: object) -> list[Json]:
    """Set the number of pods."""
    wanted = int(parameter(given, "replicas"))
    return [] if wanted == _replicas(target) else [put("/spec/replicas", wanted)]


def replicas_back(target: Object, _: Given, __: object) -> dict[str, str]:
    """The number of pods that there shall be now."""
    return {"replicas": str(_replicas(target))}


def restore(target: Object, given: Given, replicasets: Sequence[Object]) -> list[Json]:
    """Put the template of a ReplicaSet back."""
    name = parameter(given, "to")
    wanted = _template(_replicaset(name, target, replicasets))
    if sha256_of(wanted) != parameter(given, "template"):
        raise ChangeImpossibleError(
            f"the template of ReplicaSet {name} was changed after the plan was made; propose a new plan"
        )
    return [] if wanted == _template(target) else [put(_TEMPLATE, wanted)]


def to_previous(target: Object, given: Given, replicasets: Sequence[Object]) -> dict[str, str]:
    """`to`, the ReplicaSet whose template returns, and `template`, its sha256: it cannot be exchanged afterwards."""
    name = previous_replicaset(target, replicasets)
    if name is None:
        raise ChangeImpossibleError(
            f"{_title(target)} has no earlier template to restore; correct its template instead"
        )
    return {**given, **_restoring(name, target, replicasets)}


def to_present(target: Object, _: Given, replicasets: Sequence[Object]) -> dict[str, str]:
    """The same for the template that the Deployment has now."""
    name = current_replicaset(target, replicasets)
    if name is None:
        raise ChangeImpossibleError(
            f"{_title(target)} has no ReplicaSet of its present template yet; wait until it has one"
        )
    if spec_of(target).get("revisionHistoryLimit") == 0:
        raise ChangeImpossibleError(
            f"{_title(target)} keeps no history to go back to; set spec.revisionHistoryLimit above 0"
        )
    return _restoring(name, target, replicasets)


def spread(target: Object, given: Given, _: object) -> list[Json]:
    """Have the scheduler spread the pods over nodes."""
    present = spec_of(target)["template"]["spec"].get("topologySpreadConstraints") or []
    wanted = _constraint(target, int(parameter(given, "max-skew")))
    if wanted in present:
        return []
    return [put(_SPREAD, [*(item for item in present if not _replaces(wanted, item)), wanted])]


def restart(target: Object, given: Given, _: object) -> list[Json]:
    """Have all pods made anew, as an annotation of their template changes."""
    metadata = spec_of(target)["template"].get("metadata") or {}
    notes = metadata.get("annotations") or {}
    wanted = parameter(given, "mark")
    changed = {**metadata, "annotations": {**notes, _RESTART: wanted}}
    return [] if notes.get(_RESTART) == wanted else [put(f"{_TEMPLATE}/metadata", changed)]


def with_mark(target: Object, given: Given, _: object) -> dict[str, str]:
    """`mark`, by which this restart is told from any other: it follows from the template that is restarted."""
    return {**given, "mark": sha256_of(_template(target)).removeprefix("sha256:")[:16]}


def set_resources(target: Object, given: Given, _: object) -> list[Json]:
    """Set one amount of one container; without a value there is none afterwards."""
    index, container = _container(target, given)
    kind, _, what = parameter(given, "resource").partition(".")
    present, wanted = container.get("resources") or {}, parameter(given, "to")
    rest = {name: amount for name, amount in (present.get(kind) or {}).items() if name != what}
    changed = {**present, kind: rest | ({what: wanted} if wanted else {})}
    same = (present.get(kind) or {}).get(what, "") == wanted
    return [] if same else [put(f"{_CONTAINERS}/{index}/resources", changed)]


def with_amount(_: Object, given: Given, __: object) -> dict[str, str]:
    """`to`, the amount with its unit: MiB of memory, millicores of CPU."""
    unit = "Mi" if parameter(given, "resource").endswith(".memory") else "m"
    return {**given, "to": f"{parameter(given, 'amount')}{unit}"}


def amount_back(target: Object, given: Given, _: object) -> dict[str, str]:
    """The amount that stands there now; empty where there is none."""
    _, container = _container(target, given)
    kind, _, what = parameter(given, "resource").partition(".")
    present = ((container.get("resources") or {}).get(kind) or {}).get(what, "")
    return {"container": given["container"], "resource": given["resource"], "to": str(present)}


def set_probe_port(target: Object, given: Given, _: object) -> list[Json]:
    """Have the readiness probe of one container ask another port."""
    index, container = _container(target, given)
    kind, asked = _question(target, container)
    wanted = port_of(parameter(given, "port"))
    path = f"{_CONTAINERS}/{index}/readinessProbe/{kind}/port"
    return [] if asked.get("port") == wanted else [put(path, wanted)]


def probe_port_back(target: Object, given: Given, _: object) -> dict[str, str]:
    """The port that it asks now."""
    _, asked = _question(target, _container(target, given)[1])
    return {"container": given["container"], "port": str(asked.get("port"))}


def _container(target: Object, given: Given) -> tuple[int, Object]:
    name = parameter(given, "container")
    for index, item in enumerate(spec_of(target)["template"]["spec"]["containers"]):
        if item["name"] == name:
            return index, item
    raise ChangeImpossibleError(f"parameters[container]: {_title(target)} has no container {name}")


def _question(target: Object, container: Object) -> tuple[str, Object]:
    """What its readiness probe asks of a port, and how."""
    probe = container.get("readinessProbe") or {}
    for kind in _PROBES:
        if kind in probe:
            return kind, probe[kind]
    raise ChangeImpossibleError(f"container {container['name']} of {_title(target)} has no probe that asks a port")


def _constraint(target: Object, max_skew: int) -> Json:
    return {
        "maxSkew": max_skew,
        "topologyKey": _HOST,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": spec_of(target)["selector"],
        "matchLabelKeys": [_HASH_LABEL],
        # Otherwise a node that the pods do not tolerate counts as an empty one, and the rest stay unscheduled.
        "nodeTaintsPolicy": "Honor",
    }


def _replaces(wanted: Json, item: Object) -> bool:
    """The API server tells constraints apart by these two fields."""
    return all(item.get(field) == wanted[field] for field in ("topologyKey", "whenUnsatisfiable"))


def _restoring(name: str, target: Object, replicasets: Sequence[Object]) -> dict[str, str]:
    return {"to": name, "template": sha256_of(_template(_replicaset(name, target, replicasets)))}


def _replicaset(name: str, target: Object, replicasets: Sequence[Object]) -> Object:
    for item in _owned(target, replicasets):
        if name_of(item) == name:
            return item
    raise ChangeImpossibleError(f"{_title(target)} has no ReplicaSet {name} any more; propose a new plan")


def _owned(target: Object, replicasets: Sequence[Object]) -> Iterator[Object]:
    uid = target["metadata"]["uid"]
    for item in replicasets:
        references = item["metadata"].get("ownerReferences") or ()
        if any(reference.get("uid") == uid and reference.get("controller") for reference in references):
            yield item


def _template(workload: Object) -> Json:
    """The pod template without the label that the Deployment controller adds for each ReplicaSet."""
    template = dict(spec_of(workload)["template"])
    metadata = {name: value for name, value in (template.get("metadata") or {}).items() if value is not None}
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name != _HASH_LABEL}
    return template | {"metadata": metadata | {"labels": labels}}


def _revision(replicaset: Object) -> int:
    """The ReplicaSet's revision; 0 where its annotation is no plain number."""
    text = str((replicaset["metadata"].get("annotations") or {}).get(_REVISION, ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _replicas(target: Object) -> int:
    replicas: int = spec_of(target).get("replicas", 1)
    return replicas


def _title(target: Object) -> str:
    return title(target, "Deployment")
