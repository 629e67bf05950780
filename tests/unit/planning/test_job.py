"""The Job of a step: what it may do is fixed, what people wrote is data, and what it is for stands on it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forestall.planning import job
from forestall.planning.hashing import canonical
from forestall.ports import Json
from tests.unit.gates.scene import CONTENT, DIGEST, READS, UID, attempts, plan, rendered, runbook, step

TRACE = "00-abc-def-01"
HOSTILE = ("$(reboot)", "`id`", "{{ 7*7 }}", "a\nb", "--force", "../../etc", "\u202ecart", "'; --", "$HOME", "")


def made(*, steps: int = 1, done: tuple[str, ...] = (), **status: Any) -> Json:
    tried = attempts(*done)
    subject = plan(rendered(steps=steps, phase="Executing", attempts=tried, **status))
    return job.manifest(subject, subject.status.attempts[-1], runbook=runbook().spec, namespace="actions", trace=TRACE)


def container(manifest: Json) -> Json:
    [only] = manifest["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def told(manifest: Json) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container(manifest)["env"]}


def test_its_identity_stands_on_the_job_and_on_its_pod() -> None:
    manifest = made()
    labels = {job.MANAGED: "true", job.PLAN_UID: UID, job.STEP: "0", job.ATTEMPT: "1"}
    annotations = {job.PLAN: "shop/mend-cart", job.PLAN_DIGEST: DIGEST, "forestall.dev/traceparent": TRACE}
    assert (manifest["metadata"]["name"], manifest["metadata"]["namespace"]) == (
        "forestall-0000aaaa-1111-0-1",
        "actions",
    )
    for metadata in (manifest["metadata"], manifest["spec"]["template"]["metadata"]):
        assert (metadata["labels"], metadata["annotations"]) == (labels, annotations)


def test_it_runs_once_and_not_for_ever() -> None:
    spec = made()["spec"]
    assert (spec["backoffLimit"], spec["completions"], spec["parallelism"]) == (0, 1, 1)
    assert (spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (30 + 300, 3600)
    assert (spec["podReplacementPolicy"], spec["template"]["spec"]["restartPolicy"]) == ("Failed", "Never")


def test_its_pod_is_restricted() -> None:
    pod = made()["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["enableServiceLinks"] is False
    assert container(made())["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC", "volumes", "initContainers"} & pod.keys()


def test_it_runs_the_step_s_image_and_account_without_a_shell() -> None:
    manifest = made()
    assert manifest["spec"]["template"]["spec"]["serviceAccountName"] == "forestall-action-rollout-undo"
    assert container(manifest)["image"] == "forestall@sha256:1"
    assert container(manifest)["command"] == ["python", "-m", "forestall.actions"]
    assert container(manifest)["args"] == ["rollout-undo"]


def test_an_eviction_counts_as_a_failure_unless_the_action_may_run_twice() -> None:
    spec = runbook().spec
    for idempotent, rules in ((True, ["Ignore", "FailJob"]), (False, ["FailJob"])):
        changed = spec.model_copy(update={"idempotent": idempotent})
        target = plan().status.target
        assert target is not None
        policy = job.template(plan().status.steps[0], target, changed)["podFailurePolicy"]
        assert [rule["action"] for rule in policy["rules"]] == rules


def test_it_is_told_its_target_and_what_to_expect_of_it() -> None:
    found = told(made())
    assert json.loads(found["FORESTALL_TARGET"]) == {
        "kind": "Deployment",
        "namespace": "shop",
        "name": "cart",
        "uid": "uid-cart",
        "readsHash": READS,
    }
    assert json.loads(found["FORESTALL_READS"]) == ["spec.template"]
    assert json.loads(found["FORESTALL_POST_CHECKS"]) == ["RolloutComplete"]
    assert (found["FORESTALL_TIMEOUT_SECONDS"], found["TRACEPARENT"], found["FORESTALL_PLAN_UID"]) == (
        "300",
        TRACE,
        UID,
    )


def test_a_second_step_expects_the_target_as_the_first_one_left_it() -> None:
    tried = [{**attempts("Success")[0], "targetHash": "sha256:left"}, attempts("Success")[1]]
    subject = plan(rendered(steps=2, phase="Executing", attempts=tried))
    second = job.manifest(subject, subject.status.attempts[1], runbook=runbook().spec, namespace="actions", trace=TRACE)
    assert json.loads(told(second)["FORESTALL_TARGET"])["readsHash"] == "sha256:left"
    assert second["metadata"]["labels"][job.STEP] == "1"


@pytest.mark.parametrize("value", HOSTILE)
def test_a_parameter_is_data_that_nothing_expands_and_stands_nowhere_else(value: str) -> None:
    hostile = {**step(), "parameters": [{"name": "to", "value": value}]}
    subject = plan({**rendered(phase="Executing", attempts=attempts()), "steps": [hostile]})
    manifest = job.manifest(
        subject, subject.status.attempts[0], runbook=runbook().spec, namespace="actions", trace=TRACE
    )
    assert json.loads(told(manifest)["FORESTALL_PARAMETERS"]) == {"to": value}
    assert all("$" not in one for one in told(manifest).values())
    assert without_environment(manifest) == without_environment(made())


def without_environment(manifest: Json) -> Json:
    container(manifest)["env"] = []
    return manifest


def test_what_is_approved_depends_on_no_name_attempt_or_trace() -> None:
    target = plan().status.target
    assert target is not None
    template = job.template(plan().status.steps[0], target, runbook().spec)
    text = canonical(template).decode()
    assert all(word not in text for word in (UID, "mend-cart", TRACE, DIGEST, CONTENT))


def test_steps_and_what_undoes_them_are_told_apart_by_their_labels() -> None:
    forth, back = undone(rollback=False)["metadata"]["labels"], undone()["metadata"]["labels"]
    assert (forth[job.STEP], back[job.STEP]) == ("0", "undo-0")
    assert {key: value for key, value in forth.items() if back[key] != value} == {job.STEP: "0"}


def test_a_rollback_runs_the_inverse_under_its_own_account_without_checks_of_health() -> None:
    manifest = undone()
    assert manifest["spec"]["template"]["spec"]["serviceAccountName"] == "forestall-action-scale"
    assert container(manifest)["args"] == ["scale"]
    assert told(manifest)["FORESTALL_POST_CHECKS"] == "[]"


def undone(*, rollback: bool = True) -> Json:
    """The Job that undoes a plan's one step, or the step's own."""
    undo = {**step("undo"), "argv": ["scale"], "serviceAccountName": "forestall-action-scale"}
    subject = plan(rendered(phase="RollingBack", rollback=[undo], attempts=attempts("Failure")))
    attempt = subject.status.attempts[0].model_copy(update={"rollback": rollback})
    return job.manifest(subject, attempt, runbook=runbook().spec, namespace="actions", trace=TRACE)


def test_making_a_job_leaves_the_next_one_unchanged() -> None:
    assert made() == made()


def test_a_plan_without_a_target_has_no_job() -> None:
    with pytest.raises(ValueError, match="without a target"):
        made(target=None)
