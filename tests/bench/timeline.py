"""What the API server tells a watcher, and when it was heard, on this process's monotonic clock."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from kubernetes import client, config

from tools.cluster.process import wait_until
from tools.cluster.rest import follow

Json = dict[str, Any]
PLANS = ("forestall.dev", "v1alpha1", "remediationplans")
PATIENCE = 600.0
"""Seconds that a crowd may take."""


class Heard(NamedTuple):
    """One event of a watch."""

    at: float
    object: Json


class Timeline:
    """Watches plans, pods and action Jobs; a context manager."""

    def __init__(self, kubeconfig: Path) -> None:
        api = config.new_client_from_config(config_file=str(kubeconfig))
        core, batch, custom = client.CoreV1Api(api), client.BatchV1Api(api), client.CustomObjectsApi(api)
        lists: Mapping[str, tuple[Callable[..., object], tuple[str, ...]]] = {
            "Pod": (core.list_pod_for_all_namespaces, ()),
            "Job": (batch.list_job_for_all_namespaces, ()),
            "RemediationPlan": (custom.list_cluster_custom_object, PLANS),
        }
        self._heard: dict[str, list[Heard]] = {kind: [] for kind in lists}
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._follow, args=(kind, items, args), daemon=True)
            for kind, (items, args) in lists.items()
        ]

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
        return self.firsts(what, kind, 1, lambda one: "it" if wanted(one) else "")["it"].at

    def firsts(self, what: str, kind: str, count: int, name: Callable[[Json], str]) -> dict[str, Heard]:
        """When each of `count` things was first heard of, by the name that `name` gives it; waits for all of them.

        What it gives an empty name is none of them.
        """
        found: dict[str, Heard] = {}
        read = 0

        def heard() -> bool:
            nonlocal read
            fresh = self._heard[kind][read:]
            read += len(fresh)
            for one in fresh:
                if called := name(one.object):
                    found.setdefault(called, one)
            return len(found) >= count

        wait_until(f"{count} of: {what}", heard, timeout=PATIENCE, interval=0.01)
        return found

    def _follow(self, kind: str, items: Callable[..., object], args: tuple[str, ...]) -> None:
        for one in follow(items, self._closing, *args):
            self._heard[kind].append(Heard(time.monotonic(), one))
