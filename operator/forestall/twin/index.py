"""Pods and Services, and which of them belong together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from forestall.api.base import Key
from forestall.twin.model import CLAIM, Pod, Service

Label = tuple[str, str]
Group = tuple[str, frozenset[Label]]
"""Namespace and labels: all pods of one group are selected by the same Services."""


class Index:
    """Pods and Services of one view; it never changes. Pods that terminate carry nothing and are left out.

    Answers are in the order of `pods`. Pods are grouped by their labels first, since replicas share them, and a
    Service is looked up by the one label of its selector that the fewest Services have: so the time grows with the
    number of groups, not with pods times Services.
    """

    def __init__(self, pods: Mapping[Key, Pod], services: Mapping[Key, Service]) -> None:
        self.pods, self.services = pods, services
        self._members: dict[Key, tuple[Pod, ...]] = {}
        self._ready: dict[Key, Mapping[str, int]] = {}

    @cached_property
    def by_workload(self) -> Mapping[Key, Sequence[Pod]]:
        """Pods of each workload."""
        found: defaultdict[Key, list[Pod]] = defaultdict(list)
        for pod in self._standing:
            if pod.workload is not None:
                found[pod.workload].append(pod)
        return found

    @cached_property
    def by_node(self) -> Mapping[str, Sequence[Pod]]:
        """Pods of each node by its name, those that wait for one under the empty name."""
        found: defaultdict[str, list[Pod]] = defaultdict(list)
        for pod in self._standing:
            found[pod.node].append(pod)
        return found

    @cached_property
    def by_claim(self) -> Mapping[Key, Sequence[Pod]]:
        """Pods that mount each claim."""
        found: defaultdict[Key, list[Pod]] = defaultdict(list)
        for pod in self._standing:
            for name in pod.claims:
                found[Key(CLAIM, pod.key.namespace, name)].append(pod)
        return found

    def pods_of(self, service: Key) -> tuple[Pod, ...]:
        """Pods that the Service selects; none where there is no such Service."""
        if service not in self._members:
            pods = [pod for group in self._groups_of.get(service, ()) for pod in self._groups[group]]
            order = self._order
            self._members[service] = tuple(sorted(pods, key=lambda pod: order[pod.key]))
        return self._members[service]

    def reached_by(self, service: Key) -> tuple[Pod, ...]:
        """Pods that the Service selects and that its ports lead to."""
        return tuple(pod for pod in self.pods_of(service) if self.services[service].reaches(pod))

    def ready_by_node(self, element: Key) -> Mapping[str, int]:
        """How many pods that carry a Service or workload say that they are ready, by the name of their node."""
        if element not in self._ready:
            pods = self.reached_by(element) if element.kind == "Service" else self.by_workload.get(element, ())
            self._ready[element] = Counter(pod.node for pod in pods if pod.ready)
        return self._ready[element]

    def services_of(self, namespace: str, labels: Mapping[str, str]) -> tuple[Key, ...]:
        """Services that select pods with those labels, ordered."""
        return self._selecting((namespace, frozenset(labels.items())))

    @cached_property
    def _standing(self) -> Sequence[Pod]:
        return [pod for pod in self.pods.values() if not pod.terminating]

    @cached_property
    def _order(self) -> Mapping[Key, int]:
        return {key: place for place, key in enumerate(self.pods)}

    @cached_property
    def _groups(self) -> Mapping[Group, Sequence[Pod]]:
        found: defaultdict[Group, list[Pod]] = defaultdict(list)
        for pod in self._standing:
            found[pod.key.namespace, frozenset(pod.labels.items())].append(pod)
        return found

    @cached_property
    def _groups_of(self) -> Mapping[Key, Sequence[Group]]:
        found: defaultdict[Key, list[Group]] = defaultdict(list)
        for group in self._groups:
            for service in self._selecting(group):
                found[service].append(group)
        return found

    @cached_property
    def _by_label(self) -> Mapping[tuple[str, Label], Sequence[Service]]:
        """Services by namespace and the rarest label of their selector."""
        frequency = Counter(label for service in self._selective() for label in service.selector.items())
        found: defaultdict[tuple[str, Label], list[Service]] = defaultdict(list)
        for service in self._selective():
            rarest = min(service.selector.items(), key=lambda label: (frequency[label], label))
            found[service.key.namespace, rarest].append(service)
        return found

    def _selective(self) -> Iterator[Service]:
        return (service for service in self.services.values() if service.selector)

    def _selecting(self, group: Group) -> tuple[Key, ...]:
        namespace, labels = group
        found = (service for label in labels for service in self._by_label.get((namespace, label), ()))
        return tuple(sorted(service.key for service in found if service.selector.items() <= labels))
