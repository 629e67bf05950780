"""Whoever could place a Job or a Pod in the action namespace would own every action: on a real API server."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.api.installation import IMAGE, Installation, install, job, jobs, pod, pods
from tests.api.person import expect
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

Change = dict[str, Any]


@pytest.fixture(scope="module")
def world(cluster: ApiTier) -> Iterator[Installation]:
    with install(cluster) as installation:
        yield installation


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return (f"step-{number}" for number in count())


def changed(base: Any, change: Any) -> Any:
    """`base` with `change` merged in; None takes a field away."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    merged = {**base, **{key: changed(base.get(key), value) for key, value in change.items()}}
    return {key: value for key, value in merged.items() if value is not None}


def in_pod(**fields: Any) -> Change:
    return {"spec": {"template": {"spec": fields}}}


def container(image: str, **fields: Any) -> Change:
    return {**job("base")["spec"]["template"]["spec"]["containers"][0], "image": image, **fields}


def labels(**values: str | None) -> Change:
    return {"metadata": {"labels": {f"forestall.dev/{name.replace('_', '-')}": v for name, v in values.items()}}}


SHAPES: tuple[tuple[str, Change, str | None], ...] = (
    ("as the operator renders it", {}, None),
    ("not suspended", {"spec": {"suspend": False}}, None),
    ("with arguments", in_pod(containers=[container(IMAGE, args=["scale"])]), None),
    ("with a scratch folder", in_pod(volumes=[{"name": "tmp", "emptyDir": {}}]), None),
    ("not marked as ours", labels(managed=None), "labels forestall.dev/managed=true"),
    ("marked as not ours", labels(managed="false"), "labels forestall.dev/managed=true"),
    ("without a plan", labels(plan_uid=None), "forestall.dev/plan-uid"),
    ("without a digest", {"metadata": {"annotations": None}}, "annotation forestall.dev/plan-digest"),
    (
        "with a digest that is none",
        {"metadata": {"annotations": {"forestall.dev/plan-digest": "sha256:1"}}},
        "annotation forestall.dev/plan-digest",
    ),
    ("an image by tag", in_pod(containers=[container("example.com/forestall:latest")]), "named by digest"),
    (
        "a second image by tag",
        in_pod(containers=[container(IMAGE), container("busybox", name="second")]),
        "named by digest",
    ),
    ("with an init container", in_pod(initContainers=[container(IMAGE, name="first")]), "no init containers"),
    (
        "with an ephemeral container",
        in_pod(ephemeralContainers=[container(IMAGE, name="spy")]),
        "ephemeral containers not allowed",
    ),
    ("as the default account", in_pod(serviceAccountName=None), "must start with forestall-action-"),
    ("as another account", in_pod(serviceAccountName="forestall"), "must start with forestall-action-"),
    ("without a deadline", {"spec": {"activeDeadlineSeconds": None}}, "activeDeadlineSeconds"),
    ("without an end of its record", {"spec": {"ttlSecondsAfterFinished": None}}, "ttlSecondsAfterFinished"),
    ("two at a time", {"spec": {"parallelism": 2, "completions": 1}}, "parallelism 1"),
    ("none at a time", {"spec": {"parallelism": 0}}, "parallelism 1"),
    ("twice", {"spec": {"completions": 2}}, "completions 1"),
    ("as a work queue", {"spec": {"completions": None}}, "completions 1"),
    ("with a second try", {"spec": {"backoffLimit": 1}}, "backoffLimit 0"),
    ("with tries by default", {"spec": {"backoffLimit": None}}, "backoffLimit 0"),
    ("restarted in place", in_pod(restartPolicy="OnFailure"), "restartPolicy Never"),
    ("on the host's network", in_pod(hostNetwork=True), "hostNetwork"),
    ("among the host's processes", in_pod(hostPID=True), "hostPID"),
    ("in the host's shared memory", in_pod(hostIPC=True), "hostIPC"),
    ("with a host's folder", in_pod(volumes=[{"name": "etc", "hostPath": {"path": "/etc"}}]), "hostPath"),
)


@pytest.mark.parametrize(("change", "refusal"), [shape[1:] for shape in SHAPES], ids=[shape[0] for shape in SHAPES])
def test_a_job_of_the_operator(world: Installation, names: Iterator[str], change: Change, refusal: str | None) -> None:
    expect(world["operator"].create(jobs(), changed(job(next(names)), change), dryRun="All"), refusal)


@pytest.mark.parametrize("who", ["admin", "job-controller"])
def test_nobody_else_creates_a_job(world: Installation, names: Iterator[str], who: str) -> None:
    # The controller's role lacks the right, the administrator's does not.
    refusal = "only the operator creates Jobs" if who == "admin" else "cannot create resource"
    expect(world[who].create(jobs(), job(next(names))), refusal)


def test_a_cron_job_gets_no_job(world: Installation, names: Iterator[str]) -> None:
    # Its controller is not the operator either.
    expect(world["cronjob-controller"].create(jobs(), job(next(names))), "only the operator creates Jobs")


def test_the_operator_suspends_and_resumes(world: Installation, names: Iterator[str]) -> None:
    name = existing(world, next(names))
    for suspend in (False, True):
        expect(world["operator"].patch(jobs(name), {"spec": {"suspend": suspend}}), None)


def test_the_operator_cannot_bend_a_job_afterwards(world: Installation, names: Iterator[str]) -> None:
    name = existing(world, next(names))
    expect(world["operator"].patch(jobs(name), {"spec": {"parallelism": 2}}), "parallelism 1")
    expect(world["operator"].patch(jobs(name), labels(plan_uid="")), "forestall.dev/plan-uid")


