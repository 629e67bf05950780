"""A Job's environment is read as a whole or refused."""

from __future__ import annotations

import pytest

from forestall.actions.order import InvalidOrderError, read
from forestall.planning.changes import ACTIONS
from tests.unit.actions.scene import cluster, environment


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_is_read_with_the_effect_that_it_has(action: str) -> None:
    found = read(action, environment(cluster(), "Node", {"node": "worker-1"}))
    assert (found.effect, found.manager) == (ACTIONS[action], f"forestall-action-{action}")
    assert (found.kind, found.namespace, found.name) == ("Node", "", "worker-1")


def test_a_target_in_a_namespace_keeps_it() -> None:
    found = read("scale", environment(cluster(), "Deployment", {"replicas": "3"}, "RolloutComplete"))
    assert (found.namespace, found.post_checks, found.timeout) == ("shop", ("RolloutComplete",), 60.0)


@pytest.mark.parametrize("name", ["FORESTALL_TARGET", "FORESTALL_PARAMETERS", "FORESTALL_READS"])
@pytest.mark.parametrize("value", [None, "{", "3"])
def test_an_environment_that_cannot_be_read_is_refused(name: str, value: str | None) -> None:
    given = environment(cluster(), "Node", {})
    broken = {key: text for key, text in given.items() if key != name} | ({name: value} if value else {})
    with pytest.raises(InvalidOrderError):
        read("cordon", broken)


def test_an_action_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidOrderError, match="unknown action 'reboot'"):
        read("reboot", environment(cluster(), "Node", {}))
