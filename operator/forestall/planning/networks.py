"""Plans for networks: what one tells of steps that people take, and what speaks against them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networkplan import (
    MOST_CHANGES,
    MOST_LOSSES,
    DemandChange,
    DemandEnds,
    HomingChange,
    LossFigures,
    MetricChange,
    NetworkChange,
    NetworkFigures,
    NetworkPrediction,
    StatusChange,
)
from forestall.api.networkpolicy import ContingencyInspection
from forestall.inspection.losses import label, name_of
from forestall.inspection.measured import STEP
from forestall.inspection.networks import rate
from forestall.inspection.report import cut, distinct
from forestall.inspection.sweeps import IN_WINDOWS, sweep, swept
from forestall.planning.traffic.remedies import ReHome, Remedy, Steps
from forestall.twin.analyses.edits import Edit, MoveDemand, PutIn, SetMetric, TakeOut, edited
from forestall.twin.analyses.judging import Judging
from forestall.twin.analyses.outcomes import Contingency, Outcome
from forestall.twin.analyses.routed import Routed, routed
from forestall.twin.topology import Demand, Topology

ROUNDING: Final = 1e-9
LONGEST: Final = 16_384
"""Characters that a plan's change may take."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Steps that people would take, what the twin says of them, and what speaks against them."""

    steps: Steps
    prediction: NetworkPrediction
    counterexample: str
    """What would be worse than it is, on the way or in the end, and under which loss; empty: nothing."""


def asked_by(policy: InspectionPolicy, finding: Finding) -> ContingencyInspection | None:
    """What the inspection that a finding is from examines of a network; None for a finding of another one.

    Of a single point of failure that is what its goal asks for: room for all demands, whatever is lost.
    """
    name, goal, *_ = (*finding.spec.qualifier.split("/"), "")
    found = next((item for item in policy.spec.inspections if item.name == name), None)
    if found is None:
        return None
    if found.single_point_of_failure is not None:
        return _asked_for(policy, goal)
    if found.maintenance is None:
        return found.contingency
    return ContingencyInspection(
        network=found.maintenance.network,
        scopes=IN_WINDOWS,
        maximum_utilisation=found.maintenance.maximum_utilisation,
        lost_demand=found.maintenance.lost_demand,
    )


def _asked_for(policy: InspectionPolicy, goal: str) -> ContingencyInspection | None:
    """What a goal of room in a network asks for; None for one on anything else, which traffic does not decide."""
    room = next((one.capacity for one in policy.spec.goals if one.name == goal), None)
    return ContingencyInspection(network=room.network, maximum_utilisation=room.max_utilisation) if room else None


def window_of(topology: Topology, asked: ContingencyInspection, finding: Finding) -> Key | None:
    """The maintenance window that a finding is about: a risk group; None where it is about none that is there."""
    if finding.spec.type != "Maintenance":
        return None
    qualifier = finding.spec.qualifier
    place = f"{qualifier.partition('/')[0]}/{asked.network}"
    return next((key for key in topology.groups if distinct(f"{place}/{key.name}") == qualifier), None)


def told(changes: Sequence[NetworkChange]) -> str:
    """Changes of a network, one a line, each with the number of its step."""
    return cut("\n".join(f"{one.step}. {_line(one)}" for one in changes), LONGEST)


def objection(why: str, network: NetworkPrediction) -> str:
    """What speaks against a change that was searched, with the change: people see only those that were chosen."""
    return cut(f"{why}, with {', '.join(map(_line, network.changes))}")


def _line(change: NetworkChange) -> str:
    if change.metric is not None:
        return f"link {change.metric.link}: metric {change.metric.before} -> {change.metric.after}"
    if change.demand is not None:
        before, after = change.demand.before, change.demand.after
        ways = f"{before.source} to {before.target} -> {after.source} to {after.target}"
        return f"demand {change.demand.demand}: {ways}"
    if change.homing is not None:
        return _homing_line(change.homing)
    return f"{change.status.element}: {change.status.before} -> {change.status.after}" if change.status else ""


def _homing_line(change: HomingChange) -> str:
    """All that moves in one line, however many demands that are."""
    moving = _counted(change.demands)
    staying = f"; staying between them: {_counted(change.staying)}" if change.staying else ""
    return f"{moving}, {rate(float(change.amount))}: homed at {change.node} -> {change.home}{staying}"


def _counted(demands: int) -> str:
    return "1 demand" if demands == 1 else f"{demands} demands"


def element_of(topology: Topology, name: str) -> Key | None:
    """The node, link or risk group of a name as losses bear it, for example link/backbone/a-b; None: there is none."""
    kinds: dict[str, Iterable[Key]] = {
        "link": topology.links,
        "networkNode": topology.nodes,
        "riskGroup": topology.groups,
    }
    return next((key for key in kinds.get(name.partition("/")[0], ()) if _name(key) == name), None)


