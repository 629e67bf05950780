"""An order is read from the Job's environment; one that is not exactly as the operator writes it is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from forestall.actions.order import InvalidOrderError, read
from forestall.planning.changes import ACTIONS
from forestall.planning.job import environment as written
from tests.unit.actions.scene import cluster
from tests.unit.actions.scene import environment as of_target
from tests.unit.gates.scene import READS, plan, runbook


def environment(**changes: str) -> Mapping[str, str]:
    """What the operator writes for the first step of a plan."""
    status = plan().status
    assert status.target is not None
    return {**written(status.steps[0], status.target, runbook().spec), **changes}


def test_what_the_operator_writes_is_read() -> None:
    order = read("rollout-undo", environment())
    assert (order.action, order.effect) == ("rollout-undo", "RestorePreviousTemplate")
    assert (order.namespace, order.name, order.uid, order.reads_hash) == ("shop", "cart", "uid-cart", READS)
    assert (order.reads, order.post_checks) == (("spec.template",), ("RolloutComplete",))
    assert (order.parameters, order.timeout) == ({"to": "cart-1"}, 300)


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_is_read_with_the_effect_that_it_has(action: str) -> None:
    found = read(action, of_target(cluster(), "Node", {"node": "worker-1"}))
    assert (found.effect, found.manager) == (ACTIONS[action], f"forestall-action-{action}")
    assert (found.kind, found.namespace, found.name) == ("Node", "", "worker-1")


def test_a_change_is_made_under_the_action_s_own_name() -> None:
    assert read("scale", environment()).manager == "forestall-action-scale"


@pytest.mark.parametrize("action", ["", "delete", "rollout-undo --force", "../scale"])
def test_an_unknown_action_is_refused_with_those_that_are_known(action: str) -> None:
    with pytest.raises(InvalidOrderError, match="known are "):
        read(action, environment())


@pytest.mark.parametrize("name", sorted(environment()))
def test_nothing_may_be_missing(name: str) -> None:
    less = {key: value for key, value in environment().items() if key != name}
    with pytest.raises(InvalidOrderError, match=name):
        read("scale", less)


HOSTILE: Mapping[str, tuple[str, str]] = {
    "a target that is no JSON": ("FORESTALL_TARGET", "cart; rm -rf /"),
    "a target that is a list": ("FORESTALL_TARGET", '["cart"]'),
    "a target that is nothing": ("FORESTALL_TARGET", "null"),
    "a target without a UID": ("FORESTALL_TARGET", '{"namespace":"shop","name":"cart","readsHash":""}'),
    "parameters that are a list": ("FORESTALL_PARAMETERS", "[]"),
    "parameters that are a text": ("FORESTALL_PARAMETERS", '"replicas"'),
    "a parameter that is a number": ("FORESTALL_PARAMETERS", '{"replicas":3}'),
    "a parameter that is an object": ("FORESTALL_PARAMETERS", '{"to":{"$ref":"x"}}'),
    "reads that are a text": ("FORESTALL_READS", '"spec"'),
    "reads that are numbers": ("FORESTALL_READS", "[1]"),
    "checks that are an object": ("FORESTALL_POST_CHECKS", "{}"),
    "checks that are no JSON": ("FORESTALL_POST_CHECKS", "RolloutComplete"),
    "no time": ("FORESTALL_TIMEOUT_SECONDS", ""),
    "endless time": ("FORESTALL_TIMEOUT_SECONDS", "inf"),
    "time that is no number": ("FORESTALL_TIMEOUT_SECONDS", "nan"),
    "time with a unit": ("FORESTALL_TIMEOUT_SECONDS", "5m"),
}


@pytest.mark.parametrize(("name", "value"), HOSTILE.values(), ids=HOSTILE.keys())
def test_an_environment_that_was_tampered_with_is_refused(name: str, value: str) -> None:
    with pytest.raises(InvalidOrderError, match="cannot be read"):
        read("scale", environment(**{name: value}))


@pytest.mark.parametrize(
    "value", ["$(reboot)", "`id`", "{{ 7*7 }}", "a\nb", "--force", "../../etc", "\u202ecart", "'; --"]
)
def test_what_looks_like_code_is_data(value: str) -> None:
    order = read("scale", environment(FORESTALL_PARAMETERS=json.dumps({"replicas": value})))
    assert order.parameters == {"replicas": value}
