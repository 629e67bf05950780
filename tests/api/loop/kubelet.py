"""A thread that says of application pods, which nothing runs, that they run."""

import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from kubernetes import client, config, watch
from urllib3.exceptions import HTTPError

from tools.cluster.fake_node import now, pod_status


class Starter:
    """Reports every scheduled pod of the known images as ready, once; a context manager."""

    def __init__(self, kubeconfig: Path, images: Collection[str]) -> None:
        self._core = client.CoreV1Api(config.new_client_from_config(config_file=str(kubeconfig)))
        self._images = frozenset(images)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._closing.is_set():
            with suppress(client.ApiException, HTTPError):  # an outage; each watch begins with all the pods
                for event in watch.Watch().stream(self._core.list_pod_for_all_namespaces, timeout_seconds=2):
                    self._on_pod(event["raw_object"]) if event["type"] != "DELETED" else None

    def _on_pod(self, pod: dict[str, Any]) -> None:
        waits = pod["status"]["phase"] == "Pending" and "nodeName" in pod["spec"]
        known = all(container["image"] in self._images for container in pod["spec"]["containers"])
        if waits and known and "deletionTimestamp" not in pod["metadata"]:
            status = pod_status(pod, "Running", {"running": {"startedAt": now()}})
            name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
            with suppress(client.ApiException):  # it was deleted meanwhile
                self._core.patch_namespaced_pod_status(name, namespace, {"status": status})
