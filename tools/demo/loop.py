"""What the loop makes of a fault, as the API server has it: findings, plans, closure."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from forestall.api.base import GROUP, VERSION, Resource
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Closure, InspectionPolicy
from forestall.api.remediationplan import TERMINAL, Candidate, Phase, RemediationPlan
from tools.demo.narration import Narration
from tools.demo.waiting import LONGEST, Stuck, await_value

R = TypeVar("R", bound=Resource)
T = TypeVar("T")


class Loop:
    """Follows findings and plans of one namespace, telling what becomes of them.

    `get` returns the JSON that the API server serves at a path, None where it serves none. After `patience` seconds
    without what is waited for, the loop counts as stuck.
    """

    def __init__(
        self, get: Callable[[str], Any], namespace: str, narration: Narration, patience: float = LONGEST
    ) -> None:
        self._get = get
        self._namespace = namespace
        self._tell = narration
        self._patience = patience

    def await_inspected(self) -> None:
        """Wait until every policy is inspected, reaches its metrics, and approvals are enforced."""

        def ready() -> bool | None:
            policies = self._all(InspectionPolicy)
            return (bool(policies) and all(map(_in_force, policies))) or None

        self._await("the policies to be inspected", ready)

    def await_finding(self, kind: str, resource: str, qualifier: str = "") -> Finding:
        """Return the open finding of that type about the resource of that name, once there is one.

        `qualifier`, if given, tells it from others about the same resource.
        """

        def found() -> Finding | None:
            every = (one for one in self._all(Finding) if _is(one, kind, resource))
            return next((one for one in every if qualifier in {"", one.spec.qualifier}), None)

        finding = self._await(f"a finding {kind} {qualifier} on {resource}".replace("  ", " "), found)
        self._tell.say(f"found: {finding.status.finding_class}, {finding.status.severity}: {finding.status.message}")
        return finding

    def await_plan(self, finding: Finding) -> RemediationPlan:
        """Return the plan for the finding once it awaits approval, and tell what was tried on the twin."""
        return self._await_tried(finding, lambda plan: plan.status.phase == "PendingApproval")

    def await_proposal(self, finding: Finding) -> RemediationPlan:
        """Return the plan for the finding once it is proposed with its figures, and tell what was tried on the twin."""
        return self._await_tried(
            finding, lambda plan: plan.status.phase == "Proposed" and plan.status.prediction is not None
        )

    def _await_tried(self, finding: Finding, ready: Callable[[RemediationPlan], bool]) -> RemediationPlan:
        def pending() -> RemediationPlan | None:
            plans = (one for one in self._all(RemediationPlan) if one.spec.finding_ref.name == finding.metadata.name)
            return next(filter(ready, plans), None)

        plan = self._await(f"a plan for {finding.metadata.name}", pending)
        for candidate in plan.status.candidates:
            self._tell.say(f"tried on the twin: {candidate_text(candidate)}")
        self._tell.quote(plan.status.diff)
        return plan

    def await_end(self, plan: RemediationPlan, wanted: Phase) -> RemediationPlan:
        """Return the plan as it ended, telling each phase on the way. Raises Stuck unless it ended as wanted."""
        told: list[str] = []

        def ended() -> RemediationPlan | None:
            now = self._read(plan)
            text = f"{now.status.phase}: {now.status.message}" if now else ""
            if text and text not in told:
                told.append(text)
                self._tell.say(text)
            return now if now and now.status.phase in TERMINAL else None

        done = self._await(f"plan {plan.metadata.name} to end", ended)
        if done.status.phase != wanted:
            raise Stuck(f"plan {plan.metadata.name} ended as {done.status.phase}: {done.status.message}")
        return done

    def await_cleared(self, finding: Finding) -> Finding:
        """Return the finding once its condition is gone."""

        def cleared() -> Finding | None:
            now = self._read(finding)
            return now if now and now.status.state == "Cleared" else None

        seen = self._await(f"finding {finding.metadata.name} to be cleared", cleared)
        self._tell.say(f"cleared: {finding.metadata.name}")
        return seen

    def await_reason(self, finding: Finding) -> str:
        """Return why there is no plan for the finding, once that is told."""

        def told() -> str | None:
            now = self._read(finding)
            return (now.status.no_plan_reason or None) if now else None

        return self._await(f"the reason why there is no plan for {finding.metadata.name}", told)

    def await_closed(self, finding: Finding) -> Finding:
        """Return the finding once it is closed; Stuck unless that took one hop."""

        def closed() -> Finding | None:
            now = self._read(finding)
            return now if now and now.status.closure else None

        seen = self._await(f"finding {finding.metadata.name} to be closed", closed)
        if seen.status.closure is None or not seen.status.closure.one_hop:
            raise Stuck(f"finding {finding.metadata.name} took more than one hop\n{self._standing()}")
        self._tell.say(f"closed, in one hop: {finding.metadata.name}")
        return seen

    def await_closure(self, wanted: Closure) -> Closure:
        """Return the closure that the policies report, over all of them, once it is as `wanted`."""

        def reached() -> Closure | None:
            reported = total(policy.status.closure for policy in self._all(InspectionPolicy))
            return reported if reported == wanted else None

        what = f"the policies to report {wanted.one_hop} of {wanted.eligible} closed in one hop"
        return self._await(what, reached)

    def plan_names(self) -> frozenset[str]:
        """Return the names of all plans, ended ones included."""
        return frozenset(plan.metadata.name for plan in self.plans())

    def plans(self) -> list[RemediationPlan]:
        """Return all plans, ended ones included."""
        return self._all(RemediationPlan)

    def findings(self) -> list[Finding]:
        """Return all findings that were ever raised."""
        return [one for one in self._all(Finding) if one.status.detected_at is not None]

    def finding(self, finding: Finding) -> Finding:
        """Return the finding as it stands now."""
        name = finding.metadata.name
        return self._await(f"finding {name}", lambda: self._read(finding))

    def goal_value(self, policy: str, goal: str) -> str:
        """Return the value of a policy's goal as it was measured last."""
        found = {one.metadata.name: one.status.goals for one in self._all(InspectionPolicy)}
        return next((str(one.value) for one in found.get(policy, ()) if one.name == goal), "not known")

    def open_findings(self) -> list[Finding]:
        """Return the findings that are neither cleared nor closed."""
        return [one for one in self._all(Finding) if one.status.state not in ("Cleared", "Closed")]

    def _all(self, model: type[R]) -> list[R]:
        """Return the objects of a kind; none while the API server does not answer."""
        answer = self._get(self._path(model)) or {}
        return [model.model_validate(item) for item in answer.get("items", ())]

    def _read(self, known: R) -> R | None:
        """Return the object as it is now, None while the API server does not answer."""
        body = self._get(f"{self._path(type(known))}/{known.metadata.name}")
        return type(known).model_validate(body) if body else None

    def _path(self, model: type[Resource]) -> str:
        return f"/apis/{GROUP}/{VERSION}/namespaces/{self._namespace}/{model.crd.plural}"

    def _await(self, what: str, probe: Callable[[], T | None]) -> T:
        return await_value(what, probe, state=self._standing, timeout=self._patience)

    def _standing(self) -> str:
        """Return how everything stands, for whoever must find out why it did not go on."""
        return "\n".join(
            (
                *(_policy_text(policy) for policy in self._all(InspectionPolicy)),
                *(_text("finding", one, one.status.state, one.status.message) for one in self._all(Finding)),
                *(_text("plan", one, one.status.phase, one.status.message) for one in self._all(RemediationPlan)),
            )
        )


