"""Candidates: each option is tried on the twin against doing nothing, now and under every single loss, and ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forestall.api.base import Key, Parameter
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy, Rung
from forestall.api.networkplan import NetworkPrediction
from forestall.api.prediction import GoalPrediction, Prediction
from forestall.api.remediationplan import Candidate
from forestall.api.runbook import Runbook
from forestall.inspection.contingencies import Outlook, outlook, worst
from forestall.inspection.losses import Stakes, stakes
from forestall.planning.network_outcomes import suppose_change
from forestall.planning.networks import objection
from forestall.planning.outcomes import UnsupposableError, suppose
from forestall.planning.resolution import Answered, resolves
from forestall.planning.runbooks import InvalidParameterError, arguments, bind
from forestall.planning.suggestions import NoSuggestionError
from forestall.planning.targets import NODE, affected, candidates, key_of, known, serving
from forestall.ports import Measurement
from forestall.twin.views import Potential, Snapshot

DO_NOTHING: Final = "DoNothing"
"""The candidate that leaves things as they are."""
MOST_OPTIONS: Final = 15
"""As many as a plan's status takes beside doing nothing."""
CAVEAT: Final = (
    "Steady state of the twin: pods start at once and stay up, the scheduler's filters hold without its preferences, "
    "and nothing else in the cluster changes. Start-up time and the course of a rollout are not modelled."
)
"""What every prediction leaves out."""


@dataclass(frozen=True, slots=True)
class Option:
    """A runbook, what it acts on, and the arguments that are given to it."""

    runbook: Runbook
    target: Key
    parameters: tuple[Parameter, ...] = ()


def options(rung: Rung, runbook: Runbook, finding: Finding, snapshot: Snapshot) -> tuple[tuple[Option, ...], str]:
    """What a rung comes to for a finding; where that is nothing, why.

    A runbook that takes a node is tried on each node among the finding's targets, any other on the first target.
    """
    spec, found, why = runbook.spec, [], ""
    places = candidates(spec, finding, snapshot)
    chosen = places if any(item.name == NODE for item in spec.parameters) else places[:1]
    for target in chosen:
        try:
            found.append(Option(runbook, target, bind(rung, runbook, target, finding, snapshot)))
        except NoSuggestionError as error:
            why = str(error)
    kinds = " or ".join(spec.target_kinds)
    return tuple(found), "" if found else why or f"none of the finding's targets is a {kinds} that the twin has"


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
    options: Sequence[Option],
) -> tuple[Simulated, ...]:
    """Doing nothing, then the options from best to worst, those that may not run last.

    An option that leaves any goal worse than doing nothing does, now or under any loss that the policy's
    inspections examine, is Rejected with that counterexample; so is one whose arguments are not valid or whose pods
    find no room. Exactly one is Chosen: the best option, if it resolves the finding or breaks fewer goals, else
    doing nothing. Raises KeyError where an option's target is not in the snapshot.
    """
    trial = _Trial(policy, snapshot, measurements, finding, stakes(policy, snapshot))
    nothing = trial.nothing()
    tried = sorted((trial.tried(option, nothing) for option in options), key=_rank)
    best = next((item for item in tried if _improves(item, nothing)), nothing)
    return tuple(_chosen(item) if item is best else item.simulated for item in (nothing, *tried))


@dataclass(frozen=True, slots=True)
class _Tried:
    simulated: Simulated
    outlook: Outlook
    unproved: bool = False
    irreversible: bool = False


def _rank(tried: _Tried) -> tuple[bool, bool, bool, int, int, bool]:
    """Smaller is better; sorting keeps the order of the ladder among equals. What is only vouched for comes last."""
    one = tried.simulated.candidate
    rejected, open_still = one.verdict == "Rejected", not one.resolves
    return rejected, open_still, tried.unproved, one.broken, one.affected_services, tried.irreversible


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
    stakes: Stakes

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
        about = key_of(self.finding.spec.resource)
        return _Tried(Simulated(candidate, self._prediction(view, about, seen, seen), view), seen)

    def tried(self, option: Option, nothing: _Tried) -> _Tried:
        if not known(self.snapshot, option.target):
            raise KeyError(option.target)
        view, why, network = self._supposed(option)
        seen, unproved = self._outlook(view), option.runbook.spec.effect == "Vouched"
        why = why or self._without_room(view) or _counterexample(nothing.outlook, seen) or self._during(option, nothing)
        if why and network and option.runbook.spec.effect == "SetMetrics":
            why = objection(why, network)
        candidate = Candidate(
            runbook=option.runbook.metadata.name,
            parameters=option.parameters,
            verdict="Rejected" if why else "Accepted",
            resolves=unproved or self._resolves(view, seen),
            broken=seen.broken,
            affected_services=len(affected(self.snapshot, option.target)),
            counterexample=why,
        )
        prediction = self._prediction(view, option.target, nothing.outlook, seen)
        prediction = prediction.model_copy(update={"network": network})
        return _Tried(Simulated(candidate, prediction, view), seen, unproved, option.runbook.spec.irreversible)

    def _supposed(self, option: Option) -> tuple[Potential, str, NetworkPrediction | None]:
        """The view with the option's effect; or the view as it is, and why the option cannot be tried.

        Of a change of a network its figures, too.
        """
        view, spec = self.snapshot.potential(), option.runbook.spec
        try:
            given = arguments(spec, option.parameters)
            if spec.by_people:
                return suppose_change(view, self.policy, self.finding, spec.effect, given)
            return suppose(view, option.target, spec.effect, given), "", None
        except (InvalidParameterError, UnsupposableError) as error:
            return view, str(error), None

    def _during(self, option: Option, nothing: _Tried) -> str:
        """The first goal that stands worse while the change is under way."""
        if option.runbook.spec.effect != "Drain":
            return ""
        name = option.target.name
        worse = _counterexample(nothing.outlook, self._outlook(self.snapshot.potential().evacuate(name)), now_only=True)
        return f"{worse} while node {name} is drained" if worse else ""

    def _outlook(self, view: Potential) -> Outlook:
        return outlook(self.policy, view, self.measurements, self.stakes)

    def _resolves(self, view: Potential, seen: Outlook) -> bool:
        return resolves(Answered(self.policy, self.finding, self.measurements, view, seen))

    def _without_room(self, view: Potential) -> str:
        """Why pods that had a node, or are new, would find none."""
        before, after = (
            Counter(pod.workload for pod in one.index.by_node.get("", ())) for one in (self.snapshot, view)
        )
        for workload in sorted(key for key in after if key is not None):
            if after[workload] > before[workload]:
                return f"pods of {workload} that find no node with room: {after[workload]}"
        return ""

    def _prediction(self, view: Potential, target: Key, before: Outlook, after: Outlook) -> Prediction:
        ready = serving(view, target)
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


def _counterexample(before: Outlook, after: Outlook, *, now_only: bool = False) -> str:
    """The first goal that stands worse than before, and under which loss; empty where none does."""
    for (goal, loss), result in after.results.items():
        if now_only and loss:
            continue
        state = before.results[goal, loss].state
        if result.state != state and worst((result.state, state)) == result.state:
            return f"goal {goal} becomes {result.state}" + (f" when {loss} is lost" if loss else "")
    return ""
