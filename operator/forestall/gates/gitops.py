"""GitOps: what marks an object as kept in Git, where an annotation that people set may be pruned."""

from __future__ import annotations

from collections.abc import Mapping

from forestall.api.base import ObjectMeta

ANNOTATIONS: Mapping[str, str] = {"argocd.argoproj.io/tracking-id": "Argo CD"}
LABELS: Mapping[str, str] = {
    "app.kubernetes.io/instance": "Argo CD or Helm",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
}
"""The marks by which each tool knows what it owns, and may prune."""


def tracker(metadata: ObjectMeta) -> str:
    """Who keeps the object in step with Git, and the mark that says so; empty: nobody."""
    marks = [
        *(f"{LABELS[name]} (label {name})" for name in metadata.labels if name in LABELS),
        *(f"{ANNOTATIONS[name]} (annotation {name})" for name in metadata.annotations if name in ANNOTATIONS),
    ]
    return min(marks, default="")