def demands_of(topology: Topology, network: str) -> Iterator[tuple[Key, Demand]]:
    """The demands of one network."""
    return ((key, one) for key, one in topology.demands.items() if one.source.namespace == network)


def ends_of(source: Key, target: Key) -> DemandEnds:
    """The ends of a demand, as plans name them."""
    return DemandEnds(source=distinct(source.name), target=distinct(target.name))


def judged(before: State, remedy: Remedy) -> Judged:
    """What a remedy comes to, held against what is.

    KeyError for an element that there is not; ValueError for an unsound edit, for more changes than a plan can tell,
    or where the network cannot be judged.
    """
    steps = tuple(filter(None, remedy.steps))
    changes = _forth(before.topology, remedy)
    if len(changes) > MOST_CHANGES:
        raise ValueError(f"it takes {len(changes)} changes, and a plan tells {MOST_CHANGES}: name less at once")
    states = _after_each(before, steps)
    after, during = states[-1], max(states[:-1] or [before], key=lambda state: state.rank)
    prediction = NetworkPrediction(
        network=before.asked.network,
        topology_id=before.topology.id,
        changes=changes,
        inverse=_back(after.topology, remedy),
        before=before.figures(),
        during=during.figures(),
        after=after.figures(),
        caveat=cut(" ".join(before.found.caveats)),
    )
    return Judged(steps, prediction, _counterexample(before, states, lasting=remedy.lasting))


def _after_each(before: State, steps: Steps) -> Sequence[State]:
    """The states after one step, two, and all."""
    topology, states = before.topology, list[State]()
    for step in steps:
        topology = edited(topology, step)
        states.append(State(topology, before.asked, keep=len(states) + 1 == len(steps)))
    return states


def _forth(topology: Topology, remedy: Remedy) -> tuple[NetworkChange, ...]:
    """What is to be done, from the topology as it is."""
    if isinstance(remedy, ReHome):
        return (_homing(topology, remedy, remedy.node, remedy.home),)
    return tuple(_changes(topology, tuple(filter(None, remedy.steps))))


def _back(topology: Topology, remedy: Remedy) -> tuple[NetworkChange, ...]:
    """What takes it back, from the topology after it."""
    if isinstance(remedy, ReHome):
        return (_homing(topology, remedy, remedy.home, remedy.node),)
    return tuple(_changes(topology, tuple(filter(None, remedy.inverse))))


def _homing(topology: Topology, remedy: ReHome, node: Key, home: Key) -> NetworkChange:
    moving = [edit.demand for edit in remedy.steps[0] if isinstance(edit, MoveDemand)]
    change = HomingChange(
        node=distinct(node.name),
        home=distinct(home.name),
        demands=len(moving),
        amount=_decimal(sum(topology.demands[key].amount for key in moving)),
        staying=len(remedy.staying),
    )
    return NetworkChange(step=1, homing=change)


def _changes(topology: Topology, steps: Steps) -> Iterator[NetworkChange]:
    for number, step in enumerate(steps, start=1):
        yield from (_change(topology, number, edit) for edit in step)
        topology = edited(topology, step)


def _change(topology: Topology, step: int, edit: Edit) -> NetworkChange:
    match edit:
        case SetMetric(link, metric):
            before = topology.links[link].metric
            return NetworkChange(step=step, metric=MetricChange(link=distinct(link.name), before=before, after=metric))
        case MoveDemand(demand, source, target):
            old = topology.demands[demand]
            before_ends, after_ends = ends_of(old.source, old.target), ends_of(source, target)
            moved = DemandChange(demand=distinct(demand.name), before=before_ends, after=after_ends)
            return NetworkChange(step=step, demand=moved)
        case TakeOut(element):
            return NetworkChange(step=step, status=StatusChange(element=_name(element), before="Up", after="Down"))
        case PutIn(element):
            return NetworkChange(step=step, status=StatusChange(element=_name(element), before="Down", after="Up"))
        case _:
            raise ValueError(f"{edit!r} is nothing that a plan tells people to do")


def _name(element: Key) -> str:
    return distinct(label(element))


