"""What a workload's controller says of its rollout."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forestall.api.inspectionpolicy import Check
from forestall.ports import Json
from forestall.twin.kubernetes import NEVER
from tests.unit.inspection.checks.signs import found, one
from tests.unit.twin.objects import WEB, WEB_SERVICE, web

GIVEN_UP: Json = {
    "type": "Progressing",
    "status": "False",
    "reason": "ProgressDeadlineExceeded",
    "message": 'ReplicaSet "web-2" has timed out progressing.',
}
QUOTA = "exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2"


def refused(message: str) -> Json:
    return {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}


def rollout(*conditions: Json, **spec: object) -> list[Json]:
    cluster = web("a")
    cluster[0]["status"] = {"conditions": list(conditions), "updatedReplicas": 0}
    cluster[0]["spec"].update(spec)
    return cluster


def test_a_rollout_that_is_given_up_is_a_symptom_in_its_controller_s_words() -> None:
    symptom = one("StuckRollout", rollout(GIVEN_UP))

    assert symptom.message == "the rollout of Deployment web does not go on"
    assert symptom.facts == ('ProgressDeadlineExceeded: ReplicaSet "web-2" has timed out progressing.',)
    assert (symptom.targets, symptom.services, symptom.patience) == ((WEB,), (WEB_SERVICE,), timedelta(0))


def test_a_rollout_that_nobody_would_give_up_is_given_the_time_that_others_have() -> None:
    assert one("StuckRollout", rollout(progressDeadlineSeconds=NEVER)).patience == timedelta(minutes=10)


def test_a_quota_is_a_symptom_without_the_name_of_the_pod_that_it_refused() -> None:
    seen = [one("QuotaExceeded", rollout(refused(f'pods "web-1-{name}" is forbidden: {QUOTA}'))) for name in "xy"]

    assert seen[0] == seen[1]
    assert seen[0].facts == (QUOTA,)
    assert (seen[0].message, seen[0].targets) == ("a quota refuses pods of Deployment web", (WEB,))


@pytest.mark.parametrize(
    ("check", "conditions"),
    [
        ("StuckRollout", []),
        ("StuckRollout", [GIVEN_UP | {"status": "True", "reason": "NewReplicaSetAvailable"}]),
        ("StuckRollout", [refused(QUOTA)]),
        ("QuotaExceeded", [GIVEN_UP]),
        ("QuotaExceeded", [refused('pods "web" is forbidden: violates PodSecurity "restricted"')]),
        ("QuotaExceeded", [refused(QUOTA) | {"status": "False"}]),
    ],
)
def test_other_conditions_are_no_symptom(check: Check, conditions: list[Json]) -> None:
    assert found(check, rollout(*conditions)) == ()
