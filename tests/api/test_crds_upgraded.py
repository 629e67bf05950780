"""The way from the previous version's resources to these, with objects stored: on a real API server, as documented."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from forestall.adapters.resources import custom
from forestall.runtime.store import MODELS
from tests.chart.rendering import CHART
from tools import previous
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

Object = dict[str, Any]
HOURS = "2026-01-05T10:00:00Z"
DIGEST = f"sha256:{'1' * 64}"
UNDO = {"name": "undo", "argv": ["rollout-undo"], "serviceAccountName": "forestall-action-rollout-undo"}
STEP = {**UNDO, "image": f"forestall@sha256:{'a' * 64}", "timeout": "5m"}
STORED: Mapping[str, tuple[Object, Object]] = {
    "NetworkTwin": ({"sources": [{"name": "objects", "kubernetes": {}}]}, {"snapshotId": "7"}),
    "InspectionPolicy": (
        {
            "twinRef": {"name": "kept"},
            "goals": [{"name": "web", "available": {"service": "web", "minReady": 1}}],
            "inspections": [{"name": "images", "workload": {"checks": ["ImagePull"]}}],
            "responses": [
                {"name": "undo", "match": {"types": ["ImagePull"]}, "mode": "Open", "ladder": [{"runbook": "kept"}]}
            ],
        },
        {"openFindings": 1, "closure": {"eligible": 1, "oneHop": 0}},
    ),
    "Finding": (
        {
            "policyRef": {"name": "kept"},
            "type": "ImagePull",
            "resource": {"kind": "Deployment", "name": "web"},
        },
        {"state": "Planned", "class": "Problem", "detectedAt": HOURS, "transitions": [{"time": HOURS, "to": "Raised"}]},
    ),
    "Runbook": (
        {
            "version": "1.0.0",
            "summary": "Goes back.",
            "whenToUse": "The latest rollout does not come up.",
            "targetKinds": ["Deployment"],
            "actions": [UNDO],
            "reads": ["spec.template"],
            "writes": ["spec.template"],
            "effect": "RestorePreviousTemplate",
        },
        {"digest": DIGEST},
    ),
    "RemediationPlan": (
        {
            "policyRef": {"name": "kept"},
            "findingRef": {"name": "kept"},
            "runbookRef": {"name": "kept", "version": "1.0.0"},
            "proposer": "somebody",
        },
        {
            "phase": "PendingApproval",
            "mode": "Open",
            "steps": [STEP],
            "contentDigest": DIGEST,
            "planDigest": DIGEST,
            "riskClass": "Low",
        },
    ),
}
"""What the previous version's operator and its users left: spec and status by kind. Each object is called `kept`."""


@pytest.fixture
def before(cluster: ApiTier, tmp_path: Path) -> Iterator[Path]:
    """The previous version's resources, and no others."""
    _remove(cluster)
    crds = previous.unpack(tmp_path) / "charts" / "forestall" / "crds"
    _apply(cluster, crds)
    yield crds
    _remove(cluster)


def _apply(cluster: ApiTier, crds: Path) -> None:
    """As the guide says; return once every kind is served."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(crds))
    for crd in crds.iterdir():
        plural = crd.stem.removeprefix("forestall.dev_")
        wait_until(f"{plural} to be served", partial(_served, cluster, plural))


def _served(cluster: ApiTier, plural: str) -> bool:
    return cluster.kubectl("get", f"{plural}.forestall.dev", "-A", check=False).returncode == 0


def _remove(cluster: ApiTier) -> None:
    cluster.kubectl("delete", "-f", str(CHART / "crds"), "--ignore-not-found", "--timeout=120s")


def _stored(cluster: ApiTier, namespace: str) -> dict[str, Object]:
    """Each object as it is now, by kind."""
    names = {kind: f"{custom(MODELS[kind]).plural}.forestall.dev" for kind in STORED}
    get = {kind: cluster.kubectl("get", name, "kept", "-n", namespace, "-o", "json") for kind, name in names.items()}
    return {kind: json.loads(answer.stdout) for kind, answer in get.items()}


def _store(cluster: ApiTier, namespace: str) -> None:
    for kind, (spec, status) in STORED.items():
        body = {"apiVersion": "forestall.dev/v1alpha1", "kind": kind, "metadata": {"name": "kept"}, "spec": spec}
        cluster.kubectl("create", "-n", namespace, "-f", "-", input=json.dumps(body))
        patch = ("--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))
        cluster.kubectl("patch", f"{custom(MODELS[kind]).plural}.forestall.dev", "kept", "-n", namespace, *patch)


def test_what_the_previous_version_stored_is_kept_read_and_written_on(
    cluster: ApiTier, namespace: str, before: Path
) -> None:
    _store(cluster, namespace)
    old = _stored(cluster, namespace)
    _apply(cluster, CHART / "crds")
    for kind, body in _stored(cluster, namespace).items():
        assert body["metadata"]["uid"] == old[kind]["metadata"]["uid"]
        _contains(body["spec"], old[kind]["spec"], kind)
        _contains(body["status"], old[kind]["status"], kind)
        MODELS[kind].model_validate(body)
        name = f"{custom(MODELS[kind]).plural}.forestall.dev"
        cluster.kubectl("label", name, "kept", "-n", namespace, "upgraded=yes")
        told = json.dumps({"status": {"observedGeneration": 1}})
        cluster.kubectl("patch", name, "kept", "-n", namespace, "--subresource=status", "--type=merge", "-p", told)


def test_new_kinds_are_served_at_once_and_the_version_stays_the_stored_one(cluster: ApiTier, before: Path) -> None:
    assert not _served(cluster, "remediationpauses")
    _apply(cluster, CHART / "crds")
    crds = json.loads(cluster.kubectl("get", "-f", str(CHART / "crds"), "-o", "json").stdout)["items"]
    assert {one["spec"]["names"]["kind"] for one in crds} == set(MODELS)
    assert all(one["status"]["storedVersions"] == ["v1alpha1"] for one in crds)


def test_the_way_back_loses_only_what_the_previous_version_did_not_know(
    cluster: ApiTier, namespace: str, before: Path
) -> None:
    _apply(cluster, CHART / "crds")
    _store(cluster, namespace)
    _apply(cluster, before)
    for kind, body in _stored(cluster, namespace).items():
        _contains(body["spec"], STORED[kind][0], kind)
        cluster.kubectl("label", f"{custom(MODELS[kind]).plural}.forestall.dev", "kept", "-n", namespace, "back=yes")


def _contains(whole: Any, part: Any, path: str) -> None:
    """Assert that all that `part` says stands in `whole`; new fields may have come with their defaults."""
    if isinstance(part, dict):
        for name, value in part.items():
            _contains(whole[name], value, f"{path}.{name}")
    elif isinstance(part, list):
        assert len(whole) == len(part), path
        for number, value in enumerate(part):
            _contains(whole[number], value, f"{path}[{number}]")
    else:
        assert whole == part, path
