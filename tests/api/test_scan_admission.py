"""A scan runs in one shape, and what it finds is written by its own shards alone: on a real API server."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from forestall.planning.scan_job import inputs, result
from tests.api.installation import ACTIONS, Installation, config_maps, install, job, jobs, pods, scan
from tests.api.person import Person, expect
from tools.cluster import pki
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

Body = dict[str, Any]
NUMBERS = count()


@pytest.fixture(scope="module")
def world(cluster: ApiTier) -> Iterator[Installation]:
    with install(cluster) as installation:
        yield installation


def in_spec(**fields: Any) -> Body:
    return {"spec": fields}


def in_pod(**fields: Any) -> Body:
    return in_spec(template={"spec": fields})


def changed(base: Any, change: Any) -> Any:
    """`base` with `change` merged in; None takes a field away."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    merged = {**base, **{key: changed(base.get(key), value) for key, value in change.items()}}
    return {key: value for key, value in merged.items() if value is not None}


def container(**fields: Any) -> Body:
    (only,) = scan(0)["spec"]["template"]["spec"]["containers"]
    return in_pod(containers=[{**only, **fields}])


SECRET = [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
BY_THE_WHOLE: Body = {"backoffLimitPerIndex": None, "podFailurePolicy": None}
FIRST = container(name="first")["spec"]["template"]["spec"]["containers"]
ELSEWHERE = f"other@sha256:{'b' * 64}"
SHAPES: dict[str, tuple[Body, str | None]] = {
    "as the operator renders it": ({}, None),
    "not suspended": (in_spec(suspend=False), None),
    "without its label": ({"metadata": {"labels": {"forestall.dev/scan": None}}}, "forestall.dev/scan"),
    "with another scan's label": ({"metadata": {"labels": {"forestall.dev/scan": "scan-1"}}}, "forestall.dev/scan"),
    "with a plan": ({"metadata": {"labels": {"forestall.dev/plan-uid": "3f0c"}}}, "forestall.dev/plan-uid"),
    "as an action": (in_pod(serviceAccountName="forestall-action-scale"), "as forestall-scan"),
    "as nobody": (in_pod(serviceAccountName=None), "as forestall-scan"),
    "of another image": (container(image=ELSEWHERE), "operator's own image"),
    "with another command": (container(command=["sh"]), "runs forestall.actions.scan"),
    "with arguments": (container(args=["-c"]), "runs forestall.actions.scan"),
    "with a Secret mounted": (in_pod(volumes=[{"name": "input", "secret": {"secretName": "s"}}]), "nothing else"),
    "with a Secret's value": (container(env=SECRET), "nothing else"),
    "with all of a Secret": (container(envFrom=[{"secretRef": {"name": "s"}}]), "nothing else"),
    "with more at once than the chart allows": (in_spec(completions=9, parallelism=5), "scans.parallelism"),
    "with too many shards": (in_spec(completions=101), "1 to 100 shards"),
    "that is not indexed": (in_spec(completionMode="NonIndexed", **BY_THE_WHOLE), "a scan is Indexed"),
    "tried for ever": (in_spec(backoffLimitPerIndex=3), "2 further tries"),
    "tried by the whole": (in_spec(**BY_THE_WHOLE), "2 further tries"),
    "without a deadline": (in_spec(activeDeadlineSeconds=None), "activeDeadlineSeconds"),
    "with an init container": (in_pod(initContainers=FIRST), "no init"),
    "on the host's network": (in_pod(hostNetwork=True), "hostNetwork"),
}


@pytest.mark.parametrize(("change", "refusal"), SHAPES.values(), ids=SHAPES.keys())
def test_a_scan_of_the_operator(world: Installation, change: Body, refusal: str | None) -> None:
    expect(world["operator"].create(jobs(), changed(scan(next(NUMBERS)), change), dryRun="All"), refusal)


def test_nobody_else_makes_a_scan(world: Installation) -> None:
    expect(world["admin"].create(jobs(), scan(next(NUMBERS)), dryRun="All"), "only the operator creates Jobs")


def test_an_action_cannot_pass_for_a_scan(world: Installation) -> None:
    body = changed(job("step-1"), {"metadata": {"labels": {"forestall.dev/scan": "step-1"}}})
    expect(world["operator"].create(jobs(), body, dryRun="All"), "stands on no other one")
    named = changed(job("step-1"), {"metadata": {"name": scan(0)["metadata"]["name"]}})
    expect(world["operator"].create(jobs(), named, dryRun="All"), "forestall.dev/plan-uid")


def test_the_operator_lets_a_scan_run_bends_nothing_and_removes_it(world: Installation) -> None:
    operator, body = world["operator"], scan(next(NUMBERS))
    path = jobs(body["metadata"]["name"])
    expect(operator.create(jobs(), body), None)
    expect(operator.patch(path, in_spec(parallelism=9)), "scans.parallelism")
    expect(operator.patch(path, {"metadata": {"labels": {"forestall.dev/scan": None}}}), "forestall.dev/scan")
    expect(world["admin"].patch(path, in_spec(suspend=False)), "only the operator changes a Job's spec")
    expect(operator.patch(path, in_spec(suspend=False)), None)
    expect(operator.send("DELETE", path, query={"propagationPolicy": "Background"}), None)


class Running:
    """A scan with its pods, and who holds the token of one of them."""

    def __init__(self, world: Installation, cluster: ApiTier) -> None:
        self.world, self.cluster, body = world, cluster, scan(next(NUMBERS))
        self.name = body["metadata"]["name"]
        answer = world["operator"].create(jobs(), changed(body, in_spec(suspend=False)))
        expect(answer, None)
        self.uid = answer.body["metadata"]["uid"]
        wait_until("a Pod for each shard that may run", lambda: len(self._pods()) == 2)

    def _pods(self) -> list[Body]:
        query = {"labelSelector": f"batch.kubernetes.io/job-name={self.name}"}
        found: list[Body] = self.world["admin"].send("GET", pods(), query=query).body["items"]
        return found

    def shard(self, index: int) -> Person:
        """Whoever is in the Pod of that shard."""
        (pod,) = [
            one["metadata"] for one in self._pods() if one["metadata"]["name"].startswith(f"{self.name}-{index}-")
        ]
        bound = ("--bound-object-kind=Pod", f"--bound-object-name={pod['name']}", f"--bound-object-uid={pod['uid']}")
        token = self.cluster.kubectl("create", "token", "forestall-scan", "-n", ACTIONS, *bound).stdout.strip()
        whole = self.cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json").stdout
        path = self.cluster.folder / "shards" / f"{pod['name']}.kubeconfig"
        return Person(pki.with_token(whole, token, path))

    def result(self, index: int, **change: Any) -> Body:
        """What the shard of that index would write."""
        made: Body = changed(result(self.name, self.uid, index, b"found"), change)
        return made


@pytest.fixture(scope="module")
def running(world: Installation, cluster: ApiTier) -> Running:
    return Running(world, cluster)


OWN = "a shard writes the result of its own Pod"


def test_a_shard_writes_its_own_result_once(running: Running) -> None:
    shard, body = running.shard(0), running.result(0)
    expect(shard.create(config_maps(), running.result(1)), OWN)
    expect(shard.create(config_maps(), changed(body, {"metadata": {"name": running.name}})), OWN)
    expect(shard.create(config_maps(), changed(body, {"metadata": {"name": f"{running.name}-input-1"}})), OWN)
    expect(shard.create(config_maps(), changed(body, {"metadata": {"name": "loot"}})), OWN)
    expect(shard.create(config_maps(), running.result(0, immutable=False)), "is immutable")
    expect(
        shard.create(config_maps(), running.result(0, metadata={"ownerReferences": []})), "belongs to the scan's Job"
    )
    expect(shard.create(config_maps(), body), None)
    expect(shard.create(config_maps(), body), "already exists")


def test_nobody_else_writes_a_result(running: Running) -> None:
    body = running.result(1)
    expect(
        running.world["operator"].create(config_maps(), body), "the operator gives scans their input, and no results"
    )
    expect(running.world["admin"].create(config_maps(), body), "only the operator and its scans create")
    unmarked = changed(body, {"metadata": {"labels": None}})
    expect(running.world["admin"].create(config_maps(), unmarked), "only the operator and its scans create")
    account = Person(running.cluster.service_account_kubeconfig(ACTIONS, "forestall-scan"))
    expect(account.create(config_maps(), body), OWN)


def test_what_was_written_never_changes(running: Running) -> None:
    (body,) = inputs(running.name, running.uid, [b"input"])
    expect(running.world["operator"].create(config_maps(), body), None)
    path = config_maps(body["metadata"]["name"])
    for change in ({"metadata": {"labels": {"forestall.dev/scan": None}}}, {"metadata": {"labels": {"x": "y"}}}):
        expect(running.world["admin"].patch(path, change), "never changes")
    expect(running.world["admin"].patch(path, {"binaryData": {"part": "AA=="}}), "immutable")


def test_a_shard_may_do_nothing_else(running: Running) -> None:
    shard, name = running.shard(1), running.name
    for path in (config_maps(), config_maps(f"{name}-input-0"), pods(), jobs(), "/api/v1/namespaces/team/configmaps"):
        expect(shard.send("GET", path), "cannot")
    expect(shard.send("DELETE", config_maps(f"{name}-0")), "cannot delete")
    expect(shard.create("/api/v1/namespaces/team/configmaps", running.result(1)), "cannot create")


def test_other_config_maps_there_are_nobodys_business(running: Running) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notes"}}
    expect(running.world["admin"].create(config_maps(), body, dryRun="All"), None)