def total(closures: Iterable[Closure]) -> Closure:
    """Return the sum of several policies' closure."""
    each = list(closures)
    return Closure(eligible=sum(one.eligible for one in each), one_hop=sum(one.one_hop for one in each))


def candidate_text(candidate: Candidate) -> str:
    """Return what the twin says of a candidate, in a sentence."""
    given = ", ".join(f"{one.name}={one.value}" for one in candidate.parameters)
    verdict = f"rejected, {candidate.counterexample}" if candidate.counterexample else candidate.verdict.lower()
    effect = "resolves it" if candidate.resolves else "does not resolve it"
    name = f"{candidate.runbook} ({given})" if given else candidate.runbook
    return f"{name}: {effect}, goals broken now or after a loss: {candidate.broken}; {verdict}"


def _is(finding: Finding, kind: str, resource: str) -> bool:
    resting = finding.status.state in ("Cleared", "Closed") or finding.status.detected_at is None
    return not resting and finding.spec.type == kind and finding.spec.resource.name == resource


def _in_force(policy: InspectionPolicy) -> bool:
    holds = {condition.type for condition in policy.status.conditions if condition.status == "True"}
    return {"Ready", "MetricsReachable", "ApprovalPolicyEnforced"} <= holds


def _text(kind: str, resource: Resource, state: str, message: str) -> str:
    return f"{kind} {resource.metadata.name}: {state}: {message}"


def _policy_text(policy: InspectionPolicy) -> str:
    conditions = ", ".join(f"{one.type}={one.status} ({one.reason})" for one in policy.status.conditions)
    return f"policy {policy.metadata.name}: {conditions or 'no status'}"
