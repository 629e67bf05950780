"""Twin: on the present snapshot, too, the plan leaves no goal worse."""

from __future__ import annotations

from datetime import datetime

from forestall.api.remediationplan import Verdict
from forestall.gates.facts import Facts
from forestall.gates.verdicts import passes, veto

GATE = "twin"


def judge(facts: Facts, _now: datetime) -> Verdict:
    """Shut if the plan cannot be simulated now, or if the simulation has a counterexample."""
    if facts.counterexample is None:
        return veto(GATE, "NotSimulated", "the plan could not be simulated on the present snapshot")
    if facts.counterexample:
        return veto(GATE, "LeavesGoalWorse", facts.counterexample)
    return passes(GATE, "LeavesNoGoalWorse")
