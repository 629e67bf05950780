"""A suspended Job that nobody resumes goes after a while; one whose plan may resume it stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forestall.adapters.resources import JOBS, PLANS
from forestall.api.base import Key, format_time
from forestall.planning import job
from forestall.ports import Json
from forestall.runtime.remains import STAYS, reconcile
from tests.unit.gates.scene import NOW, UID, plan, rendered
from tests.unit.runtime.instant import run
from tests.unit.runtime.scene import SETTINGS, World

KEY = Key("Job", SETTINGS.action_namespace, "j")
SUSPENDED = {"type": "Suspended", "status": "True", "lastTransitionTime": format_time(NOW)}


def suspended(**spec: Any) -> Json:
    labels, annotations = {job.MANAGED: "true", job.PLAN_UID: UID}, {job.PLAN: "shop/mend-cart"}
    metadata = {"name": "j", "namespace": KEY.namespace, "labels": labels, "annotations": annotations}
    return {"metadata": metadata, "spec": {"suspend": True, **spec}, "status": {"conditions": [SUSPENDED]}}


def looked(body: Json | None, *, phase: str = "", after: timedelta = STAYS, uid: str = UID) -> tuple[Any, bool]:
    """When it is looked at again, and whether the Job is still there. Without a phase there is no plan."""

    async def story() -> tuple[Any, bool]:
        world = World()
        if body is not None:
            world.kube.put(JOBS, body)
        if phase:
            made = plan(rendered(phase=phase)).to_json()
            made["metadata"]["uid"] = uid
            world.kube.put(PLANS, made)
        world.clock.advance(after)
        again = await reconcile(world.context, KEY)
        return again, bool(await world.jobs())

    return run(story())


@pytest.mark.parametrize("phase", ["Escalated", "Failed", "Cancelled", ""])
def test_it_goes_once_its_plan_has_ended_or_is_gone(phase: str) -> None:
    assert looked(suspended(), phase=phase) == (None, False)


@pytest.mark.parametrize("phase", ["Executing", "RollingBack"])
def test_it_stays_while_its_plan_may_resume_it(phase: str) -> None:
    assert looked(suspended(), phase=phase) == (STAYS, True)


def test_it_stays_for_a_while_for_people_to_look_at() -> None:
    assert looked(suspended(), phase="Escalated", after=STAYS - timedelta(seconds=1)) == (timedelta(seconds=1), True)


def test_another_plan_of_that_name_does_not_keep_it() -> None:
    assert looked(suspended(), phase="Executing", uid="another") == (None, False)


def test_a_job_that_runs_is_left_alone() -> None:
    assert looked(suspended(suspend=False)) == (None, True)


def test_a_job_that_is_gone_is_no_failure() -> None:
    assert looked(None) == (None, False)


def test_before_its_controller_says_since_when_its_creation_counts() -> None:
    assert looked({**suspended(), "status": {}}, after=timedelta(0)) == (STAYS, True)
