"""What the state machine answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from forestall.api.remediationplan import Attempt, RemediationPlanStatus


@dataclass(frozen=True, slots=True)
class CreateJob:
    """Create the Job of an attempt that the status already records."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class SuspendJob:
    """Stop a running Job, or let it go on."""

    name: str
    suspend: bool


Action = CreateJob | SuspendJob


@dataclass(frozen=True, slots=True)
class News:
    """An Event to be recorded about the plan."""

    kind: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The next status, written first; then the actions, in order; then look again."""

    status: RemediationPlanStatus
    actions: tuple[Action, ...] = ()
    requeue_after: timedelta | None = None
    news: tuple[News, ...] = field(default=())
