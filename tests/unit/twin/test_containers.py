"""What the kubelet says of containers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forestall.ports import Json
from forestall.twin.containers import containers
from forestall.twin.model import Container
from tests.unit.twin.objects import container

STARTED = datetime(2030, 1, 1, 12, tzinfo=UTC)
RUNNING: Json = {"running": {"startedAt": "2030-01-01T12:00:00Z"}}
WELL: Json = {"name": "main", "ready": True, "restartCount": 0, "state": RUNNING}


def read(*, spec: Json | None = None, since: datetime | None = None, init: bool = False, **status: Any) -> Container:
    (found,) = seen(spec=spec, since=since, init=init, **status)
    return found


def seen(
    *, spec: Json | None = None, since: datetime | None = None, init: bool = False, **status: Any
) -> tuple[Container, ...]:
    prefix = "initContainer" if init else "container"
    pod_spec = {f"{prefix}s": [container(**(spec or {}))]}
    return containers(pod_spec, {f"{prefix}Statuses": [{**WELL, **status}]}, since)


def ended(reason: str = "Error", code: int = 1, *, lasted: int = 5) -> Json:
    began = f"2030-01-01T11:00:{0:02}Z"
    end = {"reason": reason, "exitCode": code, "startedAt": began}
    finished = datetime(2030, 1, 1, 11, tzinfo=UTC) + timedelta(seconds=lasted)
    return {"terminated": {**end, "finishedAt": finished.isoformat()}}


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def test_a_container_that_runs_without_a_hitch_is_left_out() -> None:
    assert seen() == ()


def test_a_container_that_waits_says_why() -> None:
    found = read(ready=False, state=waiting("CreateContainerConfigError", 'configmap "web" not found'))

    assert (found.name, found.image) == ("main", "shop/web:1")
    assert (found.waiting, found.message) == ("CreateContainerConfigError", 'configmap "web" not found')
    assert (found.ended, found.calm_at, found.due) == ((), None, None)


def test_a_container_that_has_ended_says_how_the_latest_end_first() -> None:
    found = read(ready=False, restartCount=1, state=ended("Error", 1), lastState=ended("OOMKilled", 137))

    assert (found.ended, found.exit_code, found.repeated) == (("Error", "OOMKilled"), 1, False)


@pytest.mark.parametrize(("restarts", "expected"), [(1, False), (2, True), (9, True)])
def test_starts_are_not_counted_beyond_what_makes_them_often(restarts: int, expected: bool) -> None:
    assert read(restartCount=restarts, lastState=ended()).repeated is expected


@pytest.mark.parametrize(("lasted", "seconds"), [(0, 30), (5, 30), (60, 120), (86_400, 600)])
def test_a_start_is_lasting_after_twice_the_time_of_the_one_before_it(lasted: int, seconds: int) -> None:
    found = read(restartCount=3, lastState=ended(lasted=lasted))

    assert found.calm_at == STARTED + timedelta(seconds=seconds)


def probe(**more: int) -> Json:
    return {"httpGet": {"port": "http", "path": "/healthz"}, "periodSeconds": 2, "failureThreshold": 2, **more}


@pytest.mark.parametrize(
    ("spec", "status", "seconds"),
    [
        ({"readinessProbe": probe()}, {}, 12),
        ({"readinessProbe": probe(initialDelaySeconds=5)}, {}, 17),
        ({"readinessProbe": {"exec": {}}}, {}, 90),
        ({"readinessProbe": probe(), "startupProbe": probe()}, {"started": False}, 16),
        ({"readinessProbe": probe(), "startupProbe": probe()}, {"started": True}, 12),
        ({"readinessProbe": probe(periodSeconds=2**62)}, {}, 86_400),
    ],
)
def test_a_container_is_due_when_its_own_probes_have_had_their_say(spec: Json, status: Json, seconds: int) -> None:
    assert read(spec=spec, ready=False, **status).due == STARTED + timedelta(seconds=seconds)


def test_a_container_that_was_ready_before_is_due_after_it_ceased_to_be() -> None:
    later = STARTED + timedelta(hours=1)

    assert read(spec={"readinessProbe": probe()}, ready=False, since=later).due == later + timedelta(seconds=12)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (probe(), "GET :http/healthz"),
        ({"tcpSocket": {"port": 8080}}, "TCP :8080"),
        ({"grpc": {"port": 9000}}, "gRPC :9000"),
        ({"exec": {"command": ["secret"]}}, "a command"),
    ],
)
def test_a_container_that_is_not_ready_tells_what_it_is_asked(asked: Json, text: str) -> None:
    assert read(spec={"readinessProbe": asked}, ready=False).probe == text


def test_a_container_that_is_ready_is_due_for_nothing() -> None:
    found = read(spec={"readinessProbe": probe()}, restartCount=1, lastState=ended())

    assert (found.due, found.probe) == (None, "")


def test_an_init_container_that_has_done_its_part_is_left_out_however_often_it_was_started() -> None:
    done = {"terminated": {"exitCode": 0, "reason": "Completed"}}

    assert seen(init=True, restartCount=4, state=done, lastState=ended()) == ()


def test_an_init_container_is_never_due_but_a_sidecar_is() -> None:
    assert read(init=True, ready=False).due is None
    assert read(init=True, ready=False, spec={"restartPolicy": "Always"}).due is not None


def test_an_init_container_that_ends_again_and_again_is_told() -> None:
    found = read(init=True, ready=False, restartCount=4, state=waiting("CrashLoopBackOff"), lastState=ended())

    assert (found.waiting, found.repeated) == ("CrashLoopBackOff", True)