@pytest.mark.parametrize(
    "change",
    [
        {"spec": {"suspend": False}},
        {"spec": {"activeDeadlineSeconds": 3600}},
        labels(plan_uid="another"),
        {"metadata": {"annotations": {"forestall.dev/plan-digest": f"sha256:{'c' * 64}"}}},
    ],
)
def test_nobody_else_changes_a_job(world: Installation, names: Iterator[str], change: Change) -> None:
    name = existing(world, next(names))
    expect(world["admin"].patch(jobs(name), change), "only the operator changes a Job's spec, labels and annotations")


def test_only_the_job_controller_says_how_a_job_went(world: Installation, names: Iterator[str]) -> None:
    name = existing(world, next(names))
    forged = {"status": {"succeeded": 1}}
    for who in ("admin", "operator"):
        refusal = "only the Job controller writes a Job's status" if who == "admin" else "cannot patch resource"
        expect(world[who].patch(jobs(f"{name}/status"), forged), refusal)

    manager = world["system:kube-controller-manager"]
    expect(manager.patch(jobs(f"{name}/status"), {"status": {"ready": 0}}, dryRun="All"), None)

    def suspended() -> bool:
        conditions = world["admin"].send("GET", jobs(name)).body["status"].get("conditions", [])
        return any(condition["type"] == "Suspended" for condition in conditions)

    wait_until(f"the controller to say that {name} is suspended", suspended)


def test_anybody_with_the_right_cleans_up(world: Installation, names: Iterator[str]) -> None:
    name = existing(world, next(names))
    expect(world["admin"].patch(jobs(name), {"metadata": {"finalizers": ["example.com/hold"]}}), None)
    expect(world["admin"].patch(jobs(name), {"metadata": {"finalizers": None}}), None)
    expect(world["admin"].send("DELETE", jobs(name), query={"propagationPolicy": "Background"}), None)


def test_jobs_elsewhere_are_nobodys_business(world: Installation, names: Iterator[str]) -> None:
    elsewhere = "/apis/batch/v1/namespaces/default/jobs"
    expect(world["admin"].create(elsewhere, job(next(names)), dryRun="All"), None)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("admin", "only the Job controller creates Pods here"),
        ("operator", "cannot create resource"),
        ("replicaset-controller", "only the Job controller creates Pods here"),
        ("job-controller", None),
        ("system:kube-controller-manager", None),
    ],
)
def test_only_the_job_controller_creates_pods(
    world: Installation, names: Iterator[str], who: str, refusal: str | None
) -> None:
    expect(world[who].create(pods(), pod(next(names)), dryRun="All"), refusal)


def test_the_operators_job_gets_its_pod(world: Installation, names: Iterator[str]) -> None:
    assert running(world, next(names))


def test_a_pod_must_be_restricted(world: Installation, names: Iterator[str]) -> None:
    body = changed(pod(next(names)), {"spec": {"securityContext": None}})
    expect(world["job-controller"].create(pods(), body), 'violates PodSecurity "restricted')


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"labels": {"batch.kubernetes.io/job-name": "another"}}},
        {"metadata": {"annotations": {"forestall.dev/plan-digest": "another"}}},
        {"spec": {"activeDeadlineSeconds": 1}},
    ],
)
def test_nobody_else_changes_a_pod(world: Installation, names: Iterator[str], change: Change) -> None:
    name = running(world, next(names))
    refusal = "only the Job controller changes Pods here"
    expect(world["admin"].patch(pods(name), change), refusal)
    expect(world["job-controller"].patch(pods(name), change, dryRun="All"), None)


def test_a_pods_finalizers_are_free(world: Installation, names: Iterator[str]) -> None:
    name = running(world, next(names))
    expect(world["admin"].patch(pods(name), {"metadata": {"finalizers": []}}, dryRun="All"), None)


def test_nobody_adds_a_container_to_a_pod(world: Installation, names: Iterator[str]) -> None:
    name = running(world, next(names))
    spy = {"spec": {"ephemeralContainers": [container(IMAGE, name="spy")]}}
    expect(world["admin"].patch(pods(f"{name}/ephemeralcontainers"), spy), "nobody may use pods/ephemeralcontainers")


@pytest.mark.parametrize("way", ["exec", "attach", "portforward", "proxy"])
def test_nobody_reaches_into_a_pod(world: Installation, names: Iterator[str], way: str) -> None:
    name = running(world, next(names))
    query = {"command": "id", "stdout": "true"} if way == "exec" else {}
    expect(world["admin"].send("POST", pods(f"{name}/{way}"), query=query), f"nobody may use pods/{way} here")


def existing(world: Installation, name: str) -> str:
    """Let the operator create a Job, suspended, and return its name."""
    expect(world["operator"].create(jobs(), job(name)), None)
    return name


def running(world: Installation, name: str) -> str:
    """Let the operator create a Job that is not suspended, and return the name of its Pod."""
    expect(world["operator"].create(jobs(), changed(job(name), {"spec": {"suspend": False}})), None)
    selector = f"batch.kubernetes.io/job-name={name}"
    found: list[str] = []

    def made() -> bool:
        items = world["admin"].send("GET", pods(), query={"labelSelector": selector}).body["items"]
        found.extend(item["metadata"]["name"] for item in items)
        return bool(found)

    wait_until(f"the Pod of Job {name}", made)
    return found[0]
