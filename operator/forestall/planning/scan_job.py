"""The Indexed Job that examines a scan, shard by shard, and the ConfigMaps that it reads and writes.

All of it follows from the question, the policy that asks and the image, so that whoever comes next finds it again.
The Job is created suspended, and begins once its input is there. What it reads and writes belongs to it, and goes with
it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Final

from forestall.api.base import Key
from forestall.inspection.remembering import remembered
from forestall.inspection.scans import Scan
from forestall.planning import parcels
from forestall.planning.job import MANAGED
from forestall.planning.pods import compact, restricted
from forestall.ports import Json
from forestall.twin.formats import export, load
from forestall.twin.topology import Topology

SCAN: Final = "forestall.dev/scan"
"""Label of a scan's Job and of its ConfigMaps: the Job's name."""
POLICY: Final = "forestall.dev/policy"
"""Annotation: the policy that asks, as namespace/name."""
SNAPSHOT: Final = "forestall.dev/snapshot"
"""Annotation: id of the topology that is asked about."""
QUESTION: Final = "FORESTALL_SCAN"
"""Environment variable: the question, as JSON."""
ACCOUNT: Final = "forestall-scan"
CONTAINER: Final = "scan"
FOLDER: Final = "/scan"
"""Where the input is mounted."""
UNUSABLE: Final = 40
"""Exit code of a shard that no other try would do better."""
DEADLINE_SECONDS: Final = 6 * 3600
TTL_SECONDS: Final = 24 * 3600
"""A scan is kept for so long: a process that begins meanwhile need not repeat it, and what failed is tried again."""
TRIES: Final = 2
"""How often a shard that failed is tried again."""


def name_of(scan: Scan, policy: Key, image: str) -> str:
    """The Job's name."""
    asked = compact([policy.namespace, policy.name, scan.to_json(), image])
    return f"scan-{hashlib.sha256(asked.encode()).hexdigest()[:32]}"


def policy_of(job: Json) -> Key:
    """The policy that a scan's Job is for."""
    namespace, _, name = str((job["metadata"].get("annotations") or {}).get(POLICY, "")).partition("/")
    return Key("InspectionPolicy", namespace, name)


def question_of(job: Json, image: str) -> Scan | None:
    """The question of a scan's Job that this image would put so; None for any other."""
    try:
        [container] = job["spec"]["template"]["spec"]["containers"]
        [question] = [one["value"] for one in container["env"] if one["name"] == QUESTION]
        scan = Scan.from_json(json.loads(question))
    except (KeyError, TypeError, ValueError):
        return None
    return scan if job["metadata"]["name"] == name_of(scan, policy_of(job), image) else None


def manifest(scan: Scan, policy: Key, *, image: str, namespace: str, parallelism: int, parts: int) -> Json:
    """The whole Job; `parts` is how many ConfigMaps hold its input."""
    name = name_of(scan, policy, image)
    labels = {MANAGED: "true", SCAN: name}
    annotations = {POLICY: f"{policy.namespace}/{policy.name}", SNAPSHOT: scan.topology}
    unusable = {"containerName": CONTAINER, "operator": "In", "values": [UNUSABLE]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations},
        "spec": {
            "suspend": True,
            "completionMode": "Indexed",
            "completions": len(scan.shards),
            "parallelism": min(parallelism, len(scan.shards)),
            "backoffLimitPerIndex": TRIES,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "ttlSecondsAfterFinished": TTL_SECONDS,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": {
                "rules": [
                    {"action": "FailIndex", "onExitCodes": unusable},
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
                ]
            },
            "template": {
                "metadata": {"labels": labels, "annotations": annotations},
                "spec": _pod(scan, name, image, parts),
            },
        },
    }


@remembered
def input_of(topology: Topology) -> Sequence[bytes] | str:
    """A topology as a Job reads it, in parts; or why it cannot be handed over."""
    try:
        return parcels.packed(export(topology, "rfc8345"))
    except ValueError as error:
        return f"the twin cannot be handed to Jobs: {error}"


def topology_of(parts: Sequence[bytes]) -> Topology:
    """The topology that was handed over so. ValueError for anything else."""
    return load(parcels.unpacked(parts), source="scan", format="rfc8345").topology


def inputs(name: str, uid: str, parts: Sequence[bytes]) -> Sequence[Json]:
    """The ConfigMaps that hold the input of the Job of that name and UID."""
    return [_config_map(_input_name(name, place), name, uid, part) for place, part in enumerate(parts)]


def result(name: str, uid: str, shard: int, part: bytes) -> Json:
    """The ConfigMap that holds what a shard says."""
    return _config_map(result_name(name, shard), name, uid, part)


def result_name(name: str, shard: int) -> str:
    """Name of the ConfigMap of a shard."""
    return f"{name}-{shard}"


def input_names(job: Json) -> Sequence[str]:
    """Names of the ConfigMaps that a scan's Job reads."""
    [volume] = job["spec"]["template"]["spec"]["volumes"]
    return [source["configMap"]["name"] for source in volume["projected"]["sources"]]


def _input_name(name: str, place: int) -> str:
    return f"{name}-input-{place}"


def _config_map(name: str, job: str, uid: str, part: bytes) -> Json:
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job, "uid": uid}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": {SCAN: job}, "ownerReferences": [owner]},
        "immutable": True,
        "binaryData": parcels.data_of(part),
    }


def _pod(scan: Scan, name: str, image: str, parts: int) -> Json:
    container = {
        "name": CONTAINER,
        "image": image,
        "command": ["python", "-m", "forestall.actions.scan"],
        "env": [
            {"name": "FORESTALL_INPUT", "value": FOLDER},
            {"name": QUESTION, "value": compact(scan.to_json())},
            _told("FORESTALL_NAMESPACE", "metadata.namespace"),
            _told("FORESTALL_JOB", "metadata.labels['batch.kubernetes.io/job-name']"),
            _told("FORESTALL_JOB_UID", "metadata.labels['batch.kubernetes.io/controller-uid']"),
        ],
        "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
        "volumeMounts": [{"name": "input", "mountPath": FOLDER, "readOnly": True}],
    }
    sources = [{"configMap": {"name": _input_name(name, place), "items": [_item(place)]}} for place in range(parts)]
    return {**restricted(ACCOUNT, container), "volumes": [{"name": "input", "projected": {"sources": sources}}]}


def _item(place: int) -> Json:
    return {"key": parcels.KEY, "path": f"{place:02}"}


def _told(name: str, path: str) -> Json:
    """A variable that the node fills in."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
