"""What is asked of a plan that has ended has the same answer with the gist of it, and most of it is gone."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from forestall.api.finding import Finding
from forestall.api.remediationplan import HOLD, TERMINAL, Phase, RemediationPlan
from forestall.api.retention import Retention
from forestall.execution.moves import current
from forestall.inspection import findings
from forestall.planning import job
from forestall.planning.gist import gist
from forestall.planning.keeping import surplus
from forestall.planning.propose import _planned
from forestall.planning.record import Record, ended, since_detected, tried
from forestall.ports import Json
from tests.unit.gates.scene import NOW, attempts, finding, plan, policy, rendered

HAND_OFF = {
    "time": NOW.isoformat(),
    "source": {"kind": "Agent", "name": "forestall"},
    "to": {"kind": "Human", "name": "ann"},
    "reason": "taken over",
}
ENDS: dict[str, Json] = {
    "ran": {"attempts": attempts("Success")},
    "never ran": {},
    "was undone": {"attempts": [{**attempts("Success")[0], "rollback": True}]},
    "was refused": {"rejection": {"name": "ann", "reason": "no", "time": NOW.isoformat()}},
    "was handed over": {"handOffs": [HAND_OFF], "assignee": HAND_OFF["to"], "message": "taken over"},
    "was judged": {
        "verification": {"since": NOW.isoformat(), "until": NOW.isoformat(), "result": "Fulfilled"},
        "timestamps": {"decided": NOW.isoformat(), "acted": NOW.isoformat(), "verified": NOW.isoformat()},
    },
}


def whole(phase: Phase, **status: Any) -> Json:
    condition = {
        "type": "Succeeded",
        "status": "False",
        "reason": phase,
        "lastTransitionTime": (NOW + timedelta(minutes=1)).isoformat(),
    }
    told = [{**condition, "type": "Ready"}, condition]
    body = plan(rendered(phase=phase, conditions=told, **status)).to_json()
    body["metadata"] |= {"finalizers": [HOLD], "annotations": {"a": "b"}, "labels": {"c": "d"}}
    told_as: Json = json.loads(json.dumps(body, default=str))
    return told_as


def answers(one: RemediationPlan) -> list[object]:
    """All that is asked of a plan that has ended."""
    showing = Finding.model_validate({**finding().to_json(), "status": {"state": "Cleared", "detectedAt": NOW}})
    record = Record(finding().metadata.name, one.spec.proposer, policy().spec.execution, [one], NOW)
    spare = surplus([showing], [one, one], Retention(), NOW + timedelta(days=400))
    return [
        ended(one),
        tried(one),
        since_detected(one, showing),
        record.rests_until(1, one.spec.runbook_ref.name),
        record.used_up(1, one.spec.runbook_ref.name),
        _planned(showing, [one]),
        findings.update(showing, None, plans=[one], snapshot_id="s", now=NOW),
        ([item.key for item in spare.plans], spare.again),
        current(one.status),
        [job.identity(one, attempt) for attempt in one.status.attempts],
        (one.status.plan_digest, one.metadata.finalizers, one.metadata.resource_version, one.metadata.uid),
    ]


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
@pytest.mark.parametrize("phase", sorted(TERMINAL))
def test_the_gist_answers_all_that_is_asked(phase: Phase, end: Json) -> None:
    body = whole(phase, **end)
    assert answers(RemediationPlan.model_validate(gist(body))) == answers(RemediationPlan.model_validate(body))


def test_most_of_a_plan_is_not_in_its_gist() -> None:
    body = whole("Succeeded", diff="x" * 4000, gates=[{"gate": "lock", "ok": True, "reason": "Free"}])
    left = gist(body)
    assert len(json.dumps(left)) * 2 < len(json.dumps(body))
    assert left["spec"] == body["spec"]
    assert {"diff", "gates", "steps"}.isdisjoint(left["status"])


def test_the_object_itself_stays_as_it_is() -> None:
    body = whole("Failed")
    before = json.dumps(body)
    gist(body)
    assert json.dumps(body) == before
