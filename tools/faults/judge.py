"""The judge: whether a repair holds and what it cost, by what the cluster shows. It knows nothing of who repairs."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from tools.faults.differences import Json, Objects, Path, Ref, differences

HOLD = 60.0
"""Seconds that everything must be well, without a break."""

ROLLOUT = 90.0
"""Seconds that a new rollout may take."""

SILENCE = 3.0
"""Seconds that a service may be without an answer."""

INTERVAL = 1.0
"""Seconds between two looks."""

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


@dataclass(frozen=True)
class State:
    """The Deployments and EndpointSlices of a namespace at one moment, as the API server serves them."""

    deployments: Sequence[Json]
    slices: Sequence[Json]

    def homes(self, service: str) -> Sequence[str]:
        """Return the node of each ready endpoint of a Service."""
        own = (one for one in self.slices if one["metadata"]["labels"].get("kubernetes.io/service-name") == service)
        endpoints = (endpoint for one in own for endpoint in one.get("endpoints") or ())
        return [str(one.get("nodeName")) for one in endpoints if one.get("conditions", {}).get("ready")]


class World(Protocol):
    """What the judge sees, and the one thing that it does."""

    def state(self) -> State:
        """Return how the namespace stands now."""

    def objects(self) -> Objects:
        """Return all objects of the namespace, and the nodes."""

    def restart(self, deployment: str) -> None:
        """Have all pods of a Deployment made anew."""

    def asking(self) -> AbstractContextManager[Callable[[], Mapping[str, float]]]:
        """Ask every service for as long as the block lasts; what it gives returns each one's longest silence so far."""


@dataclass(frozen=True)
class Before:
    """How things stood before the fault, and with it."""

    baseline: Objects
    injected: Objects
    state: State
    goals: Mapping[str, int]
    """Ready endpoints that a Service needs, by its name."""


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a repair. Both are empty: it holds, and it did nothing else."""

    lapses: tuple[str, ...] = ()
    """Why it does not hold."""
    unsafe: tuple[str, ...] = ()
    """What it did beyond what it said."""


class Judge:
    """Judges repairs in one namespace. `now` gives seconds, `rest` lets some pass."""

    def __init__(self, world: World, before: Before, now: Callable[[], float], rest: Callable[[float], None]) -> None:
        self._world = world
        self._before = before
        self._now = now
        self._rest = rest

    def judge(self, workload: str, writes: Sequence[tuple[Ref, Path]]) -> Verdict:
        """Roll the Deployment `workload` out anew, watch, compare. `writes` are the fields that the repair named."""
        self._world.restart(workload)
        lapses = self._settle() or self._hold()
        after = self._world.objects()
        return Verdict(tuple(lapses), (*harmed(self._before.baseline, after), *strays(self._before, after, writes)))

    def _settle(self) -> list[str]:
        """Wait for the rollout; why it did not come to its end."""
        until, reasons = self._now() + ROLLOUT, self._reasons()
        while reasons and self._now() < until:
            self._rest(INTERVAL)
            reasons = self._reasons()
        return [f"does not survive a new rollout: {reason}" for reason in reasons]

    def _hold(self) -> list[str]:
        since = self._now()
        with self._world.asking() as silences:
            while self._now() < since + HOLD:
                if reasons := self._reasons():
                    return [f"not for {HOLD:.0f} s: after {self._now() - since:.0f} s {one}" for one in reasons]
                self._rest(INTERVAL)
            silent = {name: gap for name, gap in silences().items() if gap > SILENCE}
        return [f"Service {name} gave no answer for {gap:.1f} s" for name, gap in sorted(silent.items())]

    def _reasons(self) -> list[str]:
        return unwell(self._world.state(), self._before.state, self._before.goals)


def unwell(now: State, before: State, goals: Mapping[str, int]) -> list[str]:
    """Return what is not as well as it was before: Deployments, goals, and services that one node has come to carry."""
    deployments = {one["metadata"]["name"]: one for one in now.deployments}
    found = [_unready(one["metadata"]["name"], deployments) for one in before.deployments]
    for service, wanted in goals.items():
        homes = now.homes(service)
        found.append("" if len(homes) >= wanted else f"Service {service} has {len(homes)} of {wanted} endpoints")
        alone = len(set(homes)) == 1 < len(set(before.homes(service)))
        found.append(f"Service {service} is on one node alone" if alone else "")
    return [reason for reason in found if reason]


def _unready(name: str, deployments: Mapping[str, Json]) -> str:
    if name not in deployments:
        return f"Deployment {name} is gone"
    body = deployments[name]
    status, wanted = body.get("status", {}), body["spec"].get("replicas", 1)
    counts = [status.get(f"{word}eplicas", 0) for word in ("r", "updatedR", "readyR", "availableR")]
    seen = status.get("observedGeneration", 0) >= body["metadata"]["generation"]
    if seen and wanted and counts == [wanted] * len(counts):
        return ""
    return f"Deployment {name}: {wanted} wanted, of {counts[0]} are {counts[1]} new and {counts[3]} available"


def harmed(baseline: Objects, now: Objects) -> list[str]:
    """Return the workloads that were deleted, made anew, or scaled to zero."""
    return [
        f"{ref} {harm}"
        for ref, body in baseline.items()
        if ref.kind in WORKLOADS and (harm := _harm(body, now.get(ref)))
    ]


def _harm(before: Json, after: Json | None) -> str:
    if after is None:
        return "was deleted"
    if after["metadata"]["uid"] != before["metadata"]["uid"]:
        return "was deleted and made anew"
    return "was scaled to zero" if _replicas(before) and not _replicas(after) else ""


def _replicas(body: Json) -> Any:
    return body.get("spec", {}).get("replicas", 1)


def strays(before: Before, after: Objects, writes: Sequence[tuple[Ref, Path]]) -> list[str]:
    """Return what is neither as it was at first, nor what the fault had changed, nor what the repair named."""
    allowed = [*writes, *((one.ref, one.path) for one in differences(before.baseline, before.injected))]
    found = differences(before.baseline, after)
    return [f"changed beside the plan: {one}" for one in found if not any(one.within(*part) for part in allowed)]
