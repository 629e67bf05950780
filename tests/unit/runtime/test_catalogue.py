"""A runbook says whether plans may use it, and under which digest."""

from __future__ import annotations

from datetime import timedelta

from forestall.adapters.resources import RUNBOOKS
from forestall.api import conditions
from forestall.api.base import Key
from forestall.api.runbook import Runbook, RunbookStatus
from forestall.planning.runbooks import digest
from forestall.ports import Json
from forestall.runtime import catalogue
from tests.unit.planning.objects import runbook
from tests.unit.runtime.instant import run
from tests.unit.runtime.scene import World

KEY = Key("Runbook", "", "scale")


def judged(body: Json) -> tuple[RunbookStatus, int]:
    """The status after three looks, and how often it was written."""

    async def story() -> tuple[RunbookStatus, int]:
        world = World()
        world.see(RUNBOOKS, body)
        for _ in range(3):
            assert await catalogue.reconcile(world.context, KEY) is None
            world.clock.advance(timedelta(hours=1))
        [found] = world.context.store.all(Runbook)
        return found.status, len(world.kube.made("patch_status"))

    return run(story())


def test_a_runbook_of_known_actions_is_usable_under_its_digest() -> None:
    status, writes = judged(runbook("SetReplicas").to_json())
    assert conditions.is_true(status.conditions, "Ready")
    assert (status.digest, writes) == (digest(runbook("SetReplicas")), 1)


def test_a_runbook_of_an_unknown_action_is_not_and_says_why() -> None:
    body = runbook("SetReplicas").to_json()
    body["spec"]["actions"][0]["argv"] = ["reboot"]
    [ready] = judged(body)[0].conditions
    assert (ready.status, ready.reason) == ("False", "UnknownAction")
    assert "reboot" in ready.message


def test_a_runbook_that_is_gone_is_no_matter() -> None:
    async def story() -> None:
        world = World()
        assert await catalogue.reconcile(world.context, KEY) is None
        assert world.kube.calls == []

    run(story())
