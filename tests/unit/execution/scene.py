"""A plan in each of its phases, with what is known of its Job."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from forestall.api.inspectionpolicy import Mode
from forestall.api.remediationplan import Candidate, RemediationPlanStatus
from forestall.gates.facts import Draft, Facts, JobState, LiveTarget
from tests.unit.gates.scene import CONTENT, NOW, READS, attempts, chosen, facts, rendered, step

BEGUN = NOW - timedelta(seconds=10)
PREDICTION = {
    "snapshotId": "sha256:1",
    "goals": [
        {"name": "up", "before": "NotFulfilled", "after": "Fulfilled"},
        {"name": "light", "before": "Fulfilled", "after": "Unknown"},
    ],
    "readyPods": 3,
    "nodes": 2,
    "caveat": "Caches are warm.",
}


def draft(*, mode: str = "Open", **candidate: Any) -> Draft:
    """What rendering gives: the plan's own runbook as the only candidate."""
    full = RemediationPlanStatus.model_validate(rendered(prediction=PREDICTION))
    return Draft(
        mode=cast("Mode", mode),
        target=full.target,
        steps=full.steps,
        rollback=full.rollback,
        candidates=(Candidate.model_validate(chosen(**candidate)),),
        prediction=full.prediction,
        diff="-old\n+new\n",
        risk_class="Low",
        content_digest=CONTENT,
    )


def job(state: str, **more: Any) -> JobState:
    """The Job of the attempt that runs, as it was read."""
    known = {"created_at": BEGUN, "finished_at": NOW if state in {"Complete", "Failed"} else None}
    return JobState(**{"name": attempts()[0]["jobName"], "state": state, **known, **more})


def executing(
    state: str | None,
    *,
    phase: str = "Executing",
    annotations: Mapping[str, str] | None = None,
    steps: int = 1,
    done: tuple[str, ...] = (),
    approval: Mapping[str, Any] | None = None,
    accepted: bool = False,
    **more: Any,
) -> Facts:
    """A plan whose current attempt's Job is as given; None: it was not read. `more`: of the Job, or of the facts."""
    of_job = {name: more.pop(name) for name in JobState.__dataclass_fields__ if name in more}
    tried = attempts(*done, **({"acceptedAt": BEGUN} if accepted else {}))
    status = rendered(steps=steps, phase=phase, attempts=tried, message="runs step-0")
    status |= {"approval": dict(approval)} if approval else {}
    name = str(tried[-1]["jobName"])
    jobs = {} if state is None else {name: job(state, name=name, **of_job)}
    return facts(status, None if annotations is None else dict(annotations), jobs=jobs, **more)


LEFT = "sha256:as-left"
"""Hash of the target as the plan's last Job left it."""
WAY_BACK = "its inverse is: rollout-undo to=cart-1"


def rolling_back(
    state: str | None = None,
    *,
    found: str | None = LEFT,
    undone: bool = False,
    told: str = LEFT,
    annotations: Mapping[str, str] | None = None,
    accepted: bool = False,
    until: datetime | None = None,
    rollback: int = 1,
    **more: Any,
) -> Facts:
    """A plan whose step has failed, and whose rollback's Job is as given (None: it has none yet).

    `found` is the hash of the target as it was read (None: it was not read), `told` the one that the step left,
    `until` the end of the rollback's soak.
    """
    failed = {**attempts("Failure")[0], "targetHash": told}
    of_job = {name: more.pop(name) for name in JobState.__dataclass_fields__ if name in more}
    name = f"{failed['jobName'][:-4]}-undo-0-1"
    undo = {**failed, "rollback": True, "jobName": name, "targetHash": "", "outcome": None}
    undo |= {"acceptedAt": BEGUN} if accepted else {}
    undo |= {"outcome": "Success", "targetHash": READS} if undone else {}
    steps = [{**step(), "name": f"undo-{number}"} for number in range(rollback)]
    status = rendered(
        phase="RollingBack",
        attempts=[failed, undo] if state or undone else [failed],
        rollback=steps,
        prediction=PREDICTION,
        message="is being undone: it failed",
    )
    status |= {"undoing": {"since": until - timedelta(seconds=30), "until": until}} if until else {}
    jobs = {name: job(state, name=name, **of_job)} if state and state != "unread" else {}
    live = LiveTarget(uid="uid-cart", reads_hash=found) if found else None
    return facts(status, None if annotations is None else dict(annotations), **{"jobs": jobs, "live": live, **more})


def soaking(*, until: datetime = NOW, prediction: Mapping[str, Any] = PREDICTION, **more: Any) -> Facts:
    """A plan whose last step is done; its goals are judged from `until` on."""
    status = rendered(
        phase="Soaking",
        attempts=attempts("Success")[:1],
        prediction=prediction,
        verification={"since": until - timedelta(seconds=30), "until": until},
        message="acted",
    )
    return facts(status, **more)
