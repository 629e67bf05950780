"""Check of Services: whether they lead to pods that serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from forestall.inspection.checks.symptom import Scene, Symptom
from forestall.twin.model import Pod, Port, Service, ServicePort

SETTLING: Final = timedelta(seconds=10)
"""How long a Service may stand without what it leads to: objects are applied one after the other."""
STARTING: Final = timedelta(seconds=60)
"""How long its pods may take to be made and to start."""


def services_without_endpoints(scene: Scene) -> Iterator[Symptom]:
    """Services that select nothing, whose ports no container has, or whose pods are all not ready."""
    for key, service in scene.view.services.items():
        if key.namespace == scene.namespace and service.selector:
            yield from _judged(scene, service)


def _judged(scene: Scene, service: Service) -> Iterator[Symptom]:
    pods = scene.view.pods_of_service(service.key)
    if not pods:
        yield from _without_pods(scene, service)
    elif ports := _astray(service, pods):
        yield _with_ports_astray(scene, service, ports, pods)
    elif not service.unready_too and not scene.view.ready_pods(service.key) and not _starting(scene, pods):
        fact = f"none of the pods that it selects serves: {len(pods)}"
        yield _of_pods(scene, service, "has no pod that is ready", fact)


def _without_pods(scene: Scene, service: Service) -> Iterator[Symptom]:
    workloads = [scene.view.workloads[key] for key in scene.view.workloads_of_service(service.key)]
    if any(workload.replicas for workload in workloads):
        yield _of_pods(scene, service, "has no pods", "the pods that it would select are not there")
    elif not workloads:
        selector = ",".join(f"{name}={value}" for name, value in service.selector.items())
        yield Symptom(
            "NoReadyEndpoints",
            service.key,
            f"the selector of Service {service.key.name} matches no pod",
            (f"selector {selector} matches no pod, and no template of a Deployment",),
            targets=(service.key,),
            services=(service.key,),
            patience=SETTLING,
        )


def _with_ports_astray(scene: Scene, service: Service, ports: Sequence[ServicePort], pods: Sequence[Pod]) -> Symptom:
    declared = sorted({port for pod in pods for port in pod.ports})
    workloads = scene.view.workloads_of_service(service.key)
    return Symptom(
        "NoReadyEndpoints",
        service.key,
        f"Service {service.key.name} leads to a port that no container has",
        tuple(f"port {port.number} leads to {port.target}/{port.protocol}; {_told(declared)}" for port in ports),
        targets=(service.key, *workloads),
        workloads=workloads,
        services=(service.key,),
        patience=SETTLING,
    )


def _of_pods(scene: Scene, service: Service, complaint: str, fact: str) -> Symptom:
    known = scene.view.workloads_of_service(service.key)
    workloads = tuple(dict.fromkeys((*known, *scene.keepers(scene.view.pods_of_service(service.key)))))
    return Symptom(
        "NoReadyEndpoints",
        service.key,
        f"Service {service.key.name} {complaint}",
        (fact,),
        targets=known or (service.key,),
        workloads=workloads,
        services=(service.key,),
        follows_from=workloads,
        patience=STARTING,
    )


def _astray(service: Service, pods: Sequence[Pod]) -> Sequence[ServicePort]:
    """Ports that lead to no pod. A number may be right though nobody declares it, as long as another port leads on."""
    lost = [port for port in service.ports if not any(port.reaches(pod.ports) for pod in pods)]
    named = [port for port in lost if port.named]
    return lost if len(lost) == len(service.ports) else named


def _starting(scene: Scene, pods: Sequence[Pod]) -> bool:
    return any(one.due is not None and one.due > scene.now for pod in pods for one in pod.containers)


def _told(declared: Sequence[Port]) -> str:
    ports = ", ".join(f"{port.name or '-'}={port.number}/{port.protocol}" for port in declared)
    return f"containers declare {ports}" if ports else "containers declare no port"
