"""The state machine: from the phase a plan is in to the phase it belongs in, in one decision.

    Proposed -> PendingApproval -> Approved -> Preflight -> Executing -> Soaking -> Succeeded

All arrows stand in `table`; no decision may take another one. Each phase has one function, in the module of its
name. A decision follows them until one has to wait for the world (a person, a Job, a moment, facts that are not
gathered yet) or has an action to carry out; the status it ends with is written once, before the action. So an attempt
is always on record before its Job exists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from forestall.api import conditions
from forestall.api.remediationplan import TERMINAL, Phase
from forestall.execution import executing, handover, pending, preflight, proposed, rolling_back, soaking
from forestall.execution.circumstances import circumstances
from forestall.execution.conditions import summarise
from forestall.execution.decision import Decision, News
from forestall.execution.table import require
from forestall.gates.facts import Facts

PHASES: Mapping[Phase, Callable[[Facts, datetime], Decision]] = {
    "Proposed": proposed.decide,
    "PendingApproval": pending.decide,
    "Approved": preflight.enter,
    "Preflight": preflight.decide,
    "Blocked": preflight.decide,
    "Executing": executing.decide,
    "Soaking": soaking.decide,
    "RollingBack": rolling_back.decide,
}


def decide(facts: Facts, now: datetime) -> Decision:
    """The plan's next status, and what must be done once it is written. The same facts give the same decision."""
    news: list[News] = []
    decision = Decision(facts.plan.status)
    for _ in PHASES:  # a decision never needs more moves than there are phases
        if decision.status.phase in TERMINAL:
            break
        decision = move(facts, now)
        news.extend(decision.news)
        if _waits(decision) or decision.status.phase == facts.plan.status.phase:
            break
        facts = facts.with_status(decision.status)
    status = summarise(decision.status, generation=facts.plan.metadata.generation, now=now)
    merged = conditions.merge(status.conditions, circumstances(facts, status, now))
    status = status.model_copy(update={"conditions": tuple(merged)})
    return replace(decision, status=status, news=tuple(news))


def move(facts: Facts, now: datetime) -> Decision:
    """One arrow, or none. Raises RuntimeError where the arrow is not in the table: nothing is written then."""
    phase = facts.plan.status.phase
    decision = handover.decide(facts, now) or PHASES[phase](facts, now)
    require(phase, decision.status.phase)
    return decision


def _waits(decision: Decision) -> bool:
    """Whether something must happen before the next phase can be asked."""
    return bool(decision.actions) or decision.requeue_after is not None
