"""What holds, and what is missing, on a policy's way from Observe by Propose to Open, judged from what was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, get_args

from forestall.adapters.resources import TARGETS
from forestall.api import conditions
from forestall.api.base import Condition
from forestall.api.inspectionpolicy import InspectionPolicy, Mode, Response, Rung
from forestall.api.networktwin import NetworkTwin
from forestall.api.remediationpause import RemediationPause
from forestall.api.runbook import Runbook
from forestall.cli.linting.crosschecks import misfits
from forestall.cli.rights import Grant
from forestall.gates import pause
from forestall.planning.changes import kind_of
from forestall.planning.runbooks import problem

STAGES: Final[Sequence[Mode]] = get_args(Mode)
"""In the order in which a policy comes to them."""
CATALOGUE: Final = "enable it in the chart (actions.{0}.enabled), apply a Runbook of that name, or mend the ladder"


class Line(NamedTuple):
    """One thing that a stage takes. `missing` says why it does not hold, and is empty where it does."""

    stage: Mode
    what: str
    missing: str = ""
    remedy: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


class Deed(NamedTuple):
    """Something that a service account must be allowed: to change objects of a kind where the policy is."""

    account: str
    kind: str


@dataclass(frozen=True)
class Installation:
    """The operator as it is installed."""

    system: str
    actions: str
    """Where action Jobs run."""
    account: str
    """The operator's service account."""
    problem: str
    """Why it does not work, or could not be looked at; empty: it works."""

    @property
    def operator(self) -> str:
        """The operator's name to the API server."""
        return f"system:serviceaccount:{self.system}:{self.account}"


@dataclass(frozen=True)
class Around:
    """A policy and everything that its stages depend on."""

    policy: InspectionPolicy
    installation: Installation
    twin: NetworkTwin | None
    runbooks: Mapping[str, Runbook]
    pauses: Sequence[RemediationPause]
    """Those that hold now."""
    grants: Sequence[Grant]
    unread: str
    """Why it is not known who holds which right; empty: it is."""
    allowed: Mapping[Deed, str]
    """Why a deed would be refused, or could not be asked about; empty: it is allowed."""

    def rungs(self) -> Iterator[tuple[Response, Rung, Runbook | None]]:
        """Every rung of every ladder, with its runbook."""
        for response in self.policy.spec.responses:
            for rung in response.ladder:
                yield response, rung, self.runbooks.get(rung.runbook)


def lines(around: Around) -> list[Line]:
    """Every stage's lines, in order."""
    return [*_observe(around), *_propose(around), *_open(around)]


def reached(found: Sequence[Line]) -> Mode | None:
    """The last stage up to which nothing is missing; None: not even the first."""
    gone: Mode | None = None
    for stage in STAGES:
        if not all(line.holds for line in found if line.stage == stage):
            break
        gone = stage
    return gone


def previews(runbook: Runbook, installation: Installation) -> list[Deed]:
    """What the operator itself must be allowed, to ask for a preview of the runbook's change."""
    return [Deed(installation.operator, kind) for kind in _changed(runbook)]


def acts(runbook: Runbook, installation: Installation) -> list[Deed]:
    """What the accounts of the runbook's actions must be allowed. Of images of somebody's own nobody knows."""
    accounts = sorted({action.service_account_name for action in runbook.spec.actions})
    names = [f"system:serviceaccount:{installation.actions}:{account}" for account in accounts]
    return [Deed(name, kind) for name in names for kind in _changed(runbook)]


def _changed(runbook: Runbook) -> list[str]:
    kind = kind_of(runbook.spec.effect)
    return [kind] if kind in TARGETS else []


def _observe(around: Around) -> Iterator[Line]:
    policy, twin, system = around.policy, around.policy.spec.twin_ref.name, around.installation.system
    remedy = f"kubectl -n {system} rollout status deployment/forestall; another namespace: --system"
    yield Line("Observe", "the operator runs", around.installation.problem, remedy)
    yield Line("Observe", f"the twin {twin} is whole", _twin(around), f"kubectl describe twin {twin}")
    remedy = "wait for the operator, or see its log"
    yield Line("Observe", "the policy is being inspected", _condition(policy, "Ready"), remedy)
    remedy = f"mend the query, or the Prometheus source of twin {twin}"
    yield Line("Observe", "its queries are answered", _condition(policy, "MetricsReachable"), remedy)
    yield from _inspections(policy)
    yield from _goals(policy)


def _twin(around: Around) -> str:
    if around.twin is None:
        return f"there is no NetworkTwin {around.policy.spec.twin_ref.name}"
    return _ails(conditions.find(around.twin.status.conditions, "Ready"))


def _condition(policy: InspectionPolicy, kind: str) -> str:
    """Why the condition does not hold for the policy as it is now."""
    found = conditions.find(policy.status.conditions, kind)
    if found is not None and found.observed_generation != policy.metadata.generation:
        return "the operator has not looked at the policy since it was changed"
    return _ails(found)


def _ails(found: Condition | None) -> str:
    if found is None:
        return "the operator has not looked at it yet"
    return "" if found.status == "True" else found.message or found.reason


