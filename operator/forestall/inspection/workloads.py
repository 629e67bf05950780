"""Inspection of workloads: the state that their pods are in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from forestall.api.base import Key
from forestall.api.finding import Evidence
from forestall.api.inspectionpolicy import Inspection, InspectionCount, WorkloadInspection
from forestall.inspection.report import MAX_EVIDENCE, Found, Observation, cut, names, references
from forestall.inspection.survey import Survey, impact
from forestall.twin.model import Pod

IMAGE_PULL = frozenset(("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"))
"""The kubelet's words for an image that cannot be had."""


def inspect_workloads(inspection: Inspection, checks: WorkloadInspection, survey: Survey) -> Found:
    """Find the Deployments of the namespace whose pods cannot pull their image."""
    defects = [key for key in survey.snapshot.defects if key.namespace == survey.namespace and key.kind in _READ]
    scanned = [key for key in survey.snapshot.workloads if key.namespace == survey.namespace]
    observations = tuple(_image_pull(inspection, survey, scanned)) if "ImagePull" in checks.checks else ()
    count = InspectionCount(
        name=inspection.name,
        scanned=len(scanned) + len(defects),
        failed=len(observations),
        errors=len(defects),
        message=cut(_unread(survey, defects)),
    )
    return Found(count, observations, undecided=frozenset((inspection.name,) if defects else ()))


_READ = frozenset(("Deployment", "ReplicaSet", "Pod"))


def _unread(survey: Survey, defects: Sequence[Key]) -> str:
    return "; ".join(f"{key} cannot be read: {survey.snapshot.defects[key]}" for key in sorted(defects)[:4])


def _image_pull(inspection: Inspection, survey: Survey, workloads: Sequence[Key]) -> Iterator[Observation]:
    for workload in workloads:
        pods = survey.snapshot.pods_of_workload(workload)
        stuck = [pod for pod in pods if pod.waiting in IMAGE_PULL]
        if stuck:
            yield _observation(inspection, survey, workload, stuck, len(pods))


def _observation(
    inspection: Inspection, survey: Survey, workload: Key, stuck: Sequence[Pod], total: int
) -> Observation:
    services = survey.snapshot.services_of_workload(workload)
    found = impact(survey, (workload, *services))
    return Observation(
        spec=survey.identity("ImagePull", workload, inspection.name),
        finding_class="Problem",
        severity=found.severity,
        observed=found.observed,
        predicted=found.predicted,
        trigger=None,
        message=cut(f"{len(stuck)} of {total} pods of Deployment {workload.name} cannot pull their image"),
        affected_goals=found.affected_goals,
        affected_services=names(services),
        targets=references((workload,)),
        evidence=tuple(_evidence(inspection, stuck, total)),
    )


def _evidence(inspection: Inspection, stuck: Sequence[Pod], total: int) -> Iterator[Evidence]:
    """One fact for each image. The kubelet's own message alternates with its tries, and so is no part of it."""
    images = Counter(pod.waiting_image for pod in stuck)
    for image in sorted(images)[:MAX_EVIDENCE]:
        message = cut(f"image {image} cannot be pulled: {images[image]} of {total} pods")
        yield Evidence(source=f"{inspection.name}/kubernetes", message=message)
