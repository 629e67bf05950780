"""A plan is rendered once, into Jobs, their inverse, and one digest over all that was read."""

from __future__ import annotations

from typing import Any

import pytest

from forestall.api.base import Parameter
from forestall.planning.hashing import canonical
from forestall.planning.patches import ChangeImpossibleError
from forestall.planning.render import Rendered, footprint, plan_digest, render
from tests.unit.planning.objects import BAD, deployment, runbook
from tests.unit.planning.world import CART, broken_rollout, history, policy, snapshot

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
