"""Kubernetes objects of a twin, by kind: how many there are, and which are not in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from forestall.api.base import Key
from forestall.cli.screen import Screen
from forestall.cli.twins.figures import shortened
from forestall.cli.twins.listing import TIED
from forestall.cli.twins.reading import Read
from forestall.ports import Json
from forestall.twin.model import CLAIM
from forestall.twin.view import View


@dataclass(frozen=True, slots=True)
class Tally:
    """The objects of one kind."""

    kind: str
    count: int | None
    """None where they may not be listed."""
    ailment: str = ""
    """What it is not to be in order; empty where that is not asked."""
    ailing: Sequence[Key] = ()
    """Those that are not."""


def tallies(read: Read) -> Sequence[Tally]:
    """All kinds, in the order of layers; none where no objects were asked for."""
    if read.snapshot is None:
        return ()
    hidden = read.unread | (TIED if read.unread & TIED else frozenset())
    return [Tally(one.kind, None) if one.kind in hidden else one for one in _tallies(read.snapshot)]


def _tallies(view: View) -> Iterator[Tally]:
    nodes = [node.key for node in view.nodes.values() if not node.ready]
    yield Tally("Node", len(view.nodes), "not ready", nodes)
    workloads = [key for key, one in view.workloads.items() if len(view.ready_pods_of_workload(key)) < one.replicas]
    yield Tally("Deployment", len(view.workloads), "fewer ready pods than replicas", workloads)
    pods = [key for key, pod in view.pods.items() if not pod.terminating and not view.is_ready(pod)]
    yield Tally("Pod", len(view.pods), "not ready", pods)
    services = [key for key in view.services if view.pods_of_service(key) and not view.ready_pods(key)]
    yield Tally("Service", len(view.services), "pods, but none ready", services)
    jobs = [key for key, job in view.jobs.items() if job.failed]
    yield Tally("Job", len(view.jobs), "failed", jobs)
    claims = [key for key, claim in view.claims.items() if not claim.volume]
    yield Tally(CLAIM, len(view.claims), "without a volume", claims)
    yield Tally("PodDisruptionBudget", len(view.budgets))
    scalers = [key for key, scaler in view.autoscalers.items() if not scaler.acts]
    yield Tally("HorizontalPodAutoscaler", len(view.autoscalers), "cannot tell how many pods are needed", scalers)


def render(screen: Screen, found: Sequence[Tally]) -> None:
    """Write the kinds as a table."""
    screen.heading("Kubernetes objects")
    screen.table(("KIND", "COUNT", "NOT IN ORDER", "WHICH"), [_row(one) for one in found])


def _row(one: Tally) -> Sequence[str]:
    count = "not known" if one.count is None else str(one.count)
    told = f"{len(one.ailing)} {one.ailment}" if one.ailing else "-"
    return one.kind, count, told, shortened(place(key) for key in one.ailing)


def place(key: Key) -> str:
    """Where an object stands, without its kind."""
    return f"{key.namespace}/{key.name}" if key.namespace else key.name


def to_json(found: Sequence[Tally]) -> list[Json]:
    """The same facts as JSON objects."""
    return [
        {"kind": one.kind, "count": one.count, "ailment": one.ailment, "notInOrder": [place(key) for key in one.ailing]}
        for one in found
    ]
