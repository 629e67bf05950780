"""All checks, and which of them explain which."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from forestall.api.inspectionpolicy import Check
from forestall.inspection.checks.endpoints import services_without_endpoints
from forestall.inspection.checks.platform import broken_nodes, failed_jobs
from forestall.inspection.checks.pods import POD_CHECKS
from forestall.inspection.checks.rollouts import exceeded_quotas, stuck_rollouts
from forestall.inspection.checks.symptom import Scene, Symptom


@dataclass(frozen=True)
class Entry:
    """A check: how it is made, on objects of which kinds, and what has to be read for it."""

    find: Callable[[Scene], Iterator[Symptom]]
    judges: frozenset[str]
    reads: frozenset[str]
    causes: frozenset[Check] = frozenset()
    """Checks that explain its symptoms: what follows from a symptom of theirs is none of its own."""


_PODS: Final = frozenset(("Deployment", "ReplicaSet", "Pod"))
_KEEPERS: Final = frozenset(("Deployment", "StatefulSet", "DaemonSet"))
_DEPLOYMENT: Final = frozenset(("Deployment",))
_OF_PODS: Final[frozenset[Check]] = frozenset(one.name for one in POD_CHECKS)
_OF_WORKLOADS: Final[frozenset[Check]] = _OF_PODS | {"QuotaExceeded", "NodeNotReady"}
_CAUSES: Final[Mapping[Check, frozenset[Check]]] = MappingProxyType(
    {"CrashLoop": frozenset(("OutOfMemory",)), "ProbeFailing": frozenset(("OutOfMemory", "CrashLoop"))}
)

CATALOGUE: Final[Mapping[Check, Entry]] = MappingProxyType(
    {
        **{one.name: Entry(one, _KEEPERS, _PODS, _CAUSES.get(one.name, frozenset())) for one in POD_CHECKS},
        "StuckRollout": Entry(stuck_rollouts, _DEPLOYMENT, _DEPLOYMENT, _OF_WORKLOADS),
        "QuotaExceeded": Entry(exceeded_quotas, _DEPLOYMENT, _DEPLOYMENT),
        "NoReadyEndpoints": Entry(
            services_without_endpoints, frozenset(("Service",)), _PODS | {"Service"}, _OF_WORKLOADS | {"StuckRollout"}
        ),
        "NodeNotReady": Entry(broken_nodes, frozenset(("Node",)), frozenset(("Node",))),
        "FailedJob": Entry(failed_jobs, frozenset(("Job",)), frozenset(("Job",))),
    }
)
"""Every check by its name."""


def symptoms(checks: Collection[Check], scene: Scene) -> Mapping[Check, tuple[Symptom, ...]]:
    """What those checks find, each without what another one of them explains."""
    found = {check: tuple(CATALOGUE[check].find(scene)) for check in checks}
    return {check: tuple(one for one in found[check] if not _explained(one, found)) for check in checks}


def _explained(symptom: Symptom, found: Mapping[Check, tuple[Symptom, ...]]) -> bool:
    causes = (one for check in CATALOGUE[symptom.check].causes for one in found.get(check, ()))
    return any(not set(symptom.follows_from).isdisjoint(one.workloads) for one in causes)
