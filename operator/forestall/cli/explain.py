"""`explain`: why a finding has no plan, or what a plan waits for and why it is this one, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from forestall.adapters.resources import PLANS, POLICIES
from forestall.api import conditions
from forestall.api.base import format_time
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import TERMINAL, Candidate, RemediationPlan
from forestall.cli.following import standing_of
from forestall.cli.plans import arguments_text
from forestall.cli.reading import Item, read_all, read_item, read_one
from forestall.cli.screen import Screen
from forestall.cli.session import Session
from forestall.cli.status import AT_REST
from forestall.execution.table import MEANINGS
from forestall.planning.simulate import DO_NOTHING
from forestall.ports import Json, Kube


class Part(NamedTuple):
    """What is said about one question."""

    about: str
    says: Sequence[str]


@dataclass(frozen=True)
class Explained:
    """An object and what there is to say of it."""

    item: Item
    parts: Sequence[Part]

    def to_json(self) -> Json:
        """The same as one JSON object."""
        meta = self.item.metadata
        return {
            "kind": self.item.crd.kind,
            "namespace": meta.namespace,
            "name": meta.name,
            "standing": standing_of(self.item),
            "parts": [part._asdict() for part in self.parts],
        }


async def gather(session: Session, kube: Kube, name: str) -> Explained:
    """Read the plan, or else the finding, of that name and what bears on it, and put it into words."""
    item = await read_item(kube, session.namespace, name)
    policy = await read_one(kube, POLICIES, InspectionPolicy, session.namespace, item.spec.policy_ref.name)
    if isinstance(item, RemediationPlan):
        return Explained(item, [part for part in of_plan(item, policy) if part.says])
    plans = await read_all(kube, PLANS, RemediationPlan, session.namespace, complain=session.screen.warn)
    own = [plan for plan in plans if plan.spec.finding_ref.name == item.metadata.name]
    return Explained(item, [part for part in of_finding(item, policy, own) if part.says])


def render(screen: Screen, explained: Explained) -> None:
    """Write it as sentences below their questions."""
    meta = explained.item.metadata
    screen.title(f"{explained.item.crd.kind} {meta.namespace}/{meta.name}: {standing_of(explained.item)}", "bold")
    for part in explained.parts:
        screen.heading(part.about)
        for text in part.says:
            screen.line(text)


def of_finding(finding: Finding, policy: InspectionPolicy | None, plans: Sequence[RemediationPlan]) -> Iterator[Part]:
    """What there is to say of a finding; `plans` are its own, oldest first."""
    active = [plan for plan in plans if plan.status.phase not in TERMINAL]
    yield Part("What is wrong", [finding.status.message] if finding.status.message else [])
    if active:
        yield Part("Its plan", [*map(_told, active), *(f"see: {_command(plan)}" for plan in active)])
    else:
        yield Part("Why it has no plan", _unplanned(finding, policy))
    ended = [plan for plan in plans if plan.status.phase in TERMINAL]
    yield Part("Plans that there were", [_told(plan) for plan in ended])


def of_plan(plan: RemediationPlan, policy: InspectionPolicy | None) -> Iterator[Part]:
    """What there is to say of a plan."""
    status = plan.status
    said = status.message if status.message not in MEANINGS[status.phase] else ""
    yield Part("Where it stands", [f"{status.phase}: {MEANINGS[status.phase]}", *([said] if said else [])])
    yield Part("What it waits for", [] if status.phase in TERMINAL else list(_waits(plan, policy)))
    yield Part(
        "Gates that are shut", [f"{one.gate}: {one.message or one.reason}" for one in status.gates if not one.ok]
    )
    chosen = [one for one in status.candidates if one.verdict == "Chosen"]
    yield Part("Why this one", [f"{_named(one)} {_effect(one)}" for one in chosen])
    others = [one for one in status.candidates if one.verdict != "Chosen"]
    yield Part("Why nothing else", [_passed_over(one) for one in others])


def _unplanned(finding: Finding, policy: InspectionPolicy | None) -> list[str]:
    status = finding.status
    if status.state in AT_REST:
        return [f"it is {status.state}: there is nothing to do"]
    if policy is None:
        return [f"its policy {finding.spec.policy_ref.name} is gone: nobody looks at it any more"]
    if status.no_plan_reason:
        return [*status.no_plan_reason.split("; "), f"see: {_readiness(policy)}"]
    if status.state == "Escalated":
        return ["a person has it in hand: nothing is proposed until it has cleared and shows again"]
    ready = conditions.find(policy.status.conditions, "Ready")
    if ready is None or ready.status != "True":
        return [f"policy {policy.metadata.name} is not being inspected: {ready.message if ready else 'not yet'}"]
    return ["the next inspection of its policy decides"]


def _waits(plan: RemediationPlan, policy: InspectionPolicy | None) -> Iterator[str]:
    status, place = plan.status, plan.spec.policy_ref.name
    if policy is None:
        yield f"its policy {place} is gone: the plan ends"
    elif status.phase == "Proposed" and status.mode not in {None, "Open"}:
        yield f"nobody can approve it: the response of policy {place} is in mode {status.mode}"
        yield f"set it to Open, and a fresh plan follows; see: {_readiness(policy)}"
    elif status.phase == "PendingApproval":
        yield from _approval(plan, policy)
    if status.blocked_until is not None and status.phase == "Blocked":
        yield f"it looks again at {format_time(status.blocked_until)}"
    soak = status.undoing if status.phase == "RollingBack" else status.verification
    if soak is not None and soak.result == "Pending":
        yield f"its goals are judged at {format_time(soak.until)}"
    yield from (
        f"Job {one.job_name}, begun {format_time(one.intended_at)}" for one in status.attempts if not one.finished_at
    )


def _approval(plan: RemediationPlan, policy: InspectionPolicy) -> Iterator[str]:
    right = "approve" if plan.status.risk_class == "Low" else "approve-high"
    people = "a person" if plan.status.approvers == 1 else f"{plan.status.approvers} different people"
    yield f"{people} with the right {right} on policy {policy.metadata.name}, {plan.spec.proposer} not among them"
    if ends := _expiry(plan, policy):
        yield f"if nobody decides until {format_time(ends)} it ends as Expired, and a fresh plan follows"
    enforced = conditions.find(policy.status.conditions, "ApprovalPolicyEnforced")
    if enforced is not None and enforced.status != "True":
        yield f"no approval counts until this is mended: {enforced.message}"
    name, namespace = plan.metadata.name, plan.metadata.namespace
    yield f"see what it does: kubectl forestall show {name} --namespace {namespace}"


def _expiry(plan: RemediationPlan, policy: InspectionPolicy) -> datetime | None:
    created = plan.metadata.creation_timestamp
    return created + policy.spec.execution.approval_lifetime if created else None


def _passed_over(candidate: Candidate) -> str:
    """Why a candidate was not chosen."""
    name = _named(candidate)
    if candidate.verdict == "Rejected":
        return f"{name} was rejected by the twin: {candidate.counterexample}"
    return f"{name} {_effect(candidate)}: no better than what was chosen"


def _named(candidate: Candidate) -> str:
    if candidate.runbook == DO_NOTHING:
        return "doing nothing"
    given = f" ({arguments_text(candidate.parameters)})" if candidate.parameters else ""
    return f"{candidate.runbook}{given}"


def _effect(candidate: Candidate) -> str:
    resolves = "resolves it" if candidate.resolves else "does not resolve it"
    return f"{resolves}, with {candidate.broken} goals broken now or after a loss"


def _told(plan: RemediationPlan) -> str:
    message = f": {plan.status.message}" if plan.status.message else ""
    return f"{plan.metadata.name} ({plan.spec.runbook_ref.name}) is {plan.status.phase}{message}"


def _command(plan: RemediationPlan) -> str:
    return f"kubectl forestall explain {plan.metadata.name} --namespace {plan.metadata.namespace}"


def _readiness(policy: InspectionPolicy) -> str:
    return f"kubectl forestall readiness {policy.metadata.name} --namespace {policy.metadata.namespace}"
