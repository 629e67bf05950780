"""Candidates: each option is tried on the twin against doing nothing, now and under every single loss, and ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forestall.api.base import Key, Parameter
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import Candidate, GoalPrediction, Prediction
from forestall.api.runbook import Effect, Runbook
from forestall.inspection.contingencies import Outlook, losses, outlook, worst
from forestall.planning.resolution import Answered, resolves
from forestall.planning.runbooks import InvalidParameterError, arguments
from forestall.ports import Measurement
from forestall.twin.views import Potential, Snapshot

DO_NOTHING: Final = "DoNothing"
"""The candidate that leaves things as they are."""
CAVEAT: Final = (
    "Steady state of the twin: pods start at once and stay up, the scheduler's filters hold without its preferences, "
    "and nothing else in the cluster changes. Start-up time and the course of a rollout are not modelled."
)
"""What every prediction leaves out."""


@dataclass(frozen=True, slots=True)
class Option:
    """A runbook with the arguments that are given to it."""

    runbook: Runbook
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Simulated:
    """A candidate, what the twin predicts of it, and the view that this was read from."""

    candidate: Candidate
    prediction: Prediction
    potential: Potential


def examine(
    policy: InspectionPolicy,
    snapshot: Snapshot,
    measurements: Mapping[str, Measurement],
    finding: Finding,
    *,
    target: Key,
    options: Sequence[Option],
) -> tuple[Simulated, ...]:
    """Doing nothing, then the options from best to worst, those that may not run last.

    An option that leaves any goal worse than doing nothing does, now or under any loss that the policy's
    inspections examine, is Rejected with that counterexample; so is one whose arguments are not valid or whose pods
    find no room. Exactly one is Chosen: the best option, if it resolves the finding or breaks fewer goals, else
    doing nothing. Raises KeyError where the target is not in the snapshot.
    """
    trial = _Trial(policy, snapshot, measurements, finding, target, losses(policy, snapshot))
    nothing = trial.nothing()
    tried = sorted((trial.tried(option, nothing) for option in options), key=_rank)
    best = next((item for item in tried if _improves(item, nothing)), nothing)
    return tuple(_chosen(item) if item is best else item.simulated for item in (nothing, *tried))


@dataclass(frozen=True, slots=True)
class _Tried:
    simulated: Simulated
    outlook: Outlook
    irreversible: bool = False


def _rank(tried: _Tried) -> tuple[bool, bool, int, int, bool]:
    """Smaller is better; sorting keeps the order of the ladder among equals."""
    one = tried.simulated.candidate
    return one.verdict == "Rejected", not one.resolves, one.broken, one.affected_services, tried.irreversible


def _improves(tried: _Tried, nothing: _Tried) -> bool:
    one, other = tried.simulated.candidate, nothing.simulated.candidate
    return one.verdict == "Accepted" and ((one.resolves and not other.resolves) or one.broken < other.broken)


def _chosen(tried: _Tried) -> Simulated:
    candidate = tried.simulated.candidate.model_copy(update={"verdict": "Chosen"})
    return Simulated(candidate, tried.simulated.prediction, tried.simulated.potential)


@dataclass(frozen=True, slots=True)
class _Trial:
    """What is the same for all candidates."""

    policy: InspectionPolicy
    snapshot: Snapshot
    measurements: Mapping[str, Measurement]
    finding: Finding
    target: Key
    losses: tuple[str, ...]

    def nothing(self) -> _Tried:
        view = self.snapshot.potential()
        seen = self._outlook(view)
        candidate = Candidate(
            runbook=DO_NOTHING,
            verdict="Accepted",
            resolves=self._resolves(view, seen),
            broken=seen.broken,
            affected_services=0,
        )
        return _Tried(Simulated(candidate, self._prediction(view, seen, seen), view), seen)

    def tried(self, option: Option, nothing: _Tried) -> _Tried:
        view, why = self._supposed(option)
        seen = self._outlook(view)
        why = why or self._without_room(view) or _counterexample(nothing.outlook, seen)
        candidate = Candidate(
            runbook=option.runbook.metadata.name,
            parameters=option.parameters,
            verdict="Rejected" if why else "Accepted",
            resolves=self._resolves(view, seen),
            broken=seen.broken,
            affected_services=len(self.snapshot.services_of_workload(self.target)),
            counterexample=why,
        )
        prediction = self._prediction(view, nothing.outlook, seen)
        return _Tried(Simulated(candidate, prediction, view), seen, option.runbook.spec.irreversible)

    def _supposed(self, option: Option) -> tuple[Potential, str]:
        """The view with the option's effect; or the view as it is, and why the option cannot be tried."""
        view, spec = self.snapshot.potential(), option.runbook.spec
        if spec.effect == "RestorePreviousTemplate" and not self.snapshot.workloads[self.target].previous_revision:
            return view, f"{self.target} has no earlier template to restore"
        try:
            return _suppose(view, self.target, spec.effect, arguments(spec, option.parameters)), ""
        except InvalidParameterError as error:
            return view, str(error)

    def _outlook(self, view: Potential) -> Outlook:
        return outlook(self.policy, view, self.measurements, self.losses)

    def _resolves(self, view: Potential, seen: Outlook) -> bool:
        return resolves(Answered(self.policy, self.finding, self.target, self.measurements, view, seen))

    def _without_room(self, view: Potential) -> str:
        """Why pods of the target that had a node, or are new, would find none."""
        before, after = (
            sum(not pod.node for pod in one.pods_of_workload(self.target)) for one in (self.snapshot, view)
        )
        return f"pods of {self.target} that find no node with room: {after}" if after > before else ""

    def _prediction(self, view: Potential, before: Outlook, after: Outlook) -> Prediction:
        ready = view.ready_pods_of_workload(self.target)
        return Prediction(
            snapshot_id=self.snapshot.id,
            goals=tuple(_goal(goal.name, before, after) for goal in self.policy.spec.goals),
            ready_pods=len(ready),
            nodes=len({pod.node for pod in ready}),
            caveat=CAVEAT,
        )


def _goal(name: str, before: Outlook, after: Outlook) -> GoalPrediction:
    result = after.now(name)
    return GoalPrediction(name=name, before=before.now(name).state, after=result.state, value=result.value)


def _counterexample(before: Outlook, after: Outlook) -> str:
    """The first goal that stands worse than before, and under which loss; empty where none does."""
    for (goal, loss), result in after.results.items():
        state = before.results[goal, loss].state
        if result.state != state and worst((result.state, state)) == result.state:
            return f"goal {goal} becomes {result.state}" + (f" when node {loss} is lost" if loss else "")
    return ""


def _suppose(view: Potential, target: Key, effect: Effect, given: Mapping[str, str]) -> Potential:
    match effect:
        case "RestorePreviousTemplate":
            return view.restore_template(target)
        case "SetReplicas":
            return view.set_replicas(target, int(given["replicas"]))
        case "SpreadOverNodes":
            return view.spread(target, int(given["max-skew"]))
