"""Checks of a workload's pods: what the kubelet and the scheduler say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from forestall.api.base import Key
from forestall.api.inspectionpolicy import Check
from forestall.inspection.checks.symptom import Scene, Symptom, of_workload
from forestall.twin.model import OUT_OF_MEMORY, Container, Node, Pod, Workload
from forestall.twin.placement import attracts, eligible, place
from forestall.twin.view import View

IMAGE_PULL: Final = frozenset(("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"))
"""The kubelet's words for an image that cannot be had."""
NO_CONFIG: Final = "CreateContainerConfigError"
CONFIG_KINDS: Final = ("configmap", "secret")
"""What the kubelet's message names when it is one of these that is missing: other errors have the same reason."""
MAX_BARRED: Final = 15
"""Nodes named as targets beside the workload."""

Facts = Callable[[Pod, datetime], Iterator[str]]


@dataclass(frozen=True)
class PodCheck:
    """Finds the workloads of which some pod has a fact against it. Facts of pods are counted, so each is one text."""

    name: Check
    complaint: str
    """What the pods do, in the plural."""
    facts: Facts
    patience: timedelta = timedelta(0)
    others: Callable[[Workload, View], tuple[Key, ...]] = lambda _workload, _view: ()
    """What else than the workload a runbook would act on."""

    def __call__(self, scene: Scene) -> Iterator[Symptom]:
        """One symptom for each workload."""
        for workload, pods in scene.pods.items():
            ailing = (pod for pod in pods if pod.containers or pod.unschedulable)
            found = [facts for pod in ailing if (facts := set(self.facts(pod, scene.now)))]
            if found:
                yield self._symptom(scene, workload, found, len(pods))

    def _symptom(self, scene: Scene, workload: Key, found: Sequence[set[str]], total: int) -> Symptom:
        counts = Counter(fact for facts in found for fact in facts)
        facts = [f"{fact}: {counts[fact]} of {total} pods" for fact in sorted(counts)]
        message = f"{len(found)} of {total} pods of {workload.kind} {workload.name} {self.complaint}"
        symptom = of_workload(self.name, workload, scene.view, message, facts)
        known = scene.view.workloads.get(workload)
        others = self.others(known, scene.view) if known else ()
        return replace(symptom, targets=(workload, *others), patience=self.patience)


def lacks_image(pod: Pod, _now: datetime) -> Iterator[str]:
    """Images that cannot be had. The kubelet's own message alternates with its tries, and so is no part of it."""
    return (f"image {one.image} cannot be pulled" for one in pod.containers if one.waiting in IMAGE_PULL)


def crashes(pod: Pod, now: datetime) -> Iterator[str]:
    """Containers that end again and again, whether they wait at this very moment or have just been started."""
    return (
        f"container {one.name} ends again and again: {one.ended[0] or 'unknown'}, exit code {one.exit_code}"
        for one in pod.containers
        if one.repeated and one.ended and not _calm(one, now)
    )


def runs_out_of_memory(pod: Pod, now: datetime) -> Iterator[str]:
    """Containers that were killed for the memory that they took, and have not proved since that they get by."""
    return (
        f"container {one.name} was killed: {OUT_OF_MEMORY}"
        for one in pod.containers
        if one.starved and not _calm(one, now)
    )


def lacks_config(pod: Pod, _now: datetime) -> Iterator[str]:
    """Containers that cannot be made without what a ConfigMap or Secret should give them."""
    return (
        f"container {one.name}: {one.message}"
        for one in pod.containers
        if one.waiting == NO_CONFIG and any(kind in one.message.lower() for kind in CONFIG_KINDS)
    )


def finds_no_node(pod: Pod, _now: datetime) -> Iterator[str]:
    """What the scheduler says."""
    return iter((pod.unschedulable,) if pod.unschedulable and not pod.node else ())


def fails_probe(pod: Pod, now: datetime) -> Iterator[str]:
    """Containers that run, and that their own probes should have made ready long ago."""
    return (
        f"container {one.name} runs and is not ready; it is asked {one.probe or 'nothing'}"
        for one in pod.containers
        if one.due is not None and one.due <= now
    )


def _calm(container: Container, now: datetime) -> bool:
    return container.calm_at is not None and container.calm_at <= now


def barred(workload: Workload, view: View) -> tuple[Key, ...]:
    """Nodes that would take one of the workload's pods, were they not cordoned or tainted."""
    closed = [node for node in view.nodes.values() if node.ready and attracts(workload, node)]
    closed = [node for node in closed if not eligible(workload, node)]
    opened = (replace(node, schedulable=True, taints=()) for node in closed)
    homes = (node.key for node in opened if place(workload, 1, {node.key.name: node}, _pods_on(node, view)))
    return tuple(islice(homes, MAX_BARRED))


def _pods_on(node: Node, view: View) -> Sequence[Pod]:
    return view.index.by_node.get(node.key.name, ())


POD_CHECKS: Final = (
    PodCheck("ImagePull", "cannot pull their image", lacks_image),
    PodCheck("CrashLoop", "end again and again", crashes),
    PodCheck("OutOfMemory", "run out of memory", runs_out_of_memory),
    PodCheck("ConfigMissing", "lack a part of their configuration", lacks_config),
    PodCheck("Unschedulable", "find no node", finds_no_node, timedelta(seconds=10), barred),
    PodCheck("ProbeFailing", "run and do not become ready", fails_probe),
)
