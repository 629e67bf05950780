"""How long findings and plans stay once nothing is left to do about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from forestall.api.base import Duration, Model


class Retention(Model):
    """How many findings at rest and ended plans are kept, and how long. The ledger keeps their account for ever."""

    findings: Annotated[int, Field(ge=0, le=10_000)] = 100
    """How many findings at rest (Cleared, Closed) are kept, the latest first. A finding goes with all its plans, once
    all of these have ended."""
    age: Duration = timedelta(days=30)
    """How long a finding at rest is kept at most. One that has rested for less than 24h is kept whatever is set here:
    until then it counts as the same if it shows again."""
    plans: Annotated[int, Field(ge=8, le=1000)] = 10
    """How many ended plans of one runbook are kept for each finding, the latest first. Beside them those are kept
    that the answer to the finding's present showing rests on: run, rejected or handed to a person. At least 8, because
    a fix rests the longer, the more often it came to nothing, and that is read from its plans."""
