"""Inspections of whole networks: what they no longer carry after a loss, now or during maintenance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from forestall.api.base import Key
from forestall.api.finding import Evidence, Trigger
from forestall.api.inspectionpolicy import FindingType, Inspection, InspectionCount
from forestall.api.networkpolicy import ContingencyInspection, MaintenanceInspection
from forestall.inspection.losses import Loss, hosts, name_of
from forestall.inspection.measured import STEP
from forestall.inspection.report import MAX_EVIDENCE, Found, Observation, cut, distinct, names, references
from forestall.inspection.scans import NOT_BEGUN, answered, scan_of
from forestall.inspection.survey import Survey
from forestall.inspection.sweeps import IN_WINDOWS, Case, live, swept
from forestall.twin.analyses.outcomes import Contingency, WorstCase
from forestall.twin.topology import Topology

MOST_TOLD: Final = 12
"""Losses, and links, that are told one by one."""


def inspect_contingency(inspection: Inspection, asked: ContingencyInspection, survey: Survey) -> Found:
    """Find the losses after which the network loses demand or overloads links: one finding with all of them, a Risk.

    It is a Problem while the network does so with nothing lost. Each loss that is there is a Problem of its own, and a
    minor one if the network does without what is lost.
    """
    topology = survey.snapshot.topology
    found, progress = _examined(asked, survey)
    if isinstance(found, str):
        return _unjudged(inspection, found)
    gone = live(topology, asked.network, asked.scopes)
    case = Case(inspection.name, asked, found, gone=gone, progress=progress)
    ahead = [_ahead(case, "Contingency", survey)] if case.failed or (case.fails_today and not case.gone) else []
    return _found(inspection, [case], [*ahead, *(_gone(case, loss, survey) for loss in case.gone[:MOST_TOLD])])


def _examined(asked: ContingencyInspection, survey: Survey) -> tuple[Contingency | str, str]:
    """What the losses do, or why that cannot be said; and how far those are who examine what is too much for a pass."""
    topology, question = survey.snapshot.topology, (asked.network, asked.scopes, asked.maximum_utilisation)
    scan = scan_of(topology, *question, survey.scans.most)
    if scan is None:
        return swept(topology, *question), ""
    standing = survey.scans.standing.get(scan, NOT_BEGUN)
    return answered(topology, scan, standing), standing.told


def inspect_maintenance(inspection: Inspection, asked: MaintenanceInspection, survey: Survey) -> Found:
    """Find the windows inside which one more loss does the same: one finding for each window."""
    topology, cases, reasons = survey.snapshot.topology, [], []
    planned = [key.name for key, group in topology.groups.items() if group.cause == "maintenance"]
    for window in asked.windows or planned:
        found = swept(topology, asked.network, IN_WINDOWS, asked.maximum_utilisation, window)
        if isinstance(found, str):
            reasons.append(found)
        else:
            cases.append(Case(inspection.name, asked, found, window))
    if reasons:
        return _unjudged(inspection, "; ".join(reasons[:3]))
    failing = [case for case in cases if case.failed or case.fails_today]
    return _found(inspection, cases, [_ahead(case, "Maintenance", survey) for case in failing])


def _unjudged(inspection: Inspection, why: str) -> Found:
    count = InspectionCount(name=inspection.name, scanned=1, failed=0, errors=1, message=cut(why))
    return Found(count, undecided=frozenset((inspection.name,)))


def _found(inspection: Inspection, cases: Sequence[Case], seen: Sequence[Observation]) -> Found:
    unknown = [case for case in cases if case.missing or case.found.verdict == "Unknown"]
    count = InspectionCount(
        name=inspection.name,
        scanned=sum(case.found.of for case in cases),
        failed=sum(max(case.failed, case.fails_today) for case in cases),
        errors=sum(max(case.missing, 1) for case in unknown),
        message=cut("; ".join(map(_missing, unknown))),
    )
    return Found(count, tuple(seen), undecided=frozenset(distinct(case.qualifier) for case in unknown))


def _missing(case: Case) -> str:
    """Why not everything could be judged."""
    if case.missing:
        errors = [reason for _, reason in case.found.errors[:1]]
        return "; ".join((f"{case.missing} losses were not judged: {case.progress or 'narrow the scopes'}", *errors))
    return " ".join(case.found.caveats) or "the network has no demands"


def _ahead(case: Case, kind: FindingType, survey: Survey) -> Observation:
    """What is ahead. A window that is too much by itself is a risk as long as it can be called off."""
    topology = survey.snapshot.topology
    problem = case.fails_today and not (case.window or case.gone)
    worst = name_of(topology, case.failures[0].scenario.elements) if case.failures else ""
    return Observation(
        spec=survey.identity(kind, _twin(survey), case.qualifier),
        finding_class="Problem" if problem else "Risk",
        severity=("critical" if case.loses_today else "major") if problem else "warning",
        observed="NotFulfilled" if case.fails_today and not case.window else "Fulfilled",
        predicted="NotFulfilled",
        trigger=_trigger(case, worst),
        message=cut(_message(case, worst)),
        affected_goals=_goals(case, survey),
        affected_services=_services(case, survey),
        targets=references((_twin(survey),)),
        evidence=tuple(_evidence(case, topology))[:MAX_EVIDENCE],
    )


def _gone(case: Case, loss: Loss, survey: Survey) -> Observation:
    """A loss that is there, and what the network makes of it."""
    fails, network = case.fails_today, case.asked.network
    does = "loses demand or overloads links" if fails else "carries all its demands"
    return Observation(
        spec=survey.identity("Contingency", _twin(survey), f"{case.qualifier}/{loss.name}"),
        finding_class="Problem",
        severity="critical" if case.loses_today else "major" if fails else "minor",
        observed="NotFulfilled" if fails else "Fulfilled",
        predicted="NotFulfilled" if fails else "Fulfilled",
        trigger=Trigger(kind="Failure", element=distinct(loss.name)),
        message=cut(f"{loss.name} is lost, and network {network} {does}"),
        affected_goals=_goals(case, survey) if fails else (),
        affected_services=(),
        targets=references((_twin(survey),)),
        evidence=tuple(_today(case)),
    )


def _twin(survey: Survey) -> Key:
    return Key("NetworkTwin", "", survey.policy.spec.twin_ref.name)


def _trigger(case: Case, worst: str) -> Trigger | None:
    if case.window:
        return Trigger(kind="Change", element=distinct(f"riskGroup/{case.window}"))
    return Trigger(kind="Failure", element=distinct(worst)) if worst else None


def _message(case: Case, worst: str) -> str:
    network = f"network {case.asked.network}"
    during = f" while {case.window} is out of service" if case.window else ""
    now = f"{network} loses demand or overloads links{during}" if case.fails_today else ""
    ahead = f"{case.failed} of {case.found.of} losses make {network} lose demand or overload links{during}"
    return "; ".join(filter(None, (now, f"{ahead}; the worst is that of {worst}" if worst else "")))


def _goals(case: Case, survey: Survey) -> tuple[str, ...]:
    """Goals on the network that are not met, or would not be."""
    asked = ((one.name, one.capacity or one.reachable) for one in survey.policy.spec.goals)
    own = (name for name, goal in asked if goal is not None and goal.network == case.asked.network)
    return tuple(name for name in own if survey.outlook.predicted(name) == "NotFulfilled")


def _services(case: Case, survey: Survey) -> tuple[str, ...]:
    """Services of the namespace on Kubernetes nodes that go with any of the worst losses."""
    view = survey.snapshot
    lost = tuple(Loss(str(one.index), one.scenario.elements) for one in case.failures[:MOST_TOLD])
    gone = {host for taken in hosts(view.topology, lost).values() for host in taken}
    carried = {service for host in gone for service in view.services_on_node(host)}
    return names(sorted(service for service in carried if service.namespace == survey.namespace))


def _evidence(case: Case, topology: Topology) -> Iterator[Evidence]:
    """How it is, what fails, the worst case of each link with its causes, and what the model leaves out."""
    yield from _today(case)
    for one in case.failures[:MOST_TOLD]:
        lost = name_of(topology, one.scenario.elements)
        if one.lost > case.asked.lost_demand:
            yield _fact(case, f"without {lost}: demand that has no way, in bit/s", one.lost)
        elif one.peak is not None:
            yield _fact(case, f"without {lost}: {one.peak.link.name}, the fullest of those overloaded", one.peak[1])
    over = [one for one in case.found.worst if one.utilisation > case.asked.maximum_utilisation]
    yield from (_fact(case, _causes(one, topology), one.utilisation) for one in over[:MOST_TOLD])
    told = f"{case.found.counts.scanned} losses examined. {' '.join(case.found.caveats)}"
    yield Evidence(source=f"{case.inspection}/twin", message=cut(told))


def _today(case: Case) -> Iterator[Evidence]:
    today = case.found.today
    yield from [_fact(case, "demand that has no way now, in bit/s", today.lost)] if case.loses_today else []
    yield from (_fact(case, f"{link.name} is overloaded now", use) for link, use in today.overloaded[:3])


def _causes(worst: WorstCase, topology: Topology) -> str:
    causes = ", ".join(name_of(topology, culprit.elements) for culprit in worst.culprits[:3])
    return f"link {worst.link.name} at its worst, by the loss of {causes}"


def _fact(case: Case, message: str, value: float) -> Evidence:
    return Evidence(source=f"{case.inspection}/twin", value=Decimal(value).quantize(STEP), message=cut(message))
