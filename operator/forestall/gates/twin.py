"""Twin: as the world is now, not as the last inspection saw it, the plan leaves no goal worse."""

from __future__ import annotations

from datetime import datetime

from forestall.api.remediationplan import Verdict
from forestall.gates.facts import Facts
from forestall.gates.verdicts import passes, veto


def simulated(facts: Facts, _now: datetime) -> Verdict:
    """Shut while the plan cannot be simulated on the present snapshot and measurements."""
    gate = "simulation"
    if facts.simulation.problem:
        return veto(gate, "NotSimulated", f"it cannot be simulated now: {facts.simulation.problem}")
    return passes(gate, "Simulated")


def judge(facts: Facts, _now: datetime) -> Verdict:
    """Shut if the simulation has a counterexample, or there is none."""
    gate = "twin"
    if facts.simulation.problem:
        return veto(gate, "NotSimulated", "what the plan would leave worse is not known")
    if facts.simulation.counterexample:
        return veto(gate, "LeavesGoalWorse", facts.simulation.counterexample)
    return passes(gate, "LeavesNoGoalWorse")
