"""`approve --wait` follows the plan to its end, and its exit code says which end."""

import json
from typing import Any

import pytest

from forestall.ports import Json, WatchEvent
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import finding, plan
from tests.unit.cli.running import run

NAME = "imagepull-web-1-0-1"
SYNCED = WatchEvent("SYNCED", {})


def changed(**status: Any) -> WatchEvent:
    return WatchEvent("MODIFIED", plan(**status))


def followed(*events: WatchEvent) -> Cluster:
    return Cluster([finding(), plan()], events=[WatchEvent("ADDED", plan()), SYNCED, *events])


def test_success_ends_well_and_each_change_was_written_once() -> None:
    running = changed(phase="Executing", message="runs rollout-undo")
    world = followed(running, running, changed(phase="Succeeded", message="all goals Fulfilled"))
    result = run(world, "approve", NAME, "--yes", "--wait")
    assert result.exit_code == 0
    assert result.stdout.count("Executing: runs rollout-undo") == 1
    assert result.stdout.rstrip().endswith("Succeeded: all goals Fulfilled")


@pytest.mark.parametrize("phase", ["Failed", "Stale", "Expired", "Rejected", "Cancelled"])
def test_every_other_end_has_its_own_exit_code(phase: str) -> None:
    result = run(followed(changed(phase=phase, message="why")), "approve", NAME, "--yes", "--wait")
    assert result.exit_code == 5
    assert f"ended as {phase}" in result.stderr


def test_json_tells_the_end_also_when_it_is_a_bad_one() -> None:
    result = run(followed(changed(phase="Failed")), "approve", NAME, "--yes", "--wait", "-o", "json")
    assert result.exit_code == 5
    assert json.loads(result.stdout)["phase"] == "Failed"


def test_other_plans_are_not_taken_for_this_one() -> None:
    other = WatchEvent("MODIFIED", plan("another", phase="Succeeded"))
    assert run(followed(other, changed(phase="Failed")), "approve", NAME, "--yes", "--wait").exit_code == 5


def replaced() -> Json:
    fresh = plan(phase="Succeeded")
    fresh["metadata"]["uid"] = "another"
    return fresh


@pytest.mark.parametrize("event", [WatchEvent("DELETED", plan()), WatchEvent("ADDED", replaced())])
def test_a_plan_that_is_gone_did_not_succeed(event: WatchEvent) -> None:
    result = run(followed(event), "approve", NAME, "--yes", "--wait")
    assert result.exit_code == 5
    assert "deleted" in result.stderr
