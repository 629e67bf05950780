"""Kubernetes objects of a twin in the cluster: the kinds that its operator follows, listed as whoever asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from forestall.adapters.resources import (
    AUTOSCALERS,
    CLAIMS,
    CLUSTER_SCOPED,
    DEPLOYMENTS,
    DISRUPTION_BUDGETS,
    JOBS,
    REPLICASETS,
    SERVICES,
    TWIN_KINDS,
    VOLUMES,
)
from forestall.api.networktwin import KubernetesSource
from forestall.cli.failures import Exit, Failure
from forestall.ports import Kube, KubeError, Resource
from forestall.twin.live import Live

FORBIDDEN: Final = 403
WITHOUT: Final[Mapping[Resource, str]] = MappingProxyType(
    {
        SERVICES: "which Services serve, and which a loss would take, is not known",
        DEPLOYMENTS: "no workload is known, nor where its pods would go",
        REPLICASETS: "which pods belong to which workload is not known, so workloads are left out, too",
        JOBS: "they are not counted",
        DISRUPTION_BUDGETS: "they are not counted",
        CLAIMS: "pods count as ready though a loss takes their volumes",
        VOLUMES: "pods count as ready though a loss takes their volumes",
        AUTOSCALERS: "it is not said where one would take a number of replicas back",
    }
)
"""What follows where a kind may not be listed. Without nodes and pods there is no answer at all."""
DECISIVE: Final = frozenset(kind.kind for kind in (SERVICES, CLAIMS, VOLUMES))
"""Kinds without which it is not known that no Service is lost."""
TIED: Final = frozenset(kind.kind for kind in (DEPLOYMENTS, REPLICASETS))
"""Kinds that it takes both of to know workloads."""


async def take_in(kube: Kube, source: KubernetesSource, live: Live) -> frozenset[str]:
    """Apply all objects of the source to `live`, one kind in memory at a time. The kinds that may not be listed.

    Raises Failure where these are nodes or pods, and KubeError.
    """
    unread = set[str]()
    # Deployments come last: without ReplicaSets they would seem to have no pods.
    for kind in (*(one for one in TWIN_KINDS if one != DEPLOYMENTS), DEPLOYMENTS):
        try:
            items = [item for space in _spaces(kind, source) for item in await kube.list(kind, space)]
        except KubeError as error:
            _require(kind, error)
            unread.add(kind.kind)
            continue
        if kind != DEPLOYMENTS or REPLICASETS.kind not in unread:
            for item in items:
                live.apply(kind.kind, item)
    return frozenset(unread)


def remarks(unread: frozenset[str]) -> Iterator[str]:
    """What is not known for want of a right."""
    for kind in TWIN_KINDS:
        if kind.kind in unread:
            yield f"You may not list {kind.plural}: {WITHOUT[kind]}."


def _spaces(kind: Resource, source: KubernetesSource) -> Sequence[str]:
    """Namespaces to list the kind in; an empty one for all."""
    return source.namespaces if source.namespaces and kind not in CLUSTER_SCOPED else ("",)


def _require(kind: Resource, error: KubeError) -> None:
    """Raise what ends the command: any error but that of a kind that one can do without."""
    if error.status != FORBIDDEN:
        raise error
    if kind not in WITHOUT:
        remedy = "it takes the right to list nodes and pods; documents alone can be asked as a FILE"
        raise Failure(Exit.REFUSED, f"refused by the API server: {error.message}", remedy) from error
