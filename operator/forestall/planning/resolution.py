"""Whether a finding's condition would be gone on a potential view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import FindingType, InspectionPolicy, MetricInspection
from forestall.api.networkpolicy import ContingencyInspection
from forestall.inspection.contingencies import Outlook
from forestall.inspection.losses import NOTHING
from forestall.inspection.measured import UnmeasuredError, answer, compare, finite
from forestall.inspection.report import distinct
from forestall.inspection.sweeps import Case, is_out, swept
from forestall.planning.networks import asked_by, window_of
from forestall.planning.targets import key_of, workload_of
from forestall.ports import Measurement
from forestall.twin.model import Pod
from forestall.twin.topology import Topology
from forestall.twin.views import Potential


@dataclass(frozen=True, slots=True)
class Answered:
    """A finding, and what the twin says of the world after an answer to it."""

    policy: InspectionPolicy
    finding: Finding
    measurements: Mapping[str, Measurement]
    view: Potential
    outlook: Outlook


def resolves(answered: Answered) -> bool:
    """Whether the condition is gone. What cannot be predicted is not resolved."""
    return _RULES.get(answered.finding.spec.type, _serves)(answered)


def _images_pull(answered: Answered) -> bool:
    """The workload has pods, and none of them waits."""
    workload = workload_of(answered.finding, answered.view)
    pods = answered.view.pods_of_workload(workload) if workload else ()
    return bool(pods) and not any(pod.waiting for pod in pods)


def _serves(answered: Answered) -> bool:
    """The workload has all its pods, made from its present template, and all of them serve without trouble."""
    view, workload = answered.view, workload_of(answered.finding, answered.view)
    if workload is None:
        return False
    sound = [pod for pod in view.ready_pods_of_workload(workload) if pod.current and not _ails(pod)]
    return 0 < view.workloads[workload].replicas <= len(sound)


def _ails(pod: Pod) -> bool:
    return any(container.ails for container in pod.containers)


def _granted(answered: Answered) -> bool:
    """The workload serves with pods that it has already: whether a quota would grant it others is not known."""
    view, workload = answered.view, workload_of(answered.finding, answered.view)
    known = view.base.pods
    return (
        _serves(answered) and workload is not None and all(pod.key in known for pod in view.pods_of_workload(workload))
    )


def _mended(answered: Answered) -> bool:
    """The twin saw what the alert tells of, and sees it no more: trouble that it did not see, it cannot see gone."""
    before = answered.view.base.potential()
    sound = _works if answered.finding.spec.resource.kind == "Node" else _serves
    return sound(answered) and not sound(replace(answered, view=before))


def _reached(answered: Answered) -> bool:
    """The Service leads to pods that serve, and each of its ports that names one leads to a pod that has it."""
    view, service = answered.view, key_of(answered.finding.spec.resource)
    if service not in view.services:
        return False
    pods = view.ready_pods(service)
    named = (port for port in view.services[service].ports if port.named)
    return bool(pods) and all(any(port.reaches(pod.ports) for pod in pods) for port in named)


def _works(answered: Answered) -> bool:
    """The node is ready."""
    node = answered.view.nodes.get(answered.finding.spec.resource.name)
    return node is not None and node.ready


def _spared(answered: Answered) -> bool:
    """The goal is met now, after the loss of that element, and of any other that was examined."""
    qualifier, losses = answered.finding.spec.qualifier, answered.outlook.losses
    inspection, _, rest = qualifier.partition("/")
    goal = rest.partition("/")[0]
    meant = any(distinct(f"{inspection}/{goal}/{loss}") == qualifier for loss in losses)
    states = [answered.outlook.results.get((goal, loss)) for loss in (NOTHING, *losses)]
    return meant and all(one and one.state == "Fulfilled" for one in states)


def _carries(answered: Answered) -> bool:
    """The network loses no demand and overloads no link, as it is and after each loss that the inspection examines."""
    asked = asked_by(answered.policy, answered.finding)
    return asked is not None and _holds(answered.view.topology, asked)


def _withstood(answered: Answered) -> bool:
    """The network does so inside the window; or the window has begun, and is ahead no more.

    What is worse by then than before speaks against a candidate by itself.
    """
    before, after = answered.view.base.topology, answered.view.topology
    asked = asked_by(answered.policy, answered.finding)
    window = window_of(before, asked, answered.finding) if asked else None
    if asked is None or window is None:
        return False
    begun = is_out(after, window) and not is_out(before, window)
    return begun or _holds(after, asked, window.name)


def _holds(topology: Topology, asked: ContingencyInspection, window: str = "") -> bool:
    found = swept(topology, asked.network, asked.scopes, asked.maximum_utilisation, window)
    if isinstance(found, str) or found.verdict == "Unknown":
        return False
    case = Case("", asked, found, window)
    return not (case.failed or case.fails_today or case.missing)


def _below_threshold(answered: Answered) -> bool:
    """The value as it is predicted no longer passes the inspection's threshold."""
    inspection = _metric_inspection(answered)
    if inspection is None:
        return False
    try:
        value = _measured(inspection, answered) * _scale(inspection, answered)
    except (UnmeasuredError, ZeroDivisionError):
        return False
    return not compare(value, inspection.operator, inspection.threshold)


def _metric_inspection(answered: Answered) -> MetricInspection | None:
    name = answered.finding.spec.qualifier.partition("/")[0]
    return next((item.metric for item in answered.policy.spec.inspections if item.name == name), None)


def _measured(inspection: MetricInspection, answered: Answered) -> Decimal:
    """The value that belongs to the finding's resource. Raises UnmeasuredError where there is not exactly one."""
    label, name = inspection.target.name_label, answered.finding.spec.resource.name
    samples = answer(inspection.query, answered.measurements).samples
    own = [sample.value for sample in samples if label is None or sample.labels.get(label) == name]
    if len(own) != 1:
        raise UnmeasuredError(f"the query returns {len(own)} series for {name} where one is needed")
    return finite(own[0])


def _scale(inspection: MetricInspection, answered: Answered) -> Decimal:
    """What the value changes by: ready pods before over ready pods after, of the Deployment that shares it.

    Raises UnmeasuredError or ZeroDivisionError where no ready pod is there to share it.
    """
    sharers = _sharers(inspection, answered)
    if sharers is None:
        return Decimal(1)
    before = len(answered.view.base.ready_pods_of_workload(sharers))
    if not before:
        raise UnmeasuredError(f"no ready pod of {sharers} was there when the value was measured")
    return Decimal(before) / len(answered.view.ready_pods_of_workload(sharers))


def _sharers(inspection: MetricInspection, answered: Answered) -> Key | None:
    """The Deployment whose pods share the value: a goal with the same query says so, else it is the target itself.

    None: nothing is known to share it, and the twin predicts no change.
    """
    namespace = answered.policy.metadata.namespace or ""
    for goal in answered.policy.spec.goals:
        if goal.metric is not None and goal.metric.query == inspection.query:
            shared_by = goal.metric.shared_by
            return Key("Deployment", namespace, shared_by) if shared_by else None
    return workload_of(answered.finding, answered.view) if inspection.target.kind == "Deployment" else None


_RULES: Final[Mapping[FindingType, Callable[[Answered], bool]]] = {
    "Alert": _mended,
    "Contingency": _carries,
    "ImagePull": _images_pull,
    "Maintenance": _withstood,
    "NoReadyEndpoints": _reached,
    "NodeNotReady": _works,
    "MetricThreshold": _below_threshold,
    "QuotaExceeded": _granted,
    "SinglePointOfFailure": _spared,
}
