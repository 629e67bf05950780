"""The state machine: from the phase a plan is in to the phase it belongs in, in one decision.

    Proposed -> PendingApproval -> Approved -> Preflight -> Executing -> Soaking -> Succeeded

Each phase has one function, in the module of its name. A decision follows them until one has to wait for the
world (a person, a Job, a moment, facts that are not gathered yet) or has an action to carry out; the status it ends
with is written once, before the action. So an attempt is always on record before its Job exists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from forestall.api.remediationplan import TERMINAL, Phase
from forestall.execution import executing, pending, preflight, proposed, soaking
from forestall.execution.conditions import summarise
from forestall.execution.decision import Decision, News
from forestall.gates.facts import Facts

PHASES: Mapping[Phase, Callable[[Facts, datetime], Decision]] = {
    "Proposed": proposed.decide,
    "PendingApproval": pending.decide,
    "Approved": preflight.enter,
    "Preflight": preflight.decide,
    "Blocked": preflight.decide,
    "Executing": executing.decide,
    "Soaking": soaking.decide,
}


def decide(facts: Facts, now: datetime) -> Decision:
    """The plan's next status, and what must be done once it is written. The same facts give the same decision."""
    news: list[News] = []
    decision = Decision(facts.plan.status)
    for _ in PHASES:  # a decision never needs more moves than there are phases
        if decision.status.phase in TERMINAL:
            break
        decision = PHASES[decision.status.phase](facts, now)
        news.extend(decision.news)
        if _waits(decision) or decision.status.phase == facts.plan.status.phase:
            break
        facts = facts.with_status(decision.status)
    status = summarise(decision.status, generation=facts.plan.metadata.generation, now=now)
    return replace(decision, status=status, news=tuple(news))


def _waits(decision: Decision) -> bool:
    """Whether something must happen before the next phase can be asked."""
    return bool(decision.actions) or decision.requeue_after is not None
