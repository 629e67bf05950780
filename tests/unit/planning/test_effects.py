"""Every effect on a Deployment's fields, a Service or a node: made once, undone exactly, refused where it cannot be."""

from __future__ import annotations

from typing import Any, NamedTuple

import jsonpatch
import pytest

from forestall.api.runbook import Effect
from forestall.planning.changes import ACTIONS, change, changes_anything, inverse, kind_of, resolve
from forestall.planning.patches import ChangeImpossibleError
from forestall.ports import Json
from tests.unit.planning.objects import GOOD, deployment, replicaset

SETS = [replicaset("cart-1", GOOD, 1)]
MAINTENANCE = {"key": "example.com/maintenance", "value": "now", "effect": "NoSchedule"}
OTHER = {"key": "example.com/gpu", "effect": "NoSchedule"}


def node(**spec: Any) -> Json:
    return {"kind": "Node", "metadata": {"name": "worker-1", "uid": "uid-node", "resourceVersion": "7"}, "spec": spec}


def service(**spec: Any) -> Json:
    ports = [{"name": "web", "port": 80, "targetPort": 9090}, {"name": "admin", "port": 81, "targetPort": "admin"}]
    metadata = {"name": "cart", "namespace": "shop", "uid": "uid-service", "resourceVersion": "7"}
    return {"metadata": metadata, "spec": {"selector": {"app": "crat", "tier": "front"}, "ports": ports, **spec}}


