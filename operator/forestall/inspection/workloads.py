"""Inspection of workloads: symptoms that the checks find become observations, and what they mean for goals is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from forestall.api.base import Key
from forestall.api.finding import Evidence
from forestall.api.inspectionpolicy import Check, Inspection, InspectionCount, WorkloadInspection
from forestall.inspection.checks.catalogue import CATALOGUE
from forestall.inspection.checks.symptom import Symptom
from forestall.inspection.report import MAX_EVIDENCE, Found, Observation, cut, names, references
from forestall.inspection.survey import Survey, impact


def inspect_workloads(inspection: Inspection, checks: WorkloadInspection, survey: Survey) -> Found:
    """Find what the checks of this inspection find, once it has lasted for as long as each of them has patience."""
    chosen = dict.fromkeys(checks.checks)
    symptoms = [one for check in chosen for one in survey.symptoms[check]]
    since = {one: survey.holds.get(_hold(inspection, one), survey.now) for one in symptoms}
    raised = [one for one in symptoms if survey.now - since[one] >= one.patience]
    waiting = [one for one in symptoms if survey.now - since[one] < one.patience]
    defects = _defects(chosen, survey)
    return Found(
        _count(inspection, chosen, survey, raised, defects),
        tuple(_observation(inspection, one, survey) for one in raised),
        undecided=frozenset((inspection.name,) if defects else ()),
        held=frozenset(survey.identity(one.check, one.resource, inspection.name) for one in waiting),
        holds={_hold(inspection, one): since[one] for one in symptoms if one.patience},
        again=_again(survey, [since[one] + one.patience for one in waiting]),
    )


def _hold(inspection: Inspection, symptom: Symptom) -> str:
    return f"{inspection.name}/{symptom.check}/{symptom.resource}"


def _again(survey: Survey, times: Sequence[datetime]) -> datetime | None:
    return min((*times, *survey.scene.moments()), default=None)


def _defects(checks: Collection[Check], survey: Survey) -> Sequence[Key]:
    """Objects that the checks would have to read, and that cannot be read."""
    kinds = {kind for check in checks for kind in CATALOGUE[check].reads}
    places = ("", survey.namespace)
    return sorted(key for key in survey.snapshot.defects if key.kind in kinds and key.namespace in places)


def _count(
    inspection: Inspection,
    checks: Collection[Check],
    survey: Survey,
    raised: Sequence[Symptom],
    defects: Sequence[Key],
) -> InspectionCount:
    judged = frozenset[str]().union(*(CATALOGUE[check].judges for check in checks))
    unread = (f"{key} cannot be read: {survey.snapshot.defects[key]}" for key in defects[:4])
    return InspectionCount(
        name=inspection.name,
        scanned=sum(map(_judged(survey).__getitem__, judged)) + len(defects),
        failed=len({one.resource for one in raised}),
        errors=len(defects),
        message=cut("; ".join(unread)),
    )


def _judged(survey: Survey) -> Mapping[str, int]:
    """How many objects of each kind there are to be judged."""
    view, here = survey.snapshot, survey.namespace
    keepers = Counter(key.kind for key in view.index.by_workload if key.namespace == here)
    return {
        "Node": len(view.nodes),
        "StatefulSet": keepers["StatefulSet"],
        "DaemonSet": keepers["DaemonSet"],
        "Deployment": sum(key.namespace == here for key in view.workloads),
        "Service": sum(key.namespace == here for key in view.services),
        "Job": sum(key.namespace == here for key in view.jobs),
    }


def _observation(inspection: Inspection, symptom: Symptom, survey: Survey) -> Observation:
    found = impact(survey, (*symptom.workloads, *symptom.services))
    return Observation(
        spec=survey.identity(symptom.check, symptom.resource, inspection.name),
        finding_class="Problem",
        severity=found.severity,
        observed=found.observed,
        predicted=found.predicted,
        trigger=None,
        message=cut(symptom.message),
        affected_goals=found.affected_goals,
        affected_services=names(symptom.services),
        targets=references(symptom.targets),
        evidence=tuple(
            Evidence(source=f"{inspection.name}/kubernetes", message=cut(fact)) for fact in symptom.facts[:MAX_EVIDENCE]
        ),
    )
