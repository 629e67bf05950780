"""A small market as the API server has it, for the judge to look at."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from tools.faults.differences import Json, Objects, Ref, ref_of
from tools.faults.judge import Before, Judge, State

SPACE = "market"
FRONT = Ref("Deployment", SPACE, "front")
SERVICE = Ref("Service", SPACE, "front")
SETTINGS = Ref("ConfigMap", SPACE, "settings")
NODE = Ref("Node", "", "node2")
GOALS = {"front": 1}


def deployment(name: str = "front", *, replicas: int = 2, uid: str = "1", image: str = "market:1") -> dict[str, Any]:
    """A Deployment of which every replica is new and available."""
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), replicas)
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": SPACE, "uid": uid, "generation": 3, "resourceVersion": "7"},
        "spec": {
            "replicas": replicas,
            "template": {"spec": {"containers": [{"name": "app", "image": image}, {"name": "log", "image": "log:1"}]}},
        },
        "status": {"observedGeneration": 3, **counts},
    }


def endpoints(*homes: str, service: str = "front") -> dict[str, Any]:
    """An EndpointSlice with a ready endpoint on each of those nodes."""
    return {
        "metadata": {"name": f"{service}-1", "labels": {"kubernetes.io/service-name": service}},
        "endpoints": [{"nodeName": home, "conditions": {"ready": True}} for home in homes],
    }


def objects(*bodies: Json) -> Objects:
    """Captured objects; without any, the market as it is when all is well."""
    usual = (
        deployment(),
        {
            "kind": "Service",
            "metadata": {"name": "front", "namespace": SPACE},
            "spec": {"selector": {"app": "front"}, "ports": [{"port": 80, "targetPort": 8080}]},
        },
        {"kind": "ConfigMap", "metadata": {"name": "settings", "namespace": SPACE}, "data": {"greeting": "hello"}},
        {"kind": "Node", "metadata": {"name": "node2"}, "spec": {"podCIDR": "10.244.2.0/24"}},
    )
    return {ref_of(body): body for body in bodies or usual}


def changed(found: Objects, ref: Ref, *path: str, to: object) -> Objects:
    """The same objects with another value in one place."""
    copy: dict[Ref, Any] = dict(deepcopy(dict(found)))
    place = copy[ref]
    for name in path[:-1]:
        place = place.setdefault(name, {})
    place[path[-1]] = to
    return copy


class FakeWorld:
    """A world that the judge looks at: its states come one after the other, the last one for ever."""

    def __init__(self, after: Objects, *states: State, silences: Mapping[str, float] | None = None) -> None:
        self._after = after
        self._states = list(states)
        self._silences = silences or {}
        self.restarted: list[str] = []
        self.time = 0.0

    def state(self) -> State:
        return self._states.pop(0) if len(self._states) > 1 else self._states[0]

    def objects(self) -> Objects:
        return self._after

    def restart(self, deployment: str) -> None:
        self.restarted.append(deployment)

    @contextmanager
    def asking(self) -> Iterator[Callable[[], Mapping[str, float]]]:
        yield lambda: self._silences

    def pass_time(self, seconds: float) -> None:
        self.time += seconds


WELL = State([deployment()], [endpoints("node1", "node2")])


def judge(world: FakeWorld, *, injected: Objects | None = None) -> Judge:
    """A judge of that world, who saw it well before; the fault changed the image unless told."""
    fault = injected or changed(objects(), FRONT, "spec", "template", "spec", "containers", to=containers("market:2"))
    return Judge(world, Before(objects(), fault, WELL, GOALS), lambda: world.time, world.pass_time)


def containers(image: str) -> list[dict[str, Any]]:
    """The containers of `front`, one with that image."""
    found: list[dict[str, Any]] = deployment(image=image)["spec"]["template"]["spec"]["containers"]
    return found
