"""GitOps: by which marks an object is known to be kept in Git."""

from __future__ import annotations

import pytest

from forestall.api.base import ObjectMeta
from forestall.gates.gitops import tracker


@pytest.mark.parametrize(
    ("label", "tool"),
    [
        ("argocd.argoproj.io/instance", "Argo CD"),
        ("app.kubernetes.io/instance", "Argo CD"),
        ("kustomize.toolkit.fluxcd.io/name", "Flux"),
        ("helm.toolkit.fluxcd.io/name", "Flux"),
    ],
)
def test_a_label_of_a_gitops_tool_tells(label: str, tool: str) -> None:
    found = tracker(ObjectMeta(labels={label: "shop"}))
    assert found.startswith(tool)
    assert label in found


def test_the_annotation_of_argo_cd_tells() -> None:
    found = tracker(ObjectMeta(annotations={"argocd.argoproj.io/tracking-id": "shop:forestall.dev/RemediationPlan"}))
    assert found == "Argo CD (annotation argocd.argoproj.io/tracking-id)"


def test_what_bears_no_such_mark_is_nobodys() -> None:
    assert tracker(ObjectMeta(labels={"forestall.dev/policy": "shop"}, annotations={"note": "argocd"})) == ""
