"""`approve --wait` follows the plan to its end, and its exit code says which end."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from forestall.ports import Json, KubeError, Resource
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import finding, plan
from tests.unit.cli.running import run

NAME = "imagepull-web-1-0-1"
KEY = ("RemediationPlan", "shop", NAME)
Scene = Callable[["Story"], None]


class Story(Cluster):
    """What happens to the plan, one scene in each pause; a plan that is still followed afterwards is a defect."""

    def __init__(self, *scenes: Scene) -> None:
        super().__init__([finding(), plan()])
        self.outage: KubeError | None = None
        self._scenes = iter(scenes)

    async def pause(self) -> None:
        next(self._scenes)(self)

    async def get(self, resource: Resource, namespace: str, name: str) -> Json:
        if self.outage is not None:
            raise self.outage
        return await super().get(resource, namespace, name)


def becomes(**status: Any) -> Scene:
    return lambda story: story.objects.update({KEY: plan(**status)})


def fails(status: int, reason: str) -> Scene:
    return lambda story: setattr(story, "outage", KubeError(status, reason, f"{reason}!"))


def recovers(story: Story) -> None:
    story.outage = None


def vanishes(story: Story) -> None:
    del story.objects[KEY]


def is_replaced(story: Story) -> None:
    story.objects[KEY] = plan(phase="Succeeded")
    story.objects[KEY]["metadata"]["uid"] = "another"


def test_success_ends_well_and_each_change_was_written_once() -> None:
    running = becomes(phase="Executing", message="runs rollout-undo")
    story = Story(running, running, becomes(phase="Succeeded", message="all goals Fulfilled"))
    result = run(story, "approve", NAME, "--yes", "--wait", pause=story.pause)
    assert result.exit_code == 0
    assert result.stdout.count("Executing: runs rollout-undo") == 1
    assert result.stdout.rstrip().endswith("Succeeded: all goals Fulfilled")


@pytest.mark.parametrize("phase", ["Failed", "Stale", "Expired", "Rejected", "Cancelled"])
def test_every_other_end_has_its_own_exit_code(phase: str) -> None:
    story = Story(becomes(phase=phase, message="why"))
    result = run(story, "approve", NAME, "--yes", "--wait", pause=story.pause)
    assert result.exit_code == 5
    assert f"ended as {phase}" in result.stderr


def test_json_tells_the_end_also_when_it_is_a_bad_one() -> None:
    story = Story(becomes(phase="Failed"))
    result = run(story, "approve", NAME, "--yes", "--wait", "-o", "json", pause=story.pause)
    assert result.exit_code == 5
    assert json.loads(result.stdout)["phase"] == "Failed"


@pytest.mark.parametrize("scene", [vanishes, is_replaced])
def test_a_plan_that_is_gone_did_not_succeed(scene: Scene) -> None:
    story = Story(scene)
    result = run(story, "approve", NAME, "--yes", "--wait", pause=story.pause)
    assert result.exit_code == 5
    assert "deleted" in result.stderr


@pytest.mark.parametrize(("status", "reason"), [(0, "Unreachable"), (503, "ServiceUnavailable"), (429, "Busy")])
def test_an_api_server_that_comes_back_was_worth_waiting_for(status: int, reason: str) -> None:
    story = Story(fails(status, reason), recovers, becomes(phase="Succeeded"))
    result = run(story, "approve", NAME, "--yes", "--wait", pause=story.pause)
    assert result.exit_code == 0
    assert f"still waiting; the API server does not answer: {reason}!" in result.stderr


def test_a_right_that_was_taken_away_ends_the_wait() -> None:
    story = Story(fails(403, "Forbidden"))
    result = run(story, "approve", NAME, "--yes", "--wait", pause=story.pause)
    assert result.exit_code == 4
    assert "Forbidden!" in result.stderr
