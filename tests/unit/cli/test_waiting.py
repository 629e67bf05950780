"""`wait` ends when the plan or the finding is where a script needs it, cannot get there, or the time is up."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from forestall.cli import app
from forestall.cli.session import World
from forestall.ports import Json
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import finding, plan

PLAN, FINDING = "imagepull-web-1-0-1", "imagepull-web-1"


class Passing(Cluster):
    """In each pause a minute passes, and the next of the `changes` happens to the objects."""

    def __init__(self, *changes: Json) -> None:
        super().__init__([finding(), plan()])
        self._changes = iter(changes)
        self._now = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    async def pause(self) -> None:
        self._now += timedelta(minutes=1)
        change = next(self._changes, plan())
        self.objects[change["kind"], "shop", change["metadata"]["name"]] = change


def wait(cluster: Passing, *args: str) -> Result:
    world = World(connect=cluster.connect, clock=cluster, pause=cluster.pause)
    return CliRunner().invoke(app, ["wait", *args, "--namespace", "shop"], obj=world)


def test_a_plan_is_waited_for() -> None:
    result = wait(Passing(plan(phase="Executing"), plan(phase="Succeeded")), PLAN, "--for", "Succeeded", "-o", "json")
    assert result.exit_code == 0
    answer = {"kind": "RemediationPlan", "namespace": "shop", "name": PLAN, "standing": "Succeeded"}
    assert json.loads(result.stdout) == answer


def test_any_of_several_phases_will_do() -> None:
    assert wait(Passing(plan(phase="Failed")), PLAN, "--for", "Succeeded", "--for", "Failed").exit_code == 0


@pytest.mark.parametrize("phase", ["Failed", "Rejected", "Stale"])
def test_a_plan_that_ended_otherwise_ends_the_wait(phase: str) -> None:
    result = wait(Passing(plan(phase=phase)), PLAN, "--for", "Succeeded")
    assert result.exit_code == 5
    assert f"ended as {phase}" in result.stderr
    assert f"kubectl forestall show {PLAN} --namespace shop" in result.stderr


def test_a_finding_is_waited_for_and_may_be_raised_again_meanwhile() -> None:
    changes = finding(state="Open"), finding(state="Cleared")
    assert wait(Passing(*changes), FINDING, "--for", "Cleared", "--for", "Closed").exit_code == 0


def test_the_wait_has_a_limit() -> None:
    result = wait(Passing(), PLAN, "--for", "Succeeded", "--timeout", "5m")
    assert result.exit_code == 5
    assert "it did not get there within 5m" in result.stderr


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((PLAN, "--for", "Open"), 2),
        ((FINDING, "--for", "Succeeded"), 2),
        ((PLAN, "--for", "Succeeded", "--timeout", "soon"), 2),
        ((PLAN,), 2),
        (("nothing", "--for", "Succeeded"), 1),
    ],
)
def test_what_cannot_come_is_not_waited_for(args: tuple[str, ...], code: int) -> None:
    assert wait(Passing(), *args).exit_code == code
