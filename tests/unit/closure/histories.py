"""Findings and plans with a history, as their statuses tell it; some made by hand, and any number by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from forestall.api.base import format_time
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.closure import entries
from forestall.ports import Entry

START = datetime(2026, 1, 5, 10, 0, 0, 250_000, tzinfo=UTC)
DIGEST, OTHER = "sha256:" + "ab" * 32, "sha256:" + "cd" * 32
HUMAN = {"kind": "Human", "name": "alice"}
ON_CALL = {"kind": "Human", "name": ""}
AGENT = {"kind": "Agent", "name": "forestall"}
STEP = {
    "name": "undo",
    "argv": ["rollout-undo"],
    "serviceAccountName": "forestall-action-rollout-undo",
    "image": "registry.example/forestall@sha256:1",
    "timeout": "1m",
}


def at(minutes: float) -> datetime:
    """A time, in minutes after the start."""
    return START + timedelta(minutes=minutes)


def text(minutes: float) -> str:
    """The same as it is written."""
    return format_time(at(minutes))


def policy(mode: str = "Open", *, suspend: bool = False) -> InspectionPolicy:
    """The policy `shop`, which answers findings of type ImagePull."""
    response = {"name": "answer", "match": {"types": ["ImagePull"]}, "mode": mode}
    spec = {
        "twinRef": {"name": "main"},
        "suspend": suspend,
        "inspections": [{"name": "images", "workload": {"checks": ["ImagePull"]}}],
        "responses": [response],
    }
    return InspectionPolicy.model_validate({"metadata": {"name": "shop", "namespace": "shop"}, "spec": spec})


def finding(
    *moves: tuple[float, str], name: str = "web", kind: str = "ImagePull", risk: bool = False, **status: Any
) -> Finding:
    """A finding that went through `moves`, each (minutes, transition)."""
    return Finding.model_validate(
        {
            "metadata": {"name": name, "namespace": "shop", "uid": f"uid-of-{name}"},
            "spec": {
                "policyRef": {"name": "shop"},
                "type": kind,
                "resource": {"kind": "Deployment", "namespace": "shop", "name": "web"},
            },
            "status": {
                "class": "Risk" if risk else "Problem",
                "transitions": [{"time": text(when), "to": to} for when, to in moves],
                **status,
            },
        }
    )


def handed(minutes: float, to: dict[str, str]) -> dict[str, Any]:
    """A hand-off from the agent."""
    return {"time": text(minutes), "from": AGENT, "to": to, "reason": "why not"}


def approval(minutes: float, *, digest: str = DIGEST, lasts: float = 30, others: Sequence[str] = ()) -> dict[str, Any]:
    """Alice's approval."""
    times = {"observedAt": text(minutes), "expiresAt": text(minutes + lasts)}
    return {"kind": "Human", "name": "alice", "others": list(others), "digest": digest, **times}


def attempt(minutes: float, *, outcome: str = "Success", number: int = 1, rollback: bool = False) -> dict[str, Any]:
    """A try at the only step, of half a minute."""
    times = {"intendedAt": text(minutes), "acceptedAt": text(minutes + 0.1), "finishedAt": text(minutes + 0.5)}
    place = {"step": 0, "attempt": number, "rollback": rollback, "jobName": f"job-{number}"}
    return {**place, **times, "outcome": outcome}


def plan(created: float, phase: str = "PendingApproval", *, name: str = "p", of: str = "web", **status: Any) -> Any:
    """A plan for the finding `of`, made at that minute; its end is on record as its condition Succeeded."""
    ended = status.pop("ended", created + 3)
    condition = {"type": "Succeeded", "reason": phase, "lastTransitionTime": text(ended)}
    condition["status"] = ("True" if phase == "Succeeded" else "False") if phase in TERMINAL else "Unknown"
    made = at(created).replace(microsecond=0).isoformat()
    return RemediationPlan.model_validate(
        {
            "metadata": {"name": name, "namespace": "shop", "uid": f"uid-of-{name}", "creationTimestamp": made},
            "spec": {
                "policyRef": {"name": "shop"},
                "findingRef": {"name": of},
                "runbookRef": {"name": "rollout-undo", "version": "1"},
                "proposer": "forestall",
            },
            "status": {
                "phase": phase,
                "planDigest": DIGEST,
                "riskClass": "Low",
                "steps": [STEP],
                "rollback": [STEP],
                "conditions": [condition],
                **status,
            },
        }
    )


