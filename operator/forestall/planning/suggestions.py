"""Values that the twin can give to a runbook's parameters. Where it has none, or more than one, it gives none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Source
from forestall.planning.nodes import SYSTEM
from forestall.planning.targets import workload_of
from forestall.twin.model import Blueprint, Port, Service, ServicePort, Taint, Workload
from forestall.twin.view import View

_MEBIBYTE: Final = 2**20
_PROTOCOL: Final = "TCP"


T = TypeVar("T")


class NoSuggestionError(Exception):
    """The twin has no value, or more than one. The message says for what."""


@dataclass(frozen=True, slots=True)
class About:
    """What a value is wanted for: a runbook's target, and the finding that it answers."""

    target: Key
    finding: Finding
    view: View

    def workload(self) -> Workload:
        """The Deployment that is acted on, or that the finding is about."""
        key = self.target if self.target in self.view.workloads else workload_of(self.finding, self.view)
        if key is None:
            raise NoSuggestionError(f"finding {self.finding.metadata.name} is about no Deployment")
        return self.view.workloads[key]

    def service(self) -> Service:
        """The Service that is acted on."""
        if self.target not in self.view.services:
            raise NoSuggestionError(f"{self.target} is no Service")
        return self.view.services[self.target]


def suggest(source: Source, about: About) -> str:
    """The value. Raises NoSuggestionError."""
    return _SOURCES[source](about)


def _one_more(about: About) -> str:
    return str(about.workload().replicas + 1)


def _node(about: About) -> str:
    if about.target.kind != "Node":
        raise NoSuggestionError(f"{about.target} is no node")
    return about.target.name


def _taint(about: About) -> Taint:
    """The only taint that keeps the finding's pods off the node."""
    node, workload = about.view.nodes[_node(about)], about.workload()
    barring = [taint for taint in node.taints if taint.bars and not taint.key.startswith(SYSTEM)]
    found = [taint for taint in barring if not any(one.covers(taint) for one in workload.tolerations)]
    return _only(found, f"taint of {about.target} that bars the pods of {workload.key}")


def _ailing(about: About) -> Blueprint:
    """The only container of the target that is in trouble."""
    workload = about.workload()
    pods = [pod for pod in about.view.pods_of_workload(workload.key) if pod.current]
    names = {one.name for pod in pods for one in pod.containers if one.ails}
    return _only([one for one in workload.containers if one.name in names], f"container of {workload.key} in trouble")


def _double_memory(about: About) -> str:
    container = _ailing(about)
    if not container.limits.memory:
        raise NoSuggestionError(f"container {container.name} has no limit of memory")
    return str(-(-2 * container.limits.memory // _MEBIBYTE))


def _declared_port(about: About) -> str:
    if about.target.kind == "Service":
        stray = _stray(about)
        declared = {port for pod in about.view.pods_of_service(about.target) for port in pod.ports}
        ports = {port.number for port in declared if port.protocol == stray.protocol}
        return str(_only(sorted(ports), f"port that the pods behind {about.target} declare"))
    container = _ailing(about)
    ports = {port.number for port in container.ports if port.protocol == _PROTOCOL}
    return str(_only(sorted(ports), f"port that container {container.name} declares"))


def _stray(about: About) -> ServicePort:
    """The only port of the Service that leads to none of its pods."""
    service, pods = about.service(), about.view.pods_of_service(about.target)
    ports: Sequence[Collection[Port]] = [pod.ports for pod in pods]
    astray = [port for port in service.ports if pods and not any(port.reaches(declared) for declared in ports)]
    return _only(astray, f"port of {about.target} that leads to no pod")


def _label(about: About) -> tuple[str, str]:
    """The label of the selector that is wrong, and the value that it should have; empty: it should not be there."""
    service = about.service()
    if about.view.pods_of_service(service.key):
        raise NoSuggestionError(f"the selector of {service.key} matches pods")
    meant = [one for one in about.view.workloads.values() if len(_differences(service, one)) == 1]
    free = [one for one in meant if not about.view.services_of_workload(one.key) and _listens(service, one)]
    namesakes = [one for one in free if one.key.name == service.key.name]
    workload = _only(namesakes or free, f"Deployment that {service.key} can be meant for")
    return _differences(service, workload)[0]


def _differences(service: Service, workload: Workload) -> Sequence[tuple[str, str]]:
    """Labels that the Service selects by and the template has otherwise; of another namespace, none is comparable."""
    if service.key.namespace != workload.key.namespace:
        return ()
    labels = workload.labels
    return [(name, labels.get(name, "")) for name, value in service.selector.items() if labels.get(name) != value]


def _listens(service: Service, workload: Workload) -> bool:
    """Whether each port of the Service leads to one that the template declares."""
    declared = [port for container in workload.containers for port in container.ports]
    return all(port.reaches(declared) for port in service.ports)


def _only(found: Sequence[T], what: str) -> T:
    if len(found) != 1:
        raise NoSuggestionError(f"there is no {what}" if not found else f"there is more than one {what}")
    return found[0]


_SOURCES: Final[Mapping[Source, Callable[[About], str]]] = {
    "CurrentReplicasPlusOne": _one_more,
    "Node": _node,
    "BarringTaintKey": lambda about: _taint(about).key,
    "BarringTaintEffect": lambda about: _taint(about).effect,
    "AilingContainer": lambda about: _ailing(about).name,
    "DoubleMemory": _double_memory,
    "DeclaredPort": _declared_port,
    "StrayPort": lambda about: str(_stray(about).number),
    "SuggestedLabel": lambda about: _label(about)[0],
    "SuggestedLabelValue": lambda about: _label(about)[1],
}
