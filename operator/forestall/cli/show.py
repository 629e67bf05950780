"""`show`: one plan from what is wrong to what became of it, so that a person can decide."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from forestall.api.base import format_duration, format_time
from forestall.api.finding import Evidence, Finding, FindingStatus
from forestall.api.networkplan import NetworkFigures, NetworkPrediction
from forestall.api.prediction import GoalPrediction
from forestall.api.remediationplan import (
    APPROVE,
    APPROVED_BY,
    Attempt,
    Candidate,
    RemediationPlan,
    RemediationPlanStatus,
    Step,
)
from forestall.cli.plans import arguments_text, prediction_text, target_text
from forestall.cli.reading import Case
from forestall.cli.screen import Screen
from forestall.planning.networks import told
from forestall.ports import Json

WHO_AM_I = "$(kubectl auth whoami -o jsonpath='{.status.userInfo.username}')"
_PHASE_STYLES = {"Succeeded": "green", "Failed": "bold red"}
Section = Callable[[Screen, Case], None]


def summary(screen: Screen, case: Case) -> None:
    """Write what an approver must have seen: the problem, the answer, its effect, its change and its risk."""
    _write(screen, case, (_headline, _wrong, _prediction, _steps, _change, _risk))


def render(screen: Screen, case: Case) -> None:
    """Write all that is known of the plan. What failed says first how to undo it."""
    failed = case.plan.status.phase == "Failed"
    first: Sequence[Section] = (_headline, _undo) if failed else (_headline,)
    last: Sequence[Section] = (_approving,) if failed else (_undo, _approving)
    middle = (_wrong, _candidates, _prediction, _steps, _change, _risk, _gates, _decision, _attempts, _outcome, _times)
    _write(screen, case, (*first, *middle, *last))


def to_json(case: Case) -> Json:
    """The plan and its finding as they are stored, and the command that would approve it (null: none would)."""
    return {"plan": case.raw, "finding": case.raw_finding, "approveCommand": approve_command(case.plan)}


def approve_command(plan: RemediationPlan) -> str | None:
    """The plain kubectl command that approves the plan as whoever runs it; None where nobody can approve it."""
    if plan.status.phase != "PendingApproval" or not plan.status.plan_digest:
        return None
    name, namespace = shlex.quote(plan.metadata.name), shlex.quote(plan.metadata.namespace or "default")
    place = f"kubectl annotate remediationplans.forestall.dev {name} --namespace {namespace} --overwrite"
    return f'{place} {APPROVE}={shlex.quote(plan.status.plan_digest)} {APPROVED_BY}="{WHO_AM_I}"'


def _write(screen: Screen, case: Case, sections: Iterable[Section]) -> None:
    for section in sections:
        section(screen, case)


def _headline(screen: Screen, case: Case) -> None:
    plan = case.plan
    style = _PHASE_STYLES.get(plan.status.phase, "bold")
    screen.title(f"Plan {plan.metadata.namespace}/{plan.metadata.name}: {plan.status.phase}", style)
    if plan.status.message:
        screen.line(plan.status.message)
    runbook = plan.spec.runbook_ref
    screen.line(f"runbook {runbook.name} {runbook.version} ({arguments_text(plan.spec.parameters)})")
    screen.line(f"on {target_text(plan.status.target)}, for policy {plan.spec.policy_ref.name}")
    screen.line(f"proposed by {plan.spec.proposer}")


def _wrong(screen: Screen, case: Case) -> None:
    screen.heading("What is wrong")
    if case.finding is None:
        screen.line(f"the finding {case.plan.spec.finding_ref.name} is gone")
        return
    status = case.finding.status
    screen.line(f"{status.finding_class}, {status.severity}, {status.state}: {status.message}")
    for text in _reach(case.finding):
        screen.line(text)
    if status.evidence:
        screen.table(("EVIDENCE", "QUERY", "VALUE", "FACT"), [_evidence_row(one) for one in status.evidence])


def _reach(finding: Finding) -> list[str]:
    status = finding.status
    resource = finding.spec.resource
    return [
        f"{finding.spec.type} on {resource.kind} {resource.name}",
        f"goals observed {status.observed}, predicted {status.predicted}{_trigger_text(status)}",
        f"affected goals: {', '.join(status.affected_goals) or 'none'}",
        f"affected services: {', '.join(status.affected_services) or 'none'}",
    ]


def _trigger_text(status: FindingStatus) -> str:
    return f" under {status.trigger.kind} of {status.trigger.element}" if status.trigger else ""


def _evidence_row(evidence: Evidence) -> Sequence[str]:
    value = "-" if evidence.value is None else format(evidence.value, "f")
    return (evidence.source, evidence.query or "-", value, evidence.message)


def _candidates(screen: Screen, case: Case) -> None:
    if not case.plan.status.candidates:
        return
    screen.heading("What was tried on the twin")
    ordered = sorted(case.plan.status.candidates, key=lambda one: one.runbook != "DoNothing")
    columns = ("CANDIDATE", "PARAMETERS", "VERDICT", "RESOLVES", "GOALS BROKEN", "SERVICES", "COUNTEREXAMPLE")
    screen.table(columns, [_candidate_row(one) for one in ordered])


def _candidate_row(candidate: Candidate) -> Sequence[str]:
    return (
        candidate.runbook,
        arguments_text(candidate.parameters),
        candidate.verdict,
        "yes" if candidate.resolves else "no",
        str(candidate.broken),
        str(candidate.affected_services),
        candidate.counterexample or "-",
    )


def _prediction(screen: Screen, case: Case) -> None:
    prediction = case.plan.status.prediction
    if prediction is None:
        return
    screen.heading("What the twin predicts")
    screen.table(("GOAL", "BEFORE", "AFTER", "VALUE"), [_goal_row(goal) for goal in prediction.goals])
    if prediction.network is None:
        screen.line(prediction_text(prediction))
        screen.line(f"caveat: {prediction.caveat}")
    else:
        _network(screen, prediction.network)


def _network(screen: Screen, prediction: NetworkPrediction) -> None:
    screen.line(f"network {prediction.network}, to be changed by people, step by step")
    columns = ("", "FULLEST LINK", "UTILISATION", "LOST DEMAND", "LOSSES THAT FAIL IT", "WORST LOSS", "ITS UTILISATION")
    times = (("before", prediction.before), ("during", prediction.during), ("after", prediction.after))
    screen.table(columns, [_figures_row(when, figures) for when, figures in times])
    screen.line(f"caveat: {prediction.caveat}")


def _figures_row(when: str, figures: NetworkFigures) -> Sequence[str]:
    worst = figures.worst[0] if figures.worst else None
    loss = (worst.loss, format(worst.utilisation, "f")) if worst else ("-", "-")
    use, lost = format(figures.utilisation, "f"), format(figures.lost_demand, "f")
    return (when, figures.link or "-", use, lost, f"{figures.failing} of {figures.losses}", *loss)


def _goal_row(goal: GoalPrediction) -> Sequence[str]:
    return (goal.name, goal.before, goal.after, "-" if goal.value is None else format(goal.value, "f"))


def _steps(screen: Screen, case: Case) -> None:
    if case.plan.status.steps:
        screen.heading("Steps")
        _step_table(screen, case.plan.status.steps)


def _step_table(screen: Screen, steps: Sequence[Step]) -> None:
    columns = ("STEP", "ARGUMENTS", "PARAMETERS", "SERVICE ACCOUNT", "TIMEOUT", "IMAGE")
    screen.table(columns, [_step_row(step) for step in steps])


def _step_row(step: Step) -> Sequence[str]:
    timeout = format_duration(step.timeout)
    arguments = arguments_text(step.parameters)
    return (step.name, shlex.join(step.argv), arguments, step.service_account_name, timeout, step.image)


def _change(screen: Screen, case: Case) -> None:
    status = case.plan.status
    if not status.diff:
        return
    screen.heading(f"Change to {target_text(status.target)}")
    if status.target and status.target.owners:
        screen.line(f"owned by: {', '.join(status.target.owners)}")
    screen.diff(status.diff)


def _risk(screen: Screen, case: Case) -> None:
    status = case.plan.status
    if status.risk_class is None:
        return
    right = "approve" if status.risk_class == "Low" else "approve-high"
    screen.heading(f"Risk: {status.risk_class} (approving needs the right `{right}`)")
    for reason in status.risk_reasons:
        screen.line(f"- {reason}")
    if status.steps and not status.rollback:
        screen.line("- irreversible: nothing undoes it")


def _gates(screen: Screen, case: Case) -> None:
    if case.plan.status.gates:
        screen.heading("Gates, as last asked")
        rows = [(one.gate, "yes" if one.ok else "no", one.reason, one.message) for one in case.plan.status.gates]
        screen.table(("GATE", "PASSES", "REASON", "MESSAGE"), rows)


def _decision(screen: Screen, case: Case) -> None:
    status = case.plan.status
    if status.approval is not None:
        given = status.approval
        screen.heading("Approval")
        screen.line(f"by {given.name} ({given.kind}), seen {format_time(given.observed_at)}")
        screen.line(f"ends {format_time(given.expires_at)}, for content {given.digest}")
    if status.rejection is not None:
        screen.heading("Rejection")
        screen.line(f"by {status.rejection.name}, seen {format_time(status.rejection.time)}: {status.rejection.reason}")


def _attempts(screen: Screen, case: Case) -> None:
    if case.plan.status.attempts:
        screen.heading("Attempts")
        columns = ("STEP", "ATTEMPT", "OUTCOME", "INTENDED", "FINISHED", "JOB", "MESSAGE")
        screen.table(columns, [_attempt_row(case.plan.status, one) for one in case.plan.status.attempts])


def _attempt_row(status: RemediationPlanStatus, attempt: Attempt) -> Sequence[str]:
    step = status.steps[attempt.step].name if attempt.step < len(status.steps) else str(attempt.step)
    times = (format_time(attempt.intended_at), _time(attempt.finished_at))
    outcome = attempt.outcome or "-"
    return (step, str(attempt.attempt), outcome, *times, attempt.job_name, attempt.message or "-")


def _outcome(screen: Screen, case: Case) -> None:
    verification, score = case.plan.status.verification, case.plan.status.score
    if verification is not None:
        screen.heading(f"Verification: {verification.result}")
        screen.line(f"goals watched from {format_time(verification.since)} to {format_time(verification.until)}")
        screen.line(verification.message or "nothing has been judged yet")
    if score is not None:
        screen.heading(f"Prediction score: {score.matched} of {score.total} facts came true")
        if score.message:
            screen.line(score.message)


def _times(screen: Screen, case: Case) -> None:
    times = case.plan.status.timestamps
    screen.heading("Times")
    each = (times.detected, times.decided, times.acted, times.verified)
    screen.table(("DETECTED", "DECIDED", "ACTED", "VERIFIED"), [[_time(one) for one in each]])


def _time(value: datetime | None) -> str:
    return format_time(value) if value else "-"


def _undo(screen: Screen, case: Case) -> None:
    status = case.plan.status
    network = status.prediction.network if status.prediction else None
    if network is not None:
        screen.heading("To take it back, step by step")
        screen.diff(told(network.inverse))
    if not status.rollback:
        return
    screen.heading("To undo what ran, with the values from before" if status.phase == "Failed" else "Inverse")
    _step_table(screen, status.rollback)


def _approving(screen: Screen, case: Case) -> None:
    line = approve_command(case.plan)
    if line is None:
        return
    screen.heading("To approve")
    screen.command(f"kubectl forestall approve {case.plan.metadata.name} --namespace {case.plan.metadata.namespace}")
    screen.title("or, the same without the plugin")
    screen.command(line)