def good(created: float, *, name: str = "p", of: str = "web", **status: Any) -> RemediationPlan:
    """A plan that was approved after a minute, ran in another and was verified after a third."""
    times = {"detected": text(created), "decided": text(created + 1), "acted": text(created + 2)}
    made: RemediationPlan = plan(
        created,
        **{
            "phase": "Succeeded",
            "name": name,
            "of": of,
            "approval": approval(created + 1),
            "attempts": [attempt(created + 1.5)],
            "verification": {"since": text(created + 2), "until": text(created + 3), "result": "Fulfilled"},
            "timestamps": {**times, "verified": text(created + 3)},
            **status,
        },
    )
    return made


@dataclass(frozen=True)
class History:
    """Findings with their plans, `under` one policy."""

    findings: Sequence[Finding]
    plans: Sequence[RemediationPlan] = ()
    under: InspectionPolicy = field(default_factory=policy)

    def entries(self) -> list[Entry]:
        """What the statuses tell."""
        told = [entries.of_finding(one, self.under) for one in self.findings]
        return [entry for some in (*told, *map(entries.of_plan, self.plans)) for entry in some]


def any_history(chance: Random) -> History:
    """Some findings with some plans, sensible or not."""
    findings: list[Finding] = []
    plans: list[RemediationPlan] = []
    for number in range(chance.randint(1, 6)):
        name = f"f{number}"
        minutes = 0.0
        moves = []
        for _ in range(chance.randint(0, 9)):
            minutes += chance.choice((0.0, 0.01, 1, 5, 60, 1440, 1441, 4000))
            moves.append((minutes, chance.choice(("Raised", "Raised", "Planned", "Cleared", "Closed", "Escalated"))))
        first = [(0.0, "Raised")] if chance.random() < 0.9 else []
        hand_offs = [handed(chance.uniform(0, 4000), chance.choice((ON_CALL, HUMAN, AGENT)))]
        shown = hand_offs if chance.random() < 0.2 else []
        kind, risk = chance.choice(("ImagePull", "CrashLoop")), chance.random() < 0.3
        findings.append(finding(*first, *moves, name=name, kind=kind, risk=risk, handOffs=shown))
        plans += [_any_plan(chance, f"{name}-{one}", name, minutes) for one in range(chance.choice((0, 1, 1, 1, 2, 3)))]
    return History(findings, plans, policy(chance.choice(("Open", "Observe")), suspend=chance.random() < 0.2))


def _any_plan(chance: Random, name: str, of: str, last: float) -> RemediationPlan:
    created = chance.uniform(-1, max(last, 10.0)) if chance.random() < 0.4 else 0.0
    odd: dict[str, Any] = {
        "approval": None,
        "phase": chance.choice(sorted(TERMINAL)),
        "rejection": {"name": "bob", "reason": "no", "time": text(created + 1)},
        "attempts": [
            attempt(created + chance.choice((0.5, 1.5, 40)), outcome="Failure"),
            attempt(created + 2, outcome=chance.choice(("Success", "NothingToDo")), number=2),
        ],
        "verification": {
            "since": text(created + 2),
            "until": text(created + 3),
            "result": "NotFulfilled",
            "lost": chance.choice(([], ["up"])),
        },
        "handOffs": [handed(created + 2, chance.choice((HUMAN, ON_CALL, AGENT)))],
        "timestamps": {"detected": text(created)},
        "planDigest": OTHER,
        "undoing": {"since": text(created + 4), "until": text(created + 5), "result": "Fulfilled"},
    }
    if chance.random() < 0.3:
        odd["attempts"] = odd["attempts"][1:]
    if chance.random() < 0.3:
        odd["attempts"].append(attempt(created + 4, rollback=True))
    chosen = [key for key in sorted(odd) if chance.random() < 0.12]
    return good(created, name=name, of=of, **{key: odd[key] for key in chosen})
