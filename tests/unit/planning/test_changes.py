"""Each effect is a JSON patch for one very object, and has an inverse that restores it."""

from __future__ import annotations

import jsonpatch
import pytest

from forestall.api.runbook import Effect
from forestall.planning.changes import (
    change,
    inverse,
    resolve,
)
from forestall.planning.patches import ChangeImpossibleError
from forestall.planning.templates import current_replicaset, previous_replicaset
from forestall.ports import Json
from tests.unit.planning.objects import BAD, GOOD, deployment, replicaset

HISTORY = [replicaset("cart-1", GOOD, 1), replicaset("cart-2", BAD, 2)]
GUARD = [
    {"op": "test", "path": "/metadata/uid", "value": "uid-cart"},
    {"op": "test", "path": "/metadata/resourceVersion", "value": "41"},
]


def applied(target: Json, patch: list[Json]) -> Json:
    result: Json = jsonpatch.apply_patch(target, patch)
    return result


def changed(effect: Effect, target: Json, arguments: dict[str, str]) -> Json:
    return applied(target, change(effect, target, resolve(effect, target, arguments, HISTORY), replicasets=HISTORY))


def test_every_change_holds_for_the_object_that_was_read_and_no_other() -> None:
    target = deployment(BAD)
    arguments: list[tuple[Effect, dict[str, str]]] = [
        ("SetReplicas", {"replicas": "4"}),
        ("SpreadOverNodes", {"max-skew": "1"}),
        ("RestorePreviousTemplate", resolve("RestorePreviousTemplate", target, {}, HISTORY)),
    ]
    for effect, given in arguments:
        assert change(effect, target, given, replicasets=HISTORY)[:2] == GUARD


def test_replicas_are_set() -> None:
    assert changed("SetReplicas", deployment(), {"replicas": "4"})["spec"]["replicas"] == 4


def test_the_previous_template_returns_without_its_hash_label() -> None:
    after = changed("RestorePreviousTemplate", deployment(BAD), {})
    assert after["spec"]["template"]["spec"] == deployment(GOOD)["spec"]["template"]["spec"]
    assert after["spec"]["template"]["metadata"]["labels"] == {"app": "cart"}


def test_pods_are_spread_over_nodes_counting_only_nodes_that_they_tolerate() -> None:
    after = changed("SpreadOverNodes", deployment(), {"max-skew": "1"})
    assert after["spec"]["template"]["spec"]["topologySpreadConstraints"] == [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": "cart"}},
            "matchLabelKeys": ["pod-template-hash"],
            "nodeTaintsPolicy": "Honor",
        }
    ]


def test_a_constraint_on_nodes_is_replaced_and_others_stay() -> None:
    zones = {"topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 1}
    loose = {"topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 5}
    target = deployment()
    target["spec"]["template"]["spec"]["topologySpreadConstraints"] = [loose, zones]
    after = changed("SpreadOverNodes", target, {"max-skew": "1"})["spec"]["template"]["spec"]
    assert [item["maxSkew"] for item in after["topologySpreadConstraints"]] == [1, 1]
    assert zones in after["topologySpreadConstraints"]


@pytest.mark.parametrize(
    ("effect", "arguments"),
    [("SetReplicas", {"replicas": "4"}), ("SpreadOverNodes", {"max-skew": "1"}), ("RestorePreviousTemplate", {})],
)
def test_what_is_already_so_needs_no_change(effect: Effect, arguments: dict[str, str]) -> None:
    target = deployment(BAD)
    given = resolve(effect, target, arguments, HISTORY)
    after = applied(target, change(effect, target, given, replicasets=HISTORY))
    assert after != target
    assert change(effect, after, given, replicasets=HISTORY) == GUARD


@pytest.mark.parametrize(
    ("effect", "arguments"),
    [("SetReplicas", {"replicas": "4"}), ("SpreadOverNodes", {"max-skew": "1"}), ("RestorePreviousTemplate", {})],
)
def test_the_inverse_restores_the_object(effect: Effect, arguments: dict[str, str]) -> None:
    target = deployment(BAD)
    argv, parameters = inverse(effect, target, resolve(effect, target, arguments, HISTORY), HISTORY)
    after = changed(effect, target, arguments)
    back: Effect = "SetReplicas" if argv == ("scale",) else "RestorePreviousTemplate"
    restored = applied(after, change(back, after, parameters, replicasets=HISTORY))
    assert restored["spec"]["replicas"] == target["spec"]["replicas"]
    assert restored["spec"]["template"]["spec"] == target["spec"]["template"]["spec"]


def test_the_highest_earlier_revision_with_another_template_is_the_previous_one() -> None:
    sets = [
        replicaset("cart-2", "b", 2),
        replicaset("cart-9", BAD, 9),
        replicaset("cart-10", "d", 10),
        replicaset("other", "c", 8, owner="uid-other"),
        replicaset("cart-3", "c", 3),
        replicaset("cart-x", "e", "٩"),
        replicaset("cart-y", "f", "1e3"),
    ]
    assert current_replicaset(deployment(BAD), sets) == "cart-9"
    assert previous_replicaset(deployment(BAD), sets) == "cart-3"


def test_no_earlier_template_is_said_with_a_remedy() -> None:
    with pytest.raises(ChangeImpossibleError, match=r"Deployment shop/cart has no earlier template.*correct"):
        resolve("RestorePreviousTemplate", deployment(), {}, HISTORY[:1])


def test_a_template_that_no_replicaset_has_yet_has_no_previous_one() -> None:
    assert previous_replicaset(deployment("new"), HISTORY) is None
    with pytest.raises(ChangeImpossibleError, match="wait"):
        inverse("SpreadOverNodes", deployment("new"), {}, HISTORY)


def test_without_history_a_template_change_has_no_inverse() -> None:
    with pytest.raises(ChangeImpossibleError, match="revisionHistoryLimit"):
        inverse("SpreadOverNodes", deployment(BAD, revisionHistoryLimit=0), {}, HISTORY)


def test_a_template_exchanged_after_the_plan_was_made_is_not_restored() -> None:
    target = deployment(BAD)
    given = resolve("RestorePreviousTemplate", target, {}, HISTORY)
    forged = [replicaset("cart-1", "evil", 1), HISTORY[1]]
    with pytest.raises(ChangeImpossibleError, match="changed after the plan was made"):
        change("RestorePreviousTemplate", target, given, replicasets=forged)


def test_a_replicaset_that_is_gone_or_a_strangers_is_not_restored() -> None:
    target = deployment(BAD)
    given = resolve("RestorePreviousTemplate", target, {}, HISTORY)
    for sets in ([HISTORY[1]], [replicaset("cart-1", GOOD, 1, owner="uid-other"), HISTORY[1]]):
        with pytest.raises(ChangeImpossibleError, match="no ReplicaSet cart-1 any more"):
            change("RestorePreviousTemplate", target, given, replicasets=sets)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(ChangeImpossibleError, match=r"parameters\[replicas\]"):
        change("SetReplicas", deployment(), {}, replicasets=[])
