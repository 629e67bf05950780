"""Goals on networks: whether they are met, now and after losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import numpy as np

from forestall.api.base import Key
from forestall.api.goals import CapacityGoal, Goal, ReachableGoal
from forestall.api.inspectionpolicy import GoalState
from forestall.inspection.goals import GoalResult
from forestall.inspection.losses import NOTHING, Loss
from forestall.inspection.measured import STEP
from forestall.inspection.remembering import remembered
from forestall.twin.analyses.failing import Failed, Failing
from forestall.twin.analyses.judging import Judging
from forestall.twin.analyses.layers import down, layers
from forestall.twin.analyses.reachability import parts
from forestall.twin.analyses.routed import Routed, routed
from forestall.twin.joining import together
from forestall.twin.topology import NODE, Topology

NOTHING_FAILED: Final = Failed(cables=(), nodes=())
MOST_NAMED: Final = 3

Results = Mapping[tuple[str, str], GoalResult]
"""By goal and loss."""


def on_networks(goal: Goal) -> bool:
    """Whether the goal is one of a network, and no pod has a part in it."""
    return goal.reachable is not None or goal.capacity is not None


@remembered
def results(topology: Topology, goals: tuple[Goal, ...], losses: tuple[Loss, ...]) -> Results:
    """How goals of networks stand now (under the loss NOTHING) and after each loss."""
    found: dict[tuple[str, str], GoalResult] = {}
    for goal in goals:
        judge = _judge(topology, goal)
        if isinstance(judge, GoalResult):
            found |= {(goal.name, name): judge for name in (NOTHING, *(loss.name for loss in losses))}
            continue
        found[goal.name, NOTHING] = judge.judged(NOTHING_FAILED)
        for loss in losses:
            failed = judge.failed(loss)
            unscathed = failed == NOTHING_FAILED
            found[goal.name, loss.name] = found[goal.name, NOTHING] if unscathed else judge.judged(failed)
    return found


def _judge(topology: Topology, goal: Goal) -> _Reachable | _Capacity | GoalResult:
    """What judges the goal; or that it is Unknown, where the network is not known or cannot be routed."""
    asked = goal.reachable or goal.capacity
    if asked is None:
        raise ValueError(f"goal {goal.name} is on no network")
    if asked.network not in topology.networks:
        return _unknown(f"network {asked.network} is not in the twin: give it a document or mend the goal")
    given = routed(topology, asked.network)
    if isinstance(asked, ReachableGoal):
        missing = [name for name in (*asked.sources, *asked.targets) if _key(asked, name) not in given.cabling.node]
        if missing:
            return _unknown(f"network {asked.network} has no node {', '.join(missing[:MOST_NAMED])}: mend the goal")
        return _Reachable(given, asked)
    try:
        return _Capacity(given, asked)
    except ValueError as error:
        return _unknown(f"network {asked.network} cannot be routed: {error}")


def _unknown(message: str) -> GoalResult:
    return GoalResult("Unknown", None, message)


def _key(goal: ReachableGoal, name: str) -> Key:
    return Key(NODE, goal.network, name)


class _Judge:
    """What judges one goal. Not for two threads at once."""

    def __init__(self, given: Routed) -> None:
        self.given = given
        self._failing = Failing(given)

    def failed(self, loss: Loss) -> Failed:
        """What of the network goes with a loss. What nothing in the topology rests on takes nothing along."""
        topology = self.given.topology
        known = layers(topology).number
        return self._failing.of(key for key in together(topology, loss.elements) if key in known)


class _Reachable(_Judge):
    """Whether each source reaches enough of the targets, and they it."""

    def __init__(self, given: Routed, goal: ReachableGoal) -> None:
        super().__init__(given)
        self._goal = goal
        self._sources = {name: given.cabling.node[_key(goal, name)] for name in goal.sources}
        self._targets = {name: given.cabling.node[_key(goal, name)] for name in goal.targets}
        dead = down(given.topology)
        self._down = {place for key, place in given.cabling.node.items() if key in dead}

    def judged(self, failed: Failed) -> GoalResult:
        """How the goal stands with what has failed."""
        part = self._parts(failed)
        answers = [self._of(name, part, failed) for name, place in self._sources.items() if place not in failed.nodes]
        return min(answers, key=lambda one: (one.state != "NotFulfilled", one.value or 0), default=_NO_SOURCE)

    def _parts(self, failed: Failed) -> Sequence[int]:
        up = self.given.up.copy()
        up[list(failed.cables)] = False
        found: list[int] = parts(replace(self.given, up=up)).tolist()
        return found

    def _of(self, source: str, part: Sequence[int], failed: Failed) -> GoalResult:
        start, needed = self._sources[source], self._goal.min_targets
        others = {name: place for name, place in self._targets.items() if place != start}
        asked = others if needed else {name: at for name, at in others.items() if at not in failed.nodes}
        gone = self._down.union(failed.nodes)
        lost = [name for name, at in asked.items() if at in gone or start in gone or part[at] != part[start]]
        reached, least = len(asked) - len(lost), needed or len(asked)
        state: GoalState = "Fulfilled" if reached >= least else "NotFulfilled"
        told = f"network {self._goal.network}: {source} reaches {reached} targets, {least} needed"
        cut = f"; not {', '.join(lost[:MOST_NAMED])}" if lost else ""
        return GoalResult(state, Decimal(reached), told + cut)


_NO_SOURCE: Final = GoalResult("Fulfilled", None, "no source is left that could reach a target")


class _Capacity(_Judge):
    """Whether all demands are carried, and no link is fuller than it may be."""

    def __init__(self, given: Routed, goal: CapacityGoal) -> None:
        super().__init__(given)
        self._goal, self._judging = goal, Judging(given, goal.max_utilisation)

    def judged(self, failed: Failed) -> GoalResult:
        """How the goal stands with what has failed."""
        now = self._judging
        if failed == NOTHING_FAILED:
            arc = int(np.argmax(now.today)) if now.today.size else -1
            return self._told(now.lost_today, float(now.today[arc]) if arc >= 0 else 0.0, arc)
        found = now.judge(failed)
        return self._told(now.lost_today + found.lost, found.peak, found.peak_arc)

    def _told(self, lost: float, peak: float, arc: int) -> GoalResult:
        given, network = self.given, self._goal.network
        value = Decimal(peak).quantize(STEP, ROUND_HALF_EVEN)
        if lost > 0:
            return GoalResult("NotFulfilled", value, f"network {network}: {rate(lost)} of demand have no way")
        if peak > self._judging.limit:
            told = f"network {network}: link {given.link(arc).name} would carry more than it may"
            return GoalResult("NotFulfilled", value, told)
        if not given.is_known or given.uncapped:
            why = " ".join(given.missing) or "it has no demands"
            return _unknown(f"network {network}: {why} Complete its documents")
        return GoalResult("Fulfilled", value, f"network {network}: all demands are carried, no link is too full")


def rate(bits: float) -> str:
    """Bit per second in words, in three digits."""
    for unit, size in (("Tbit/s", 1e12), ("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)):
        if bits >= size:
            return f"{bits / size:.3g} {unit}"
    return f"{bits:.3g} bit/s"
