"""What a check looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from forestall.api.base import Key
from forestall.api.inspectionpolicy import Check
from forestall.twin.model import Pod, Workload
from forestall.twin.view import View


@dataclass(frozen=True)
class Scene:
    """A view of the twin at one moment, of which one namespace is looked at, and the nodes."""

    view: View
    namespace: str
    now: datetime

    def deployments(self) -> Iterator[Workload]:
        """The namespace's Deployments."""
        return (found for key, found in self.view.workloads.items() if key.namespace == self.namespace)

    @cached_property
    def pods(self) -> Mapping[Key, Sequence[Pod]]:
        """The pods of each of the namespace's workloads, of all kinds, that has some."""
        found = {key: pods for key, pods in self.view.index.by_workload.items() if key.namespace == self.namespace}
        return {key: found[key] for key in sorted(found) if self.view.has_workload(key)}

    def carried(self, node: str) -> tuple[tuple[Key, ...], tuple[Key, ...]]:
        """The namespace's workloads and Services with pods on a node."""
        pods = [pod for pod in self.view.index.by_node.get(node, ()) if pod.key.namespace == self.namespace]
        services = {key for pod in pods for key in self.view.index.services_of(self.namespace, pod.labels)}
        return self.keepers(pods), tuple(sorted(services))

    def keepers(self, pods: Sequence[Pod]) -> tuple[Key, ...]:
        """The workloads of all kinds that keep these pods, first those that runbooks act on."""
        found = {pod.workload for pod in pods if pod.workload is not None and self.view.has_workload(pod.workload)}
        return tuple(sorted(found, key=lambda key: (key not in self.view.workloads, key)))

    def moments(self) -> Iterator[datetime]:
        """Times to come at which the mere passing of time may change what the checks find."""
        for pods in self.pods.values():
            times = (time for pod in pods for one in pod.containers for time in (one.due, one.calm_at))
            yield from (time for time in times if time is not None and time > self.now)


@dataclass(frozen=True)
class Symptom:
    """A condition that shows on one object, in the words of those who run it."""

    check: Check
    resource: Key
    message: str
    facts: tuple[str, ...]
    """What it rests on. They stay the same for as long as the world does."""
    targets: tuple[Key, ...]
    """What a runbook would act on, first what is most likely to mend it."""
    workloads: tuple[Key, ...] = ()
    """Workloads that suffer from it."""
    services: tuple[Key, ...] = ()
    """Services that suffer from it."""
    follows_from: tuple[Key, ...] = ()
    """Workloads whose own symptoms would explain this one."""
    patience: timedelta = timedelta(0)
    """How long it must show before it is taken for more than a passing state."""


def of_workload(check: Check, key: Key, view: View, message: str, facts: Sequence[str]) -> Symptom:
    """A symptom of a workload that a runbook for the workload would mend."""
    services = view.services_of_workload(key)
    return Symptom(check, key, message, tuple(facts), (key,), (key,), services, follows_from=(key,))
