"""A Job is created once, recognised by what it is for, and read for how it ended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from forestall.adapters.memory import FixedClock, MemoryKube
from forestall.adapters.resources import JOBS, PODS
from forestall.api.remediationplan import Attempt, RemediationPlan
from forestall.gates.facts import JobState
from forestall.planning import job
from forestall.ports import Json, KubeError
from forestall.runtime import jobs
from tests.unit.gates.scene import NOW, attempts, plan, rendered, runbook
from tests.unit.runtime.scene import SETTINGS, pod_of

NAMESPACE = SETTINGS.action_namespace
PLAN: RemediationPlan = plan(rendered(phase="Executing", attempts=attempts()))
ATTEMPT: Attempt = PLAN.status.attempts[0]


def cluster(*, created: bool = True) -> MemoryKube:
    kube = MemoryKube(FixedClock(NOW))
    if created:
        create(kube)
    return kube


def create(kube: MemoryKube) -> None:
    asyncio.run(jobs.create(kube, PLAN, ATTEMPT, runbook=runbook(), namespace=NAMESPACE, trace="t"))


def read(kube: MemoryKube) -> JobState:
    return asyncio.run(jobs.read(kube, PLAN, ATTEMPT, NAMESPACE))


def stored(kube: MemoryKube) -> Json:
    return asyncio.run(kube.get(JOBS, NAMESPACE, ATTEMPT.job_name))


def ended(kind: str = "Complete", reason: str = "", message: str = "") -> MemoryKube:
    kube = cluster()
    condition = {"type": kind, "status": "True", "lastTransitionTime": "2030-01-01T12:00:30Z"}
    earlier = {"type": "FailureTarget", "status": "True"}
    told = {"reason": reason, "message": message}
    kube.put(JOBS, {**stored(kube), "status": {"conditions": [earlier, {**condition, **told}]}})
    return kube


def test_no_job_is_absent() -> None:
    assert read(cluster(created=False)) == JobState(ATTEMPT.job_name, "Absent")


def test_a_job_that_runs_is_active_since_its_creation() -> None:
    kube = cluster()
    version = stored(kube)["metadata"]["resourceVersion"]
    assert read(kube) == JobState(ATTEMPT.job_name, "Active", version, created_at=NOW)


def test_creating_it_twice_makes_one() -> None:
    kube = cluster()
    create(kube)
    assert len(asyncio.run(kube.list(JOBS))) == 1
    assert read(kube).state == "Active"


@pytest.mark.parametrize("status", [0, 403, 422, 500])
def test_a_creation_that_is_refused_is_raised(status: int) -> None:
    kube = cluster(created=False)
    kube.refuse("create", JOBS, KubeError(status, "No", "no"))
    with pytest.raises(KubeError):
        create(kube)


@pytest.mark.parametrize("status", [0, 403, 500])
def test_a_job_that_cannot_be_read_is_not_taken_for_absent(status: int) -> None:
    kube = cluster()
    kube.refuse("get", JOBS, KubeError(status, "No", "no"))
    with pytest.raises(KubeError):
        read(kube)


@pytest.mark.parametrize("stop", [True, False])
def test_the_stop_is_written_and_read_back(stop: bool) -> None:
    kube = cluster()
    asyncio.run(jobs.suspend(kube, NAMESPACE, read(kube), stop=stop))
    assert read(kube).state == ("Suspended" if stop else "Active")


def test_a_job_that_somebody_has_changed_since_is_left_as_they_want_it() -> None:
    kube = cluster()
    asyncio.run(jobs.suspend(kube, NAMESPACE, read(kube), stop=True))
    before = read(kube)
    kube.put(JOBS, {**stored(kube), "status": {"conditions": [{"type": "Suspended", "status": "True"}]}})
    with pytest.raises(KubeError, match="Conflict"):
        asyncio.run(jobs.suspend(kube, NAMESPACE, before, stop=False))
    assert read(kube).state == "Suspended"


FOREIGN: dict[str, dict[str, Any]] = {
    "another plan's": {"labels": {job.PLAN_UID: "other"}},
    "another step's": {"labels": {job.STEP: "1"}},
    "another attempt's": {"labels": {job.ATTEMPT: "2"}},
    "of another content": {"annotations": {job.PLAN_DIGEST: "sha256:other"}},
    "without labels": {"labels": None},
    "without annotations": {"annotations": None},
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_job_is_foreign_if_it_is(change: dict[str, Any]) -> None:
    kube = cluster()
    body = stored(kube)
    for field, value in change.items():
        body["metadata"][field] = None if value is None else {**body["metadata"][field], **value}
    kube.put(JOBS, body)
    assert read(kube) == JobState(ATTEMPT.job_name, "Foreign")


def test_its_end_is_told_by_the_action_itself() -> None:
    kube = ended()
    kube.put(PODS, pod_of(ATTEMPT.job_name, 0, message='{"code":0,"message":"3 updated","targetHash":"sha256:left"}'))
    assert read(kube) == JobState(
        ATTEMPT.job_name,
        "Complete",
        stored(kube)["metadata"]["resourceVersion"],
        created_at=NOW,
        finished_at=datetime(2030, 1, 1, 12, 0, 20, tzinfo=UTC),
        exit_code=0,
        message="3 updated",
        target_hash="sha256:left",
    )


def test_an_end_without_a_pod_is_told_by_the_job() -> None:
    found = read(ended("Failed", reason="BackoffLimitExceeded", message="it has failed"))
    assert (found.state, found.exit_code, found.message, found.timed_out) == ("Failed", None, "it has failed", False)
    assert found.finished_at == datetime(2030, 1, 1, 12, 0, 30, tzinfo=UTC)


def test_a_deadline_is_told_apart() -> None:
    assert read(ended("Failed", reason="DeadlineExceeded")).timed_out is True


def test_the_latest_pod_speaks_for_its_job() -> None:
    kube = ended("Failed")
    for number, code in ((1, 40), (0, 137)):
        kube.put(PODS, pod_of(ATTEMPT.job_name, code, number=number))
    assert read(kube).exit_code == 40


def test_pods_of_other_jobs_do_not() -> None:
    kube = ended("Failed")
    kube.put(PODS, pod_of("another", 40))
    assert read(kube).exit_code is None


@pytest.mark.parametrize(
    "status",
    [{}, {"containerStatuses": None}, {"containerStatuses": [{"state": {"running": {}}}]}, {"containerStatuses": [{}]}],
)
def test_a_pod_that_has_not_ended_says_nothing(status: Json) -> None:
    kube = ended("Failed")
    kube.put(PODS, {**pod_of(ATTEMPT.job_name, 40), "status": status})
    assert read(kube).exit_code is None


TOLD = {
    "": "it has failed",
    "Traceback: x": "Traceback: x",
    "[1, 2]": "[1, 2]",
    "null": "null",
    '{"message": 7}': "7",
    '{"message": ""}': "it has failed",
    '{"message": "a\\u0000b"}': "a\0b",
}


@pytest.mark.parametrize(("written", "message"), TOLD.items())
def test_a_termination_message_may_say_anything(written: str, message: str) -> None:
    kube = ended("Failed", message="it has failed")
    kube.put(PODS, pod_of(ATTEMPT.job_name, 1, message=written))
    assert (read(kube).message, read(kube).target_hash) == (message, "")


def test_an_exit_code_that_is_no_number_is_none() -> None:
    kube = ended("Failed")
    body = pod_of(ATTEMPT.job_name, 1)
    body["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] = "40"
    kube.put(PODS, body)
    assert read(kube).exit_code is None
