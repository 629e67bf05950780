"""The Job that runs one step. Nothing in it comes from a person but typed parameters, and those only as data."""

from __future__ import annotations

from forestall.api.remediationplan import Attempt, RemediationPlan, Step, Target
from forestall.api.runbook import RunbookSpec
from forestall.planning.pods import compact, literal, restricted
from forestall.ports import Json

MANAGED = "forestall.dev/managed"
PLAN_UID = "forestall.dev/plan-uid"
STEP = "forestall.dev/step"
ATTEMPT = "forestall.dev/attempt"
PLAN = "forestall.dev/plan"
PLAN_DIGEST = "forestall.dev/plan-digest"
TRACEPARENT = "forestall.dev/traceparent"
TTL_SECONDS = 3600
BEGINNING_SECONDS = 30
"""What a pod may take to begin, while a node is found and its image is pulled. An action counts its time from its own
beginning, and is not to be ended before it can say how far it came."""
CONTAINER = "action"


def environment(step: Step, target: Target, runbook: RunbookSpec) -> dict[str, str]:
    """What the action is told, as environment variables; structured values are JSON."""
    return {
        "FORESTALL_TARGET": compact({**target.ref.to_json(), "uid": target.uid, "readsHash": target.reads_hash}),
        "FORESTALL_PARAMETERS": compact({item.name: item.value for item in step.parameters}),
        "FORESTALL_READS": compact(list(runbook.reads)),
        "FORESTALL_POST_CHECKS": compact(list(runbook.post_checks)),
        "FORESTALL_TIMEOUT_SECONDS": str(int(step.timeout.total_seconds())),
    }


def template(step: Step, target: Target, runbook: RunbookSpec) -> Json:
    """The Job's spec, without names, attempts and trace values: this is what an approval is bound to."""
    ignore_eviction = [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]
    fail = [{"action": "FailJob", "onExitCodes": {"containerName": CONTAINER, "operator": "NotIn", "values": [0]}}]
    return {
        "backoffLimit": 0,
        "completions": 1,
        "parallelism": 1,
        "activeDeadlineSeconds": BEGINNING_SECONDS + int(step.timeout.total_seconds()),
        "ttlSecondsAfterFinished": TTL_SECONDS,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": [*(ignore_eviction if runbook.idempotent else []), *fail]},
        "template": {"spec": _pod(step, target, runbook)},
    }


def identity(plan: RemediationPlan, attempt: Attempt) -> dict[str, str]:
    """The labels by which an attempt's Job is known."""
    return {
        MANAGED: "true",
        PLAN_UID: plan.metadata.uid,
        STEP: f"undo-{attempt.step}" if attempt.rollback else str(attempt.step),
        ATTEMPT: str(attempt.attempt),
    }


def manifest(plan: RemediationPlan, attempt: Attempt, *, runbook: RunbookSpec, namespace: str, trace: str) -> Json:
    """The whole Job of one attempt."""
    status = plan.status
    if status.target is None:
        raise ValueError("a plan without a target has no Job")
    labels = identity(plan, attempt)
    annotations = {
        PLAN: f"{plan.metadata.namespace}/{plan.metadata.name}",
        PLAN_DIGEST: status.plan_digest or "",
        TRACEPARENT: trace,
    }
    target = status.target.model_copy(update={"reads_hash": status.expected_hash})
    # What a rollback must lead to is the state from before, which need not be a healthy one: the operator judges it.
    rules = runbook.model_copy(update={"post_checks": ()}) if attempt.rollback else runbook
    spec = template(status.step_of(attempt), target, rules)
    pod = {"metadata": {"labels": labels, "annotations": annotations}, **spec["template"]}
    traced = [{"name": "TRACEPARENT", "value": trace}, {"name": "FORESTALL_PLAN_UID", "value": plan.metadata.uid}]
    pod["spec"]["containers"][0]["env"].extend(traced)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": attempt.job_name,
            "namespace": namespace,
            "labels": labels,
            "annotations": annotations,
        },
        "spec": {**spec, "template": pod},
    }


def finished(found: Json) -> Json | None:
    """The condition that ended a Job, or None."""
    conditions = (found.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one["type"] in {"Complete", "Failed"} and one["status"] == "True"), None)


def _pod(step: Step, target: Target, runbook: RunbookSpec) -> Json:
    env = environment(step, target, runbook) | {item.name: literal(item.value) for item in step.env}
    command = [literal(part) for part in step.argv] if step.own_image else ["python", "-m", "forestall.actions"]
    return restricted(
        step.service_account_name,
        {
            "name": CONTAINER,
            "image": step.image,
            "command": command,
            "args": [] if step.own_image else list(step.argv),
            "env": [{"name": name, "value": value} for name, value in sorted(env.items())],
            "resources": {"requests": {"cpu": "50m", "memory": "96Mi"}, "limits": {"memory": "256Mi"}},
        },
    )
