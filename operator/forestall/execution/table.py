"""Every arrow between the phases of a plan. No decision may take another one, and the page of phases is made of it.

`python -m forestall.execution.table` writes the page, with `--check` it says whether the page is up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, get_args

from forestall.api import pages
from forestall.api.remediationplan import TERMINAL, Phase

PAGE: Final = "docs/reference/plan-phases.md"

_CHECKOUT = Path(__file__).parents[3]
_TAKEN_OVER = "a person takes it over"
_BEFORE_A_JOB: Final[Mapping[Phase, str]] = {
    "Rejected": "a person rejects it",
    "Cancelled": "its finding has cleared, or its finding or policy is gone",
    "Escalated": _TAKEN_OVER,
}
_GATES: Final[Mapping[Phase, str]] = {
    **_BEFORE_A_JOB,
    "PendingApproval": "its approval was withdrawn before any Job",
    "Expired": "its approval has ended before any Job",
    "Stale": "target, runbook or prediction no longer fit, and no Job has run",
    "RollingBack": "a gate that does not open again, or a person, stops it after a Job has run",
    "Failed": "it is stopped after a Job has run, and has no inverse, or its policy is gone",
}

ARROWS: Final[Mapping[Phase, Mapping[Phase, str]]] = {
    "Proposed": {
        "PendingApproval": "it is simulated and rendered",
        **_BEFORE_A_JOB,
        "Cancelled": "the twin rejects it, its finding has cleared, or its finding or policy is gone",
        "Stale": "the policy's response has changed",
        "Superseded": "its proposer has as many plans open as they may have",
    },
    "PendingApproval": {
        "Approved": "a person who holds the right approves it",
        **_BEFORE_A_JOB,
        "Expired": "nobody decides in time",
        "Stale": "the policy's response has changed",
        "Superseded": "its content would be another one now",
    },
    "Approved": {"Preflight": "its gates are asked", "Escalated": _TAKEN_OVER},
    "Preflight": {
        "Executing": "every gate is open: the attempt is on record, then its Job is created",
        "Blocked": "a gate is shut that may open again",
        **_GATES,
    },
    "Blocked": {"Executing": "every gate is open", **_GATES},
    "Executing": {
        "Preflight": "a step is done and another one follows, or a step is tried again",
        "Soaking": "the last step is done",
        **_GATES,
        "Stale": "its Job changed nothing, because a precondition no longer held; or as in Preflight",
        "RollingBack": "a step has failed",
        "Failed": "a step has failed and has no inverse, its Job is lost, or its policy is gone",
    },
    "Soaking": {
        "Succeeded": "the condition is gone and the goals are met",
        "RollingBack": "they are not, or that cannot be judged",
        "Failed": "they are not, and it has no inverse",
        "Escalated": _TAKEN_OVER,
    },
    "RollingBack": {
        "RolledBack": "target and goals are as before the plan",
        "Failed": "nothing is left to undo, or it cannot be undone: then a person takes over",
        "Escalated": _TAKEN_OVER,
    },
}
"""From, to, and when. A phase may also stay as it is."""

MEANINGS: Final[Mapping[Phase, str]] = {
    "Proposed": "waits to be simulated and rendered; in mode Propose it stays here",
    "PendingApproval": "waits for a person",
    "Approved": "approved; passed through within one decision",
    "Preflight": "the gates are asked right before a Job",
    "Executing": "an attempt is on record; its Job is created, followed, suspended while a stop holds",
    "Soaking": "the last Job has ended; the goals are judged after the soak",
    "Succeeded": "verified: the condition is gone and every promised goal is met",
    "Blocked": "approved and kept back by a gate that may open again; `blockedUntil` says when it looks again",
    "RollingBack": "the recorded inverse is run by Jobs and verified; only pause and suspend keep it back",
    "RolledBack": "undone, and target and goals were found as before the plan; the next rung may follow",
    "Rejected": "refused by a person; not proposed again while the finding lasts",
    "Expired": "nobody approved in time, or the approval ended before a Job",
    "Stale": "no longer fits the world; nothing was changed",
    "Superseded": "its content would be another one, and a fresh plan follows; or it was one too many of its proposer",
    "Cancelled": "not needed any more, or rejected by the twin; nothing was changed",
    "Failed": "ended without success; where `assignee` is a person, nothing follows by itself",
    "Escalated": "a person has taken it over; no Job of it runs",
}


def require(before: Phase, after: Phase) -> None:
    """Raise RuntimeError unless the table has that arrow, or nothing moves."""
    if after != before and after not in ARROWS.get(before, {}):
        raise RuntimeError(f"no arrow leads from {before} to {after}")


def page() -> str:
    """The page as Markdown."""
    phases = "".join(
        f"| `{phase}` | {'end' if phase in TERMINAL else ''} | {MEANINGS[phase]} |\n" for phase in get_args(Phase)
    )
    arrows = "".join(
        f"| `{before}` | `{after}` | {when} |\n" for before, ends in ARROWS.items() for after, when in ends.items()
    )
    first, second = "| Phase | | Meaning |\n|---|---|---|", "| From | To | When |\n|---|---|---|"
    return f"{_HEAD}\n{first}\n{phases}\n{_ARROWS}\n{second}\n{arrows}"


_HEAD = """\
<!-- Made by `make crds` from operator/forestall/execution/table.py. Change that. -->
# Phases of a plan

`kubectl get plans` shows each plan's phase, `status.message` says in one sentence why. The main way is

    Proposed → PendingApproval → Approved → Preflight → Executing → Soaking → Succeeded

A phase marked *end* absorbs: the API server itself refuses to let a plan leave it. What follows is a new plan.
`Armed` and the purpose `Drill` are reserved for plans that are approved before their fault and for rehearsals.
"""
_ARROWS = """\
## Arrows

These are all the arrows there are; the operator refuses to write any other one.
"""

if __name__ == "__main__":
    sys.exit(pages.main("forestall.execution.table", _CHECKOUT / PAGE, page(), sys.argv[1:]))