class State:
    """A network with some metrics, as it is and after each loss."""

    def __init__(self, topology: Topology, asked: ContingencyInspection, *, keep: bool = True) -> None:
        """Without `keep` the answer is not kept with the topology. KeyError or ValueError where it cannot be judged."""
        self.topology, self.asked = topology, asked
        look = swept if keep else sweep
        self.found = _judged(look(topology, asked.network, asked.scopes, asked.maximum_utilisation))
        self.given: Routed = routed(topology, asked.network)
        now = Judging(self.given, asked.maximum_utilisation)
        self.arc = int(now.today.argmax()) if now.today.size else -1
        self.peak = float(now.today[self.arc]) if self.arc >= 0 else 0.0

    @property
    def failures(self) -> Sequence[Outcome]:
        """Losses that cost demand or overload links, the worst first."""
        return self.found.failures

    @property
    def rank(self) -> tuple[float, float, int, float]:
        """Greater is worse: by what is so with nothing lost, then by losses."""
        worst = max((one.peak.utilisation for one in self.failures if one.peak), default=0.0)
        return self.found.today.lost, self.peak, self.found.counts.failed, worst

    def figures(self) -> NetworkFigures:
        """In short."""
        worst = [_loss(self.topology, one) for one in self.failures[:MOST_LOSSES]]
        return NetworkFigures(
            link=distinct(self.given.link(self.arc).name) if self.arc >= 0 else "",
            utilisation=_decimal(self.peak),
            lost_demand=_decimal(self.found.today.lost),
            losses=self.found.of,
            failing=self.found.counts.failed,
            worst=tuple(worst or self._fullest()),
        )

    def _fullest(self) -> Iterator[LossFigures]:
        """The loss that fills a link most, where none fails."""
        for case in self.found.worst[:1]:
            yield LossFigures(
                loss=distinct(name_of(self.topology, case.culprits[0].elements)),
                link=distinct(case.link.name),
                utilisation=_decimal(case.utilisation),
                lost_demand=Decimal(0),
            )


def _judged(found: Contingency | str) -> Contingency:
    """What was found. Raises ValueError with the reason where nothing could be."""
    if isinstance(found, Contingency):
        return found
    raise ValueError(found)


def _counterexample(before: State, states: Sequence[State], *, lasting: bool) -> str:
    """The first thing that would be worse than before, and when. What lasts must bear a loss and overload no link more
    than it is; what passes may, while no link is fuller than the fullest one is.
    """
    look = _worse_for_long if lasting else _worse_today
    for number, state in enumerate(states[:-1], start=1):
        if why := look(before, state):
            return f"after step {number} of {len(states)}, {why}"
    return (_worse_for_long if lasting else _worse)(before, states[-1])


def _worse_for_long(before: State, after: State) -> str:
    """The first thing that would be worse, for any single link."""
    was = {over.link: over.utilisation for over in before.found.today.overloaded}
    for link, use in after.found.today.overloaded:
        if use > was.get(link, 0.0) * (1 + ROUNDING):
            return f"link {link.name} carries {_decimal(use)} of its capacity"
    return _worse(before, after)


def _worse(before: State, after: State) -> str:
    """The first thing that would be worse than before."""
    if why := _worse_today(before, after):
        return why
    known = {one.scenario.elements: one for one in before.failures}
    if after.found.counts.failed > len(after.failures) and after.found.counts.failed > before.found.counts.failed:
        return "more losses cost demand or overload links"
    return next((told for one in after.failures if (told := _failing(after, one, known))), "")


def _worse_today(before: State, after: State) -> str:
    """The same, with nothing lost."""
    if after.found.today.lost > before.found.today.lost * (1 + ROUNDING):
        return "more demand has no way"
    if after.peak > max(before.peak, after.asked.maximum_utilisation) * (1 + ROUNDING):
        return f"link {after.given.link(after.arc).name} carries {_decimal(after.peak)} of its capacity"
    return ""


def _failing(state: State, one: Outcome, known: Mapping[tuple[Key, ...], Outcome]) -> str:
    old, lost = known.get(one.scenario.elements), name_of(state.topology, one.scenario.elements)
    peak, limit = one.peak, old.peak.utilisation if old and old.peak else state.asked.maximum_utilisation
    if one.lost > (old.lost if old else 0.0) * (1 + ROUNDING):
        return f"demand has no way when {lost} is lost"
    if peak is not None and peak.utilisation > max(limit, state.asked.maximum_utilisation) * (1 + ROUNDING):
        return f"link {peak.link.name} carries {_decimal(peak.utilisation)} of its capacity when {lost} is lost"
    return ""


def _loss(topology: Topology, one: Outcome) -> LossFigures:
    return LossFigures(
        loss=distinct(name_of(topology, one.scenario.elements)),
        link=distinct(one.peak.link.name) if one.peak else "",
        utilisation=_decimal(one.peak.utilisation if one.peak else 0.0),
        lost_demand=_decimal(one.lost),
    )


def _decimal(value: float) -> Decimal:
    return Decimal(value).quantize(STEP)
