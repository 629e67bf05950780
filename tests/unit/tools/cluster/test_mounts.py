"""Mounted ConfigMaps are folders, and variables that name the mount path name the folder."""

import base64
from pathlib import Path
from typing import Any

from tools.cluster.mounts import mount, moved

MAPS = {name: {"binaryData": {"part": base64.b64encode(name.encode()).decode()}} for name in ("one", "two")}


def pod(*sources: dict[str, Any]) -> dict[str, Any]:
    volumes = [{"name": "input", "projected": {"sources": list(sources)}}, {"name": "tmp", "emptyDir": {}}]
    mounts = [{"name": "input", "mountPath": "/scan"}, {"name": "tmp", "mountPath": "/scratch"}]
    return {"spec": {"volumes": volumes, "containers": [{"volumeMounts": mounts}]}}


def source(name: str, path: str) -> dict[str, Any]:
    return {"configMap": {"name": name, "items": [{"key": "part", "path": path}]}}


def test_each_item_is_a_file(tmp_path: Path) -> None:
    mounted = mount(pod(source("one", "00"), source("two", "01")), tmp_path, MAPS.__getitem__)
    assert set(mounted) == {"/scan"}
    assert [(mounted["/scan"] / name).read_bytes() for name in ("00", "01")] == [b"one", b"two"]
    assert moved({"INPUT": "/scan", "OTHER": "/scans"}, mounted) == {"INPUT": str(mounted["/scan"]), "OTHER": "/scans"}


def test_the_token_of_the_account_is_left_to_others(tmp_path: Path) -> None:
    token = {"serviceAccountToken": {"path": "token"}}
    ca = {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}
    assert mount(pod(token, ca), tmp_path, MAPS.__getitem__) == {}


def test_a_pod_that_mounts_nothing_gets_nothing(tmp_path: Path) -> None:
    assert mount({"spec": {"containers": [{}]}}, tmp_path, MAPS.__getitem__) == {}
