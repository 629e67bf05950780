"""What one pass over a policy found."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from forestall.api.base import Key, ObjectRef
from forestall.api.finding import Evidence, FindingClass, FindingSpec, Trigger
from forestall.api.inspectionpolicy import GoalState, GoalStatus, InspectionCount, Severity
from forestall.api.prediction import Score
from forestall.inspection.foresight import NOTHING_FORESEEN, Fault, Foresight
from forestall.twin.view import View

MAX_TEXT, MAX_NAME = 1024, 253
"""Characters of the longest message and of the longest name that a status takes."""
MAX_TARGETS, MAX_SERVICES, MAX_EVIDENCE = 16, 256, 32
"""Items that a finding's status takes."""


@dataclass(frozen=True)
class Observation:
    """One condition that shows: all that a finding says of it."""

    spec: FindingSpec
    finding_class: FindingClass
    severity: Severity
    observed: GoalState
    predicted: GoalState
    trigger: Trigger | None
    message: str
    affected_goals: tuple[str, ...]
    affected_services: tuple[str, ...]
    targets: tuple[ObjectRef, ...]
    evidence: tuple[Evidence, ...]
    score: Score | None = None
    """What was foreseen of it, held against what came; once, for a fault that was examined before."""


@dataclass(frozen=True)
class Found:
    """What one inspection found."""

    count: InspectionCount
    observations: tuple[Observation, ...] = ()
    undecided: frozenset[str] = frozenset()
    """Beginnings of the qualifiers of findings that could not be judged, up to a slash."""
    passed: frozenset[str] | None = None
    """Names of the objects that were judged and passed, where objects that were not judged cannot be told apart
    from it by their qualifier; None for inspections that see every object."""
    holds: Mapping[str, datetime] = field(default_factory=dict)
    held: frozenset[FindingSpec] = frozenset()
    """Findings whose condition shows, and has not lasted long enough to be raised."""
    again: datetime | None = None
    """When time alone may change what was found."""


@dataclass(frozen=True)
class Report:
    """What all inspections of a policy found in one pass."""

    goals: tuple[GoalStatus, ...]
    counts: tuple[InspectionCount, ...]
    observations: tuple[Observation, ...]
    undecided: frozenset[str]
    """Beginnings of the qualifiers of findings that could not be judged, up to a slash."""
    passed: Mapping[str, frozenset[str]]
    """By metric inspection: names of the objects that were measured and do not pass the threshold."""
    holds: Mapping[str, datetime]
    """Since when each value has passed its threshold, or each condition has shown: to be given to the next pass."""
    held: frozenset[FindingSpec] = frozenset()
    """Findings whose condition shows, and has not lasted long enough to be raised."""
    again: datetime | None = None
    """When time alone may change what was found."""
    foresight: Foresight = NOTHING_FORESEEN
    faults: Mapping[str, Fault] = field(default_factory=dict)
    """By loss: what was foreseen of those that are there. Both are to be given to the next pass."""

    def new_scores(self, last: Report | None) -> tuple[Score, ...]:
        """Scores of faults that the report before did not have."""
        old = {name for name, fault in last.faults.items() if fault.score is not None} if last else set()
        return tuple(fault.score for name, fault in self.faults.items() if fault.score is not None and name not in old)

    def clears(self, spec: FindingSpec, view: View) -> bool:
        """Whether a finding without an observation in this report has gone away.

        It has not where it could not be judged: with an error, without its series, or before the time that its
        threshold must be passed for. It has where its object is gone, or its inspection.
        """
        inspection = spec.qualifier.partition("/")[0]
        if spec in self.held or any(f"{spec.qualifier}/".startswith(f"{beginning}/") for beginning in self.undecided):
            return False
        passed = self.passed.get(inspection)
        return passed is None or spec.resource.name in passed or not exists(key_of(spec.resource), view)


def exists(key: Key, view: View) -> bool:
    """Whether the Deployment, Service or node is in the twin."""
    return key.name in view.nodes if key.kind == "Node" else key in view.workloads or key in view.services


def references(keys: Sequence[Key]) -> tuple[ObjectRef, ...]:
    """Objects as a status names them, as many as it takes."""
    return tuple(ObjectRef(kind=key.kind, namespace=key.namespace, name=key.name) for key in keys[:MAX_TARGETS])


def names(keys: Sequence[Key]) -> tuple[str, ...]:
    """Services of one namespace as a status names them, as many as it takes."""
    return tuple(key.name for key in keys[:MAX_SERVICES])


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """The text, shortened with an ellipsis where it is longer than `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def distinct(text: str, limit: int = MAX_NAME) -> str:
    """The text; where it is longer than `limit`, its beginning and a hash, so that two texts stay two."""
    tag = hashlib.sha256(text.encode()).hexdigest()[:16]
    return text if len(text) <= limit else f"{text[: limit - 17]}-{tag}"


def key_of(ref: ObjectRef) -> Key:
    """The object that a finding is about."""
    return Key(ref.kind, ref.namespace, ref.name)