def probed(**probe: Any) -> Json:
    target = deployment()
    target["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = probe
    return target


class Case(NamedTuple):
    effect: Effect
    target: Json
    arguments: dict[str, str]
    path: str
    """A JSON pointer to what is changed, from the object's spec."""
    wanted: object


CPU = {"container": "cart", "resource": "requests.cpu", "amount": "250"}
LIMIT = {"container": "cart", "resource": "limits.memory", "amount": "96"}
TAINT = {"node": "worker-1", "key": MAINTENANCE["key"], "effect": "NoSchedule"}
CONTAINER = "/template/spec/containers/0"
CASES = (
    Case("SetResources", deployment(), CPU, f"{CONTAINER}/resources", {"requests": {"cpu": "250m"}}),
    Case(
        "SetResources",
        deployment(),
        LIMIT,
        f"{CONTAINER}/resources",
        {"requests": {"cpu": "1"}, "limits": {"memory": "96Mi"}},
    ),
    Case(
        "SetProbePort",
        probed(httpGet={"path": "/", "port": 8081}),
        {"container": "cart", "port": "8080"},
        f"{CONTAINER}/readinessProbe/httpGet",
        {"path": "/", "port": 8080},
    ),
    Case(
        "SetProbePort",
        probed(tcpSocket={"port": "old"}),
        {"container": "cart", "port": "http"},
        f"{CONTAINER}/readinessProbe/tcpSocket",
        {"port": "http"},
    ),
    Case("SetTargetPort", service(), {"port": "80", "target-port": "8080"}, "/ports/0/targetPort", 8080),
    Case("SetTargetPort", service(), {"port": "81", "target-port": "http"}, "/ports/1/targetPort", "http"),
    Case(
        "SetSelectorLabel",
        service(),
        {"label": "app", "value": "cart"},
        "/selector",
        {"app": "cart", "tier": "front"},
    ),
    Case("SetSelectorLabel", service(), {"label": "tier", "value": ""}, "/selector", {"app": "crat"}),
    Case(
        "Cordon",
        node(podCIDR="10.0.0.0/24"),
        {"node": "worker-1"},
        "",
        {"podCIDR": "10.0.0.0/24", "unschedulable": True},
    ),
    Case("Uncordon", node(unschedulable=True), {"node": "worker-1"}, "", {}),
    Case("Drain", node(), {"node": "worker-1", "local-data": "Keep"}, "", {"unschedulable": True}),
    Case("RemoveTaint", node(taints=[MAINTENANCE, OTHER]), TAINT, "/taints", [OTHER]),
    Case("AddTaint", node(taints=[OTHER]), {**TAINT, "value": "now"}, "/taints", [OTHER, MAINTENANCE]),
)


def ids(case: Case) -> str:
    return f"{case.effect}-{'-'.join(case.arguments.values())}"


def applied(target: Json, patch: list[Json]) -> Json:
    result: Json = jsonpatch.apply_patch(target, patch)
    return result


def done(case: Case) -> Json:
    given = resolve(case.effect, case.target, case.arguments, SETS)
    return applied(case.target, change(case.effect, case.target, given, replicasets=SETS))


def at(target: Json, path: str) -> object:
    return jsonpatch.JsonPointer(path).resolve(target["spec"])


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_an_effect_changes_its_field_and_nothing_else(case: Case) -> None:
    after = done(case)
    assert at(after, case.path) == case.wanted
    assert {**after, "spec": None} == {**case.target, "spec": None}


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_an_effect_holds_for_the_object_that_was_read_and_no_other(case: Case) -> None:
    given = resolve(case.effect, case.target, case.arguments, SETS)
    patch = change(case.effect, case.target, given, replicasets=SETS)
    assert [operation["path"] for operation in patch[:2]] == ["/metadata/uid", "/metadata/resourceVersion"]
    stranger = {**case.target, "metadata": {**case.target["metadata"], "resourceVersion": "8"}}
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        applied(stranger, patch)


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_what_is_already_so_is_not_changed_again(case: Case) -> None:
    given = resolve(case.effect, case.target, case.arguments, SETS)
    assert changes_anything(change(case.effect, case.target, given, replicasets=SETS))
    assert not changes_anything(change(case.effect, done(case), given, replicasets=SETS))


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_the_inverse_brings_the_field_back_as_it_was(case: Case) -> None:
    given = resolve(case.effect, case.target, case.arguments, SETS)
    argv, back = inverse(case.effect, case.target, given, SETS)
    undoing = ACTIONS[argv[0]]
    assert kind_of(undoing) == kind_of(case.effect)
    after = done(case)
    restored = applied(after, change(undoing, after, back, replicasets=SETS))
    assert _plain(restored) == _plain(case.target)


def test_a_node_that_was_cordoned_before_it_was_drained_stays_so_when_that_is_undone() -> None:
    assert inverse("Drain", node(unschedulable=True), {"node": "worker-1"}, ()) == (("cordon",), {})


def test_a_restart_marks_the_template_and_the_next_one_marks_it_otherwise() -> None:
    target = deployment()
    first = resolve("RestartPods", target, {}, SETS)
    after = applied(target, change("RestartPods", target, first, replicasets=SETS))
    assert after["spec"]["template"]["metadata"]["annotations"] == {"forestall.dev/restart": first["mark"]}
    assert not changes_anything(change("RestartPods", after, first, replicasets=SETS))
    assert resolve("RestartPods", after, {}, SETS)["mark"] != first["mark"]
    assert resolve("RestartPods", deployment(replicas=9), {}, SETS) == first


def test_a_restart_is_undone_by_the_template_from_before() -> None:
    argv, back = inverse("RestartPods", deployment(), {}, SETS)
    assert (argv, back["to"]) == (("rollout-undo",), "cart-1")


@pytest.mark.parametrize(
    ("effect", "target", "arguments", "message"),
    [
        ("SetResources", deployment(), {**LIMIT, "container": "none"}, "no container none"),
        ("SetProbePort", deployment(), {"container": "cart", "port": "1"}, "no probe that asks a port"),
        ("SetProbePort", probed(exec={"command": ["x"]}), {"container": "cart", "port": "1"}, "no probe that asks"),
        ("SetTargetPort", service(), {"port": "82", "target-port": "1"}, r"parameters\[port\].*0 ports 82"),
        ("SetSelectorLabel", service(selector={"app": "x"}), {"label": "app", "value": ""}, "no pods at all"),
        ("RemoveTaint", node(), TAINT, "has no taint"),
        ("RemoveTaint", node(taints=[{**MAINTENANCE, "effect": "NoExecute"}]), TAINT, "has no taint"),
        ("RemoveTaint", node(), {**TAINT, "key": "node.kubernetes.io/not-ready"}, "tells a state of the node"),
        ("AddTaint", node(taints=[{**MAINTENANCE, "value": "old"}]), TAINT, "already"),
    ],
)
def test_what_the_object_does_not_allow_is_refused_with_the_reason(
    effect: Effect, target: Json, arguments: dict[str, str], message: str
) -> None:
    with pytest.raises(ChangeImpossibleError, match=message):
        change(effect, target, resolve(effect, target, arguments, SETS), replicasets=SETS)


@pytest.mark.parametrize("effect", sorted(set(ACTIONS.values())))
def test_every_effect_of_an_action_acts_on_one_kind(effect: Effect) -> None:
    assert kind_of(effect) in ("Deployment", "Node", "Service")


def test_nobody_knows_what_is_only_vouched_for() -> None:
    assert kind_of("Vouched") is None
    assert resolve("Vouched", deployment(), {"depth": "3"}, ()) == {"depth": "3"}


def _plain(value: Any) -> Any:
    """An object without what is empty, and with its taints as a set: the API server sees no difference."""
    if isinstance(value, dict):
        found = {name: _plain(item) for name, item in value.items()}
        return {name: item for name, item in found.items() if item not in ({}, [], None)}
    return sorted(map(_plain, value), key=str) if isinstance(value, list) else value
