"""What nobody needs any more goes, oldest first; what something rests on stays, whatever the limits say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from forestall.api.finding import Finding, FiringAlert
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.api.retention import Retention
from forestall.planning.keeping import Surplus, surplus
from tests.unit.planning.world import NOW, plan

DAY = timedelta(days=1)
NOBODY, ALICE = {"kind": "Agent", "name": "forestall"}, {"kind": "Human", "name": "alice"}
JOB = {"step": 0, "attempt": 1, "jobName": "job", "intendedAt": NOW, "acceptedAt": NOW}


def finding(name: str, state: str = "Closed", *, days: float = 0) -> Finding:
    """A finding that was raised an hour before it came into its state, so many days after NOW."""
    at = NOW + days * DAY
    moves = [{"time": at - timedelta(hours=1), "to": "Raised"}]
    moves += [{"time": at, "to": state}] if state != "Open" else []
    resource = {"kind": "Deployment", "namespace": "shop", "name": name}
    return Finding.model_validate(
        {
            "metadata": {"name": name, "namespace": "shop", "uid": f"uid-of-{name}"},
            "spec": {"policyRef": {"name": "shop"}, "type": "ImagePull", "resource": resource},
            "status": {"state": state, "detectedAt": at - timedelta(hours=1), "transitions": moves},
        }
    )


def over(
    of: str, name: str, phase: str = "Expired", *, minutes: float = 0, runbook: str = "rollout-undo", **status: Any
) -> RemediationPlan:
    """A plan for the finding `of` that ended so many minutes after NOW; made a minute before."""
    end = {"type": "Succeeded", "reason": phase, "lastTransitionTime": NOW + timedelta(minutes=minutes)}
    known = "Unknown" if phase not in TERMINAL else "True" if phase == "Succeeded" else "False"
    told = {"conditions": [{**end, "status": known}], **status}
    made = plan(name, phase, runbook=runbook, minutes=minutes - 1, status=told)
    spec = made.spec.model_copy(update={"finding_ref": made.spec.finding_ref.model_copy(update={"name": of})})
    return made.model_copy(update={"spec": spec, "metadata": made.metadata.model_copy(update={"uid": f"uid-{name}"})})


def judged(
    found: Sequence[Finding] = (),
    made: Sequence[RemediationPlan] = (),
    *,
    after: timedelta = timedelta(0),
    **limits: Any,
) -> Surplus:
    return surplus(found, made, Retention.model_validate(limits), NOW + after)


def names(items: Iterable[Finding | RemediationPlan]) -> list[str]:
    return [item.metadata.name for item in items]


def ended(count: int, *, of: str = "web", **more: Any) -> list[RemediationPlan]:
    """Plans that came to nothing, one every ten minutes."""
    return [over(of, f"{of}-1-{number}", minutes=10 * number, **more) for number in range(1, count + 1)]


@pytest.mark.parametrize("state", ["Closed", "Cleared"])
def test_a_finding_at_rest_goes_at_its_age_and_its_plans_before_it(state: str) -> None:
    findings, plans = [finding("web", state)], [over("web", "a", "Succeeded"), over("web", "b", "Rejected")]
    young = judged(findings, plans, after=30 * DAY - timedelta(seconds=1))
    assert (young.findings, young.plans, young.again) == ((), (), NOW + 30 * DAY)
    old = judged(findings, plans, after=30 * DAY)
    assert (names(old.findings), names(old.plans), old.again) == (["web"], ["a", "b"], None)


@pytest.mark.parametrize("state", ["Open", "Planned", "Escalated"])
def test_a_finding_that_is_not_at_rest_stays_for_ever(state: str) -> None:
    kept = judged([finding("web", state)], [over("web", "a", "Succeeded")], after=9999 * DAY, findings=0)
    assert (kept.findings, kept.plans, kept.again) == ((), (), None)


@pytest.mark.parametrize("phase", ["Proposed", "PendingApproval", "Executing", "Soaking", "Blocked", "RollingBack"])
def test_a_finding_with_a_plan_under_way_stays_and_so_do_its_plans(phase: str) -> None:
    plans = [over("web", "a", "Succeeded"), over("web", "b", phase)]
    assert judged([finding("web")], plans, after=9999 * DAY, findings=0) == Surplus((), (), None)


def test_a_finding_of_which_nothing_is_told_yet_stays() -> None:
    blank = finding("web").model_copy(update={"status": finding("web").status.model_copy(update={"transitions": ()})})
    assert judged([blank], after=9999 * DAY, findings=0) == Surplus((), (), None)


def test_a_finding_for_which_alerts_fire_stays_also_at_rest() -> None:
    resting = finding("web", "Cleared")
    alerts = (FiringAlert(fingerprint="ab", starts_at=NOW),)
    firing = resting.model_copy(update={"status": resting.status.model_copy(update={"alerts": alerts})})
    assert names(judged([resting], after=9999 * DAY).findings) == ["web"]
    assert judged([firing], after=9999 * DAY) == Surplus((), (), None)


def test_beyond_the_number_kept_the_ones_that_have_rested_longest_go_after_the_hold_off() -> None:
    findings = [finding(f"f{number}", days=number / 10) for number in range(5)]
    held = judged(findings, after=DAY - timedelta(seconds=1), findings=2)
    assert (held.findings, held.again) == ((), NOW + DAY)
    assert names(judged(findings, after=DAY + DAY / 10, findings=2).findings) == ["f0", "f1"]
    assert names(judged(findings, after=DAY + DAY, findings=2).findings) == ["f0", "f1", "f2"]


def test_no_limit_is_shorter_than_the_hold_off() -> None:
    assert judged([finding("web")], after=DAY - timedelta(seconds=1), age="1m", findings=0).findings == ()
    assert names(judged([finding("web")], after=DAY, age="1m").findings) == ["web"]


def test_of_plans_that_came_to_nothing_a_finding_keeps_the_latest_of_each_runbook() -> None:
    plans = [*ended(12), *(over("web", f"web-2-{n}", minutes=n, runbook="scale") for n in range(9))]
    found = judged([finding("web", "Open")], plans[::-1], plans=8)
    assert names(found.plans) == ["web-2-0", "web-1-1", "web-1-2", "web-1-3", "web-1-4"]
    assert found.findings == ()


@pytest.mark.parametrize(
    "answer",
    [
        {"phase": "Rejected"},
        {"phase": "Succeeded"},
        {"phase": "Failed", "attempts": [JOB]},
        {"phase": "Escalated", "assignee": ALICE},
    ],
    ids=["rejected", "succeeded", "tried", "taken over"],
)
def test_a_plan_on_which_the_present_showing_rests_is_never_spare(answer: dict[str, Any]) -> None:
    first = over("web", "web-1-0", minutes=0, **answer)
    showing, shown_again = finding("web", "Open"), finding("web", "Open", days=7)
    assert names(judged([showing], [first, *ended(20)]).plans) == [f"web-1-{n}" for n in range(1, 11)]
    assert "web-1-0" in names(judged([shown_again], [first, *ended(20)]).plans)


def test_a_plan_that_has_not_ended_is_never_spare() -> None:
    plans = [over("web", f"p{number}", "Blocked", minutes=number, assignee=NOBODY) for number in range(30)]
    assert judged([finding("web", "Open")], plans) == Surplus((), (), None)


def test_plans_whose_finding_is_gone_go_at_their_age_once_all_have_ended() -> None:
    plans = [over("gone", "a"), over("gone", "b", minutes=60)]
    assert judged([], plans, after=30 * DAY).again == NOW + 30 * DAY + timedelta(hours=1)
    assert names(judged([], plans, after=31 * DAY).plans) == ["a", "b"]
    assert judged([], [*plans, over("gone", "c", "Executing")], after=9999 * DAY) == Surplus((), (), None)


def test_the_next_day_is_the_first_on_which_anything_falls_due() -> None:
    findings, plans = [finding("web", days=3), finding("api", days=2)], [over("gone", "a", minutes=-60)]
    assert judged(findings, plans, after=4 * DAY).again == NOW + 30 * DAY - timedelta(hours=1)
    assert judged(findings, after=4 * DAY).again == NOW + 32 * DAY


def test_the_same_objects_in_any_order_give_the_same_answer() -> None:
    findings, plans = [finding(f"f{n}") for n in range(6)], [*ended(12, of="f1"), *ended(15, of="f4")]
    one, other = (
        judged(f, p, after=2 * DAY, findings=3) for f, p in ((findings, plans), (findings[::-1], plans[::-1]))
    )
    assert (one.findings, set(names(one.plans))) == (other.findings, set(names(other.plans)))


def test_times_are_those_of_the_last_transition() -> None:
    status = finding("web").status
    closed_again = status.model_copy(
        update={"transitions": (*status.transitions, status.transitions[-1].model_copy(update={"time": _later(5)}))}
    )
    again = finding("web").model_copy(update={"status": closed_again})
    assert judged([again], after=31 * DAY).again == NOW + 35 * DAY


def _later(days: float) -> datetime:
    return NOW + days * DAY
