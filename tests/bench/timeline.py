"""What the API server tells a watcher, and when it was heard, on this process's monotonic clock."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from kubernetes import client, config, watch
from urllib3.exceptions import HTTPError

from tools.cluster.process import wait_until

Json = dict[str, Any]


class Heard(NamedTuple):
    """One event of a watch."""

    at: float
    kind: str
    object: Json


class Timeline:
    """Watches plans, pods and action Jobs; a context manager."""

    def __init__(self, kubeconfig: Path) -> None:
        api = config.new_client_from_config(config_file=str(kubeconfig))
        core, batch, custom = client.CoreV1Api(api), client.BatchV1Api(api), client.CustomObjectsApi(api)
        lists: Mapping[str, Callable[..., object]] = {
            "Pod": core.list_pod_for_all_namespaces,
            "Job": batch.list_job_for_all_namespaces,
            "RemediationPlan": custom.list_cluster_custom_object,
        }
        self._heard: list[Heard] = []
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._follow, args=item, daemon=True) for item in lists.items()]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join()

    def first(self, what: str, kind: str, wanted: Callable[[Json], bool]) -> float:
        """When an object of the kind was first heard of in the state wanted; waits for it."""
        found: list[float] = []

        def heard() -> bool:
            found.extend(one.at for one in list(self._heard) if one.kind == kind and wanted(one.object))
            return bool(found)

        wait_until(what, heard, interval=0.01)
        return found[0]

    def _follow(self, kind: str, items: Callable[..., object]) -> None:
        args = ("forestall.dev", "v1alpha1", "remediationplans") if kind == "RemediationPlan" else ()
        while not self._closing.is_set():
            with suppress(client.ApiException, HTTPError):
                for event in watch.Watch().stream(items, *args, timeout_seconds=5):
                    self._heard.append(Heard(time.monotonic(), kind, event["raw_object"]))
