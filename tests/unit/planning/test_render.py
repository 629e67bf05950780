"""A plan is rendered once, into Jobs, their inverse, and one digest over all that was read."""

from __future__ import annotations

from typing import Any

import pytest

from forestall.api.base import Key, Parameter
from forestall.planning.hashing import canonical
from forestall.planning.job import template
from forestall.planning.patches import ChangeImpossibleError
from forestall.planning.render import Rendered, footprint, plan_digest, render
from tests.unit.planning.objects import BAD, CUSTOM, deployment, runbook
from tests.unit.planning.world import CART, broken_rollout, history, pod, policy, snapshot

IMAGE = f"registry.example/forestall@sha256:{'a' * 64}"


def rendered(effect: str = "RestorePreviousTemplate", **changes: Any) -> Rendered:
    given = {"SetReplicas": {"replicas": "4"}, "SpreadOverNodes": {"max-skew": "1"}}
    everything = {
        "response": policy().spec.responses[0],
        "runbook": runbook(effect),
        "arguments": given.get(effect, {}),
        "snapshot": snapshot(broken_rollout()),
        "kind": "Deployment",
        "target": deployment(BAD),
        "replicasets": history(),
        "image": IMAGE,
        "risk": "Low",
    }
    return render(**{**everything, **changes})


def test_each_action_is_a_step_with_its_resolved_parameters() -> None:
    (step,) = rendered().steps
    assert (step.name, step.argv, step.image) == ("rollout-undo", ("rollout-undo",), IMAGE)
    assert step.service_account_name == "forestall-action-rollout-undo"
    assert [item.name for item in step.parameters] == ["template", "to"]
    assert step.parameters[1] == Parameter(name="to", value="cart-1")


@pytest.mark.parametrize(
    ("effect", "argv", "account", "parameter"),
    [
        ("SetReplicas", "scale", "forestall-action-scale", Parameter(name="replicas", value="3")),
        ("SpreadOverNodes", "rollout-undo", "forestall-action-spread-replicas", Parameter(name="to", value="cart-2")),
        (
            "RestorePreviousTemplate",
            "rollout-undo",
            "forestall-action-rollout-undo",
            Parameter(name="to", value="cart-2"),
        ),
    ],
)
def test_the_rollback_leads_back_to_the_present_state(
    effect: str, argv: str, account: str, parameter: Parameter
) -> None:
    (undo,) = rendered(effect).rollback
    assert (undo.argv, undo.service_account_name) == ((argv,), account)
    assert parameter in undo.parameters


def test_what_cannot_be_undone_has_no_rollback() -> None:
    assert rendered("SpreadOverNodes", runbook=runbook("SpreadOverNodes", irreversible=True)).rollback == ()


def test_the_target_is_told_with_its_uid_what_was_read_and_who_owns_what_is_written() -> None:
    target = deployment(BAD)
    target["metadata"]["managedFields"] = [{"manager": "helm", "fieldsV1": {"f:spec": {"f:template": {}}}}]
    told = rendered(target=target).target
    assert (told.ref.kind, told.ref.namespace, told.ref.name) == CART
    assert (told.uid, told.owners) == ("uid-cart", ("helm",))
    assert told.reads_hash.startswith("sha256:")


def test_a_target_without_an_earlier_template_cannot_be_rendered() -> None:
    with pytest.raises(ChangeImpossibleError, match="no earlier template"):
        rendered(replicasets=history()[1:])


def test_the_footprint_counts_pods_by_node_and_names_none() -> None:
    seen = footprint(snapshot(broken_rollout()), CART)
    assert seen["nodes"]["worker-3"] == {"serves": True, "schedulable": True, "notReady": 1}
    assert seen["nodes"]["worker-1"] == {"serves": True, "schedulable": True, "readyEarlier": 1}
    assert seen["services"] == {"Service/shop/cart": {"app": "cart"}}
    assert b"cart-1-1" not in canonical(seen)


def test_a_plans_digest_is_the_hash_of_the_content_digest_followed_by_its_uid() -> None:
    """So that anyone can check it: printf %s%s "$contentDigest" "$uid" | sha256sum."""
    expected = "sha256:b619533ab3b4029d5ed5c4fa9f59b117de69ca6f0f41f99ee1c54735bee7b9f3"
    assert plan_digest("sha256:" + "0" * 64, "uid-1") == expected


def test_two_plans_of_one_content_need_two_approvals() -> None:
    content = rendered().content_digest
    assert plan_digest(content, "uid-1") != plan_digest(content, "uid-2")


def test_an_image_of_its_own_runs_its_whole_command_with_its_own_environment_and_no_text_is_expanded() -> None:
    action = {
        "name": "mend",
        "argv": ["/bin/mend", "--depth", "$(HOME)"],
        "image": CUSTOM,
        "env": [{"name": "MODE", "value": "$(PATH)"}],
        "serviceAccountName": "forestall-action-mend",
    }
    mending = runbook("Vouched", actions=[action])
    made = rendered("Vouched", runbook=mending)
    (step,) = made.steps
    (container,) = template(step, made.target, mending.spec)["template"]["spec"]["containers"]
    assert (container["image"], made.rollback) == (CUSTOM, ())
    assert (container["command"], container["args"]) == (["/bin/mend", "--depth", "$$(HOME)"], [])
    told = {item["name"]: item["value"] for item in container["env"]}
    assert told["MODE"] == "$$(PATH)"
    assert {name for name in told if not name.startswith("FORESTALL_")} == {"MODE"}


def test_another_image_or_another_variable_is_another_content() -> None:
    action = {"name": "mend", "argv": ["/m"], "image": CUSTOM, "serviceAccountName": "forestall-action-mend"}
    contents = {
        rendered("Vouched", runbook=runbook("Vouched", actions=[{**action, **more}])).content_digest
        for more in (
            {},
            {"image": CUSTOM.replace("c", "d")},
            {"env": [{"name": "MODE", "value": "x"}]},
            {"argv": ["/n"]},
        )
    }
    assert len(contents) == 4


@pytest.mark.parametrize(
    ("effect", "kind", "name", "arguments"),
    [
        ("Cordon", "Node", "worker-1", {"node": "worker-1"}),
        ("SetSelectorLabel", "Service", "cart", {"label": "app", "value": "cart-2"}),
    ],
)
def test_a_plan_for_a_node_or_a_service_names_it_and_what_hangs_on_it(
    effect: str, kind: str, name: str, arguments: dict[str, str]
) -> None:
    place = {"namespace": "shop"} if kind == "Service" else {}
    metadata = {"name": name, "uid": "uid-it", "resourceVersion": "1", **place}
    target = {"metadata": metadata, "spec": {"selector": {"app": "cart"}} if kind == "Service" else {}}
    made = rendered(effect, kind=kind, target=target, arguments=arguments)
    key = Key(kind, place.get("namespace", ""), name)
    assert (made.target.ref.kind, made.target.ref.namespace, made.target.ref.name) == key
    assert footprint(snapshot(broken_rollout()), key)["services"] == {"Service/shop/cart": {"app": "cart"}}


def test_how_many_pods_of_a_workload_a_node_carries_is_no_part_of_what_a_plan_for_it_rests_on() -> None:
    worker, objects = Key("Node", "", "worker-1"), broken_rollout()
    more = [*objects, pod("cart-1-9", "worker-1")]
    assert footprint(snapshot(more), worker) == footprint(snapshot(objects), worker)
    assert footprint(snapshot(more), Key("Deployment", "shop", "cart")) != footprint(snapshot(objects), CART)
