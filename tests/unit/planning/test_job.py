"""The Job of an attempt: known by its labels, and told how it must find the target."""

from __future__ import annotations

import json
from typing import Any

from forestall.api.remediationplan import Attempt, RemediationPlan
from forestall.planning.job import identity, manifest
from tests.unit.gates.scene import NOW, READS, plan, rendered, runbook, step

UNDO = {**step("undo"), "argv": ["scale"], "serviceAccountName": "forestall-action-scale"}
PLAN = plan(rendered(rollback=[UNDO]))


def attempt(**more: Any) -> Attempt:
    known = {"step": 0, "attempt": 2, "job_name": "forestall-job", "intended_at": NOW}
    return Attempt.model_validate({**known, **more})


def environment(of: RemediationPlan = PLAN, **more: Any) -> dict[str, Any]:
    """What the action is told, read as JSON where it is JSON."""
    made = manifest(of, attempt(**more), runbook=runbook().spec, namespace="forestall-actions", trace="00-1-2-01")
    (container,) = made["spec"]["template"]["spec"]["containers"]
    return {
        item["name"]: json.loads(item["value"]) if item["value"][:1] in "[{" else item["value"]
        for item in container["env"]
    }


def test_steps_and_what_undoes_them_are_told_apart_by_their_labels() -> None:
    forth, back = identity(PLAN, attempt()), identity(PLAN, attempt(rollback=True))
    assert (forth["forestall.dev/step"], back["forestall.dev/step"]) == ("0", "undo-0")
    assert {key: value for key, value in forth.items() if back[key] != value} == {"forestall.dev/step": "0"}


def test_the_target_is_expected_as_the_last_job_left_it() -> None:
    assert environment()["FORESTALL_TARGET"]["readsHash"] == READS
    tried = [{"step": 0, "attempt": 1, "jobName": "job", "intendedAt": NOW, "targetHash": "sha256:as-left"}]
    assert environment(plan(rendered(attempts=tried)))["FORESTALL_TARGET"]["readsHash"] == "sha256:as-left"


def test_a_rollback_runs_the_inverse_under_its_own_account_without_checks_of_health() -> None:
    made = manifest(
        PLAN, attempt(rollback=True), runbook=runbook().spec, namespace="forestall-actions", trace="00-1-2-01"
    )
    pod = made["spec"]["template"]["spec"]
    assert (pod["serviceAccountName"], pod["containers"][0]["args"]) == ("forestall-action-scale", ["scale"])
    assert environment()["FORESTALL_POST_CHECKS"] == ["RolloutComplete"]
    assert environment(rollback=True)["FORESTALL_POST_CHECKS"] == []
