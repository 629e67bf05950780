"""The operator's end: what runs is suspended, nothing lets it go on, and no object is left that cannot be deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from forestall.adapters.resources import DEPLOYMENTS, JOBS, LEASES, PAUSES, PLANS, PODS
from forestall.api.remediationplan import HOLD
from forestall.planning.job import MANAGED
from forestall.planning.scan_job import SCAN
from forestall.ports import Json, KubeError
from forestall.runtime.uninstall import PAUSE, SUSPENDED_WITHIN, Departure
from tests.unit.gates.scene import plan, rendered
from tests.unit.runtime.instant import run
from tests.unit.runtime.office import SETTINGS, SYSTEM, Office

ACTIONS, LABELS = SETTINGS.action_namespace, {"app.kubernetes.io/name": "forestall"}


class Cluster(Office):
    """An operator with a Pod; `suspends`: it answers to a stop."""

    def __init__(self, *, suspends: bool = True) -> None:
        super().__init__()
        self.suspends, self.moments = suspends, 0
        self.kube.put(
            DEPLOYMENTS,
            {
                "metadata": {"name": "forestall", "namespace": SYSTEM},
                "spec": {"replicas": 1, "selector": {"matchLabels": LABELS}},
            },
        )
        self.kube.put(PODS, {"metadata": {"name": "forestall-a", "namespace": SYSTEM, "labels": LABELS}})
        self.kube.put(PODS, {"metadata": {"name": "forestall-uninstall-b", "namespace": SYSTEM}})

    def job(self, name: str = "j", *, ended: bool = False, **spec: Any) -> None:
        conditions = [{"type": "Complete", "status": "True"}] if ended else []
        metadata = {"name": name, "namespace": ACTIONS, "labels": {MANAGED: "true"}}
        self.kube.put(JOBS, {"metadata": metadata, "spec": spec, "status": {"conditions": conditions}})

    def held(self, name: str, *others: str) -> None:
        body = plan(rendered(phase="Executing")).to_json()
        body["metadata"] |= {"name": name, "uid": name, "finalizers": [HOLD, *others]}
        self.kube.put(PLANS, body)

    async def moment(self, seconds: float) -> None:
        """What the operator and its Deployment do while the hook waits."""
        await asyncio.sleep(seconds)
        self.moments += 1
        if self.suspends and await self.kube.list(PAUSES, SYSTEM):
            for one in await self.kube.list(JOBS, ACTIONS):
                self.kube.put(JOBS, {**one, "spec": {**one["spec"], "suspend": True}})
        stopped = [one for one in await self.kube.list(DEPLOYMENTS, SYSTEM) if one["spec"]["replicas"] == 0]
        if stopped and self.moments > 3:
            self.kube.remove(PODS, SYSTEM, "forestall-a")

    def leave(self, before: Callable[[], None] = lambda: None) -> float:
        """Prepare the end; returns the seconds that it took."""

        async def story() -> float:
            before()
            time = asyncio.get_running_loop().time
            settings = replace(SETTINGS, service_account="forestall-uninstall")
            await Departure(self.kube, settings, time, self.moment).prepare()
            return time()

        return run(story())

    def all(self, kind: Any) -> list[Json]:
        return list(asyncio.run(self.kube.list(kind)))

    def verbs(self) -> list[tuple[str, str]]:
        return [(call.verb, call.kind) for call in self.kube.made("create", "merge_patch", "delete")]


def test_a_running_job_is_suspended_before_the_operator_is_stopped() -> None:
    cluster = Cluster()
    cluster.job()
    cluster.leave()
    assert [one["spec"]["suspend"] for one in cluster.all(JOBS)] == [True]
    assert cluster.verbs() == [
        ("create", "RemediationPause"),
        ("merge_patch", "Deployment"),
        ("delete", "Lease"),
        ("delete", "RemediationPause"),
    ]
    assert cluster.all(PAUSES) == []


def test_the_lease_of_the_last_leader_goes() -> None:
    cluster = Cluster()
    cluster.kube.put(LEASES, {"metadata": {"name": "forestall", "namespace": SYSTEM}, "spec": {}})
    cluster.leave()
    assert cluster.all(LEASES) == []


def test_finalizers_go_once_no_pod_of_the_operator_is_left_and_others_stay() -> None:
    cluster = Cluster()
    cluster.held("a")
    cluster.held("b", "example.com/theirs")
    cluster.leave()
    assert [one["metadata"]["finalizers"] for one in cluster.all(PLANS)] == [[], ["example.com/theirs"]]
    assert [one["metadata"]["name"] for one in cluster.all(PODS)] == ["forestall-uninstall-b"]


def test_what_nobody_suspends_is_deleted_so_that_nothing_runs_on() -> None:
    cluster = Cluster(suspends=False)
    cluster.job("running")
    cluster.job("ended", ended=True)
    cluster.job("suspended", suspend=True)
    assert cluster.leave() >= SUSPENDED_WITHIN
    assert [one["metadata"]["name"] for one in cluster.all(JOBS)] == ["ended", "suspended"]


def test_a_scan_that_runs_is_not_waited_for_and_goes() -> None:
    cluster = Cluster(suspends=False)
    metadata = {"name": "scan-1", "namespace": ACTIONS, "labels": {MANAGED: "true", SCAN: "scan-1"}}
    cluster.kube.put(JOBS, {"metadata": metadata, "spec": {"suspend": False}})
    assert cluster.leave() < SUSPENDED_WITHIN
    assert cluster.all(JOBS) == []


def test_an_operator_that_is_gone_already_bars_nothing() -> None:
    cluster = Cluster(suspends=False)
    cluster.held("a")
    cluster.kube.remove(DEPLOYMENTS, SYSTEM, "forestall")
    cluster.leave()
    assert [one["metadata"]["finalizers"] for one in cluster.all(PLANS)] == [[]]


def test_a_hook_that_was_cut_short_is_run_again() -> None:
    cluster = Cluster()
    cluster.job()
    cluster.held("a")
    metadata = {"name": PAUSE, "namespace": SYSTEM}
    cluster.kube.put(PAUSES, {"metadata": metadata, "spec": {"level": "Stop", "reason": "x", "who": "y"}})
    cluster.leave()
    assert [one["metadata"]["finalizers"] for one in cluster.all(PLANS)] == [[]]
    assert cluster.all(PAUSES) == []


@pytest.mark.parametrize("status", [404, 409])
def test_a_plan_that_changes_meanwhile_is_let_go_all_the_same(status: int) -> None:
    cluster = Cluster()
    cluster.held("a")
    cluster.kube.refuse("merge_patch", PLANS, KubeError(status, "No", "no"))
    cluster.leave()
    assert [one["metadata"]["finalizers"] for one in cluster.all(PLANS)] == [[]]


def test_a_refusal_fails_the_hook() -> None:
    cluster = Cluster()
    cluster.held("a")
    cluster.kube.refuse("merge_patch", PLANS, KubeError(403, "Forbidden", "no"))
    with pytest.raises(KubeError, match="Forbidden"):
        cluster.leave()


def test_it_gives_up_waiting_for_pods_that_do_not_end() -> None:
    cluster = Cluster()
    cluster.held("a")
    cluster.moments = -(10**6)
    assert timedelta(seconds=cluster.leave()) < timedelta(minutes=2)
    assert [one["metadata"]["finalizers"] for one in cluster.all(PLANS)] == [[]]