def _inspections(policy: InspectionPolicy) -> Iterator[Line]:
    counts = {count.name: count for count in policy.status.inspections}
    for item in policy.spec.inspections:
        count, what = counts.get(item.name), f"inspection {item.name} can judge what it looks at"
        if count is None or count.errors:
            why = count.message or f"{count.errors} could not be judged" if count else "it has not run yet"
            yield Line("Observe", what, why, "mend what it names: until then its findings are not the whole truth")
        else:
            empty = "" if count.scanned else "it looks at nothing"
            yield Line("Observe", what, empty, "check the names and the namespace that it is meant for")


def _goals(policy: InspectionPolicy) -> Iterator[Line]:
    if not policy.spec.goals:
        yield Line("Observe", "the policy has a goal", "it has none", "add spec.goals: fixes are judged by them")
    found = {goal.name: goal.observed for goal in policy.status.goals}
    for goal in policy.spec.goals:
        unknown = "" if found.get(goal.name, "Unknown") != "Unknown" else "it is Unknown"
        remedy = (
            f"let its query have one value, or its Service be there: kubectl describe inspect {policy.metadata.name}"
        )
        yield Line("Observe", f"goal {goal.name} is known", unknown, remedy)


def _propose(around: Around) -> Iterator[Line]:
    responses = around.policy.spec.responses
    none = "" if responses else "it has none"
    yield Line("Propose", "the policy has a response", none, "add spec.responses: which runbooks may answer what")
    for response in responses:
        silent = f"its mode is {response.mode}" if response.mode == "Observe" else ""
        yield Line("Propose", f"response {response.name} plans", silent, "set its mode to Propose")
        empty = "" if response.ladder else "it has no runbook to plan with"
        yield Line("Propose", f"response {response.name} has a ladder", empty, "add a rung to its ladder")
    for response, rung, runbook in around.rungs():
        what = f"runbook {rung.runbook} of response {response.name} can be used"
        yield Line("Propose", what, *_usable(rung, runbook))
    yield from _deeds(around, "Propose", "the operator may preview changes of {kind}s")


def _usable(rung: Rung, runbook: Runbook | None) -> tuple[str, str]:
    """Why a rung's runbook cannot be used, and the remedy."""
    if runbook is None:
        return f"there is no Runbook {rung.runbook}", CATALOGUE.format(rung.runbook)
    if wrong := problem(runbook):
        return wrong, f"mend the Runbook {rung.runbook}"
    misfit = next(misfits(rung, runbook.spec, ()), None)
    return (misfit.message, misfit.remedy or "mend the arguments of the rung") if misfit else ("", "")


def _deeds(around: Around, stage: Mode, what: str) -> Iterator[Line]:
    """What the accounts must be allowed for that stage, each once."""
    wanted = previews if stage == "Propose" else acts
    each = [deed for _, _, runbook in around.rungs() if runbook for deed in wanted(runbook, around.installation)]
    namespace = around.policy.metadata.namespace
    for deed in dict.fromkeys(each):
        remedy = f"add {namespace} to the chart's value namespaces"
        if deed.kind == "Node":
            remedy = "enable the action on nodes in the chart"
        told = what.format(kind=deed.kind, account=deed.account.rpartition(":")[2])
        yield Line(stage, told, around.allowed.get(deed, "it has not been asked about"), remedy)


def _open(around: Around) -> Iterator[Line]:
    policy, system = around.policy, around.installation.system
    remedy = f"install the chart's admission policies again; kubectl forestall doctor --system {system}"
    yield Line("Open", "approvals are enforced", _condition(policy, "ApprovalPolicyEnforced"), remedy)
    for response in policy.spec.responses:
        closed = "" if response.mode == "Open" else f"its mode is {response.mode}"
        yield Line("Open", f"response {response.name} runs what is approved", closed, "set its mode to Open")
    suspended = "spec.suspend is true" if policy.spec.suspend else ""
    yield Line("Open", "the policy is not suspended", suspended, "set spec.suspend to false")
    yield Line("Open", "nobody has paused it", pause.told(around.pauses), "kubectl forestall resume NAME")
    yield from _deeds(around, "Open", "account {account} may change {kind}s")
    yield from _people(around)


def _people(around: Around) -> Iterator[Line]:
    needed = max((response.approvers for response in around.policy.spec.responses), default=1)
    for right, risk in (("approve", "low"), ("approve-high", "high")):
        found = around.unread or _too_few(_holders(around, right), needed)
        role = f"forestall-{right}"
        remedy = f"bind the ClusterRole {role} to people in namespace {around.policy.metadata.namespace}"
        who = "somebody" if needed == 1 else f"{needed} people"
        yield Line("Open", f"{who} may approve plans of {risk} risk", found, remedy)


def _holders(around: Around, right: str) -> list[Grant]:
    """Those who hold a right on the policy and whom it becomes. Programs and everybody are no approvers."""
    where, name = {"", around.policy.metadata.namespace}, around.policy.metadata.name
    return [
        grant
        for grant in around.grants
        if grant.right == right and grant.namespace in where and name in (grant.names or (name,)) and not grant.danger
    ]


def _too_few(holders: Sequence[Grant], needed: int) -> str:
    """Why those are too few; a group may have any number of members. `system:masters` is no choice of anybody's."""
    chosen = {grant.who: grant.kind for grant in holders if grant.who != "system:masters"}
    if not chosen:
        return "nobody but cluster administrators holds the right"
    if len(chosen) < needed and "Group" not in chosen.values():
        return f"only {', '.join(sorted(chosen))} holds the right"
    return ""
