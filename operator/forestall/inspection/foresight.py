"""What was foreseen of a loss, held against what came: every real fault that was examined before is scored (F7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from forestall.api.base import Key
from forestall.api.inspectionpolicy import GoalState
from forestall.api.prediction import Score
from forestall.inspection.contingencies import Outlook
from forestall.inspection.losses import Loss
from forestall.inspection.measured import STEP
from forestall.twin.analyses.failing import Failing
from forestall.twin.analyses.judging import Judging
from forestall.twin.analyses.layers import layers
from forestall.twin.analyses.routed import Routed, routed
from forestall.twin.joining import together
from forestall.twin.topology import LINK, Topology
from forestall.twin.views import Snapshot

SETTLED: Final = timedelta(seconds=60)
"""How long after a fault what came of it is looked at: routes, Pods and measurements take their time."""
CLOSE: Final = Decimal("0.05")
"""Difference of utilisations, in points, up to which a prediction counts as right."""


@dataclass(frozen=True)
class Foresight:
    """What one pass says of losses: of those that may come, how goals would stand; and which are there."""

    topology: Topology = field(default_factory=Topology)
    goals: Mapping[str, GoalState] = field(default_factory=dict)
    """How they stand."""
    after: Mapping[tuple[str, str], GoalState] = field(default_factory=dict)
    """By goal and loss, where that changes it."""
    ahead: frozenset[str] = frozenset()
    live: frozenset[str] = frozenset()


NOTHING_FORESEEN: Final = Foresight()


@dataclass(frozen=True)
class Fault:
    """A loss that has come, and what was foreseen of it."""

    since: datetime
    goals: Mapping[str, GoalState]
    uses: Mapping[Key, Decimal]
    """Utilisation of the links that are measured."""
    score: Score | None = None
    """None until it has settled."""

    @property
    def due(self) -> datetime:
        """When it is scored."""
        return self.since + SETTLED


def foresight(outlook: Outlook, topology: Topology) -> Foresight:
    """What a pass foresees."""
    goals = {goal: outlook.now(goal).state for goal, loss in outlook.results if not loss}
    after = {pair: result.state for pair, result in outlook.results.items() if result.state != goals[pair[0]]}
    live = frozenset(loss.name for loss in outlook.stakes.live)
    return Foresight(topology, goals, after, frozenset(outlook.losses), live)


def faults(
    before: Foresight, known: Mapping[str, Fault], outlook: Outlook, snapshot: Snapshot, now: datetime
) -> Mapping[str, Fault]:
    """Faults that are there, with what `before` said of those that are new, and scores of those that have settled.

    Of several new losses the one that takes all others along is the fault; where none does, they came together and
    nothing was said of that.
    """
    live = {loss.name: loss for loss in outlook.stakes.live}
    found = {name: fault for name, fault in known.items() if name in live}
    fresh = [loss for name, loss in live.items() if name not in before.live]
    lost = {key for loss in fresh for key in together(snapshot.topology, loss.elements)}
    examined = (loss for loss in fresh if loss.name in before.ahead)
    cause = next((loss for loss in examined if lost <= _taken(before.topology, loss)), None)
    if cause is not None:
        found[cause.name] = Fault(now, _foreseen(before, cause), _uses(before, cause, snapshot))
    return {name: _scored(fault, outlook, snapshot, now) for name, fault in found.items()}


def _taken(topology: Topology, loss: Loss) -> set[Key]:
    """What goes with a loss."""
    lost, known = together(topology, loss.elements), layers(topology)
    numbers = [known.number[key] for key in lost if key in known.number]
    return {*lost, *(known.keys[number] for number in known.falling().suppose(numbers))}


def _foreseen(before: Foresight, loss: Loss) -> Mapping[str, GoalState]:
    return {goal: before.after.get((goal, loss.name), state) for goal, state in before.goals.items()}


def _uses(before: Foresight, loss: Loss, snapshot: Snapshot) -> Mapping[Key, Decimal]:
    """Utilisation after the loss, as routed before it, of the links that are measured now."""
    networks = {key.namespace for key in snapshot.loads if key.kind == LINK} & before.topology.networks.keys()
    found: dict[Key, Decimal] = {}
    for network in sorted(networks):
        given = routed(before.topology, network)
        try:
            found |= {key: use for key, use in _routed(given, loss) if key in snapshot.loads}
        except ValueError:
            continue  # a network that cannot be routed foretells nothing
    return found


def _routed(given: Routed, loss: Loss) -> Iterator[tuple[Key, Decimal]]:
    judging, known = Judging(given, 1.0), layers(given.topology).number
    lost = [key for key in together(given.topology, loss.elements) if key in known]
    moved = judging.routing.would_move(Failing(given).of(lost).cables)
    use = judging.today.copy()
    use[moved.arcs] = moved.load * judging.room[moved.arcs]
    return ((given.link(arc), Decimal(value).quantize(STEP)) for arc, value in enumerate(use.tolist()))


def _scored(fault: Fault, outlook: Outlook, snapshot: Snapshot, now: datetime) -> Fault:
    if fault.score is not None or now < fault.due:
        return fault
    actual = {goal: outlook.now(goal).state for goal, loss in outlook.results if not loss}
    states = [(f"goal {goal}", said, actual[goal]) for goal, said in fault.goals.items() if goal in actual]
    uses = [(key.name, said, snapshot.loads[key]) for key, said in fault.uses.items() if key in snapshot.loads]
    wrong = [f"{what}: predicted {said}, is {came}" for what, said, came in states if said != came]
    wrong += [f"link {name}: predicted {said}, is {came}" for name, said, came in uses if abs(said - came) > CLOSE]
    total = len(states) + len(uses)
    error = sum((abs(said - came) for _, said, came in uses), Decimal(0)) / len(uses) if uses else None
    score = Score(
        matched=total - len(wrong),
        total=total,
        error=error.quantize(STEP) if error is not None else None,
        message="; ".join(wrong)[:1024],
    )
    return replace(fault, score=score)
