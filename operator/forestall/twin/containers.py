"""Reads what the kubelet says of a pod's containers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from forestall.twin.model import Blueprint, Container, Port, Resources
from forestall.twin.reading import Json, amount, child, children, integer, text, time, words

OFTEN: Final = 2
"""Starts after the first one from which on a container is said to start again and again."""
SHORTEST_CALM, LONGEST_CALM = timedelta(seconds=30), timedelta(minutes=10)
"""How long a start must last, at least and at most, to count as a lasting one. After the longer one the kubelet,
too, forgets earlier ends."""
ROUNDS: Final = 3
"""How often a readiness probe may come to its verdict before a container counts as overdue."""
LONGEST_PROBE: Final = 24 * 60 * 60
"""Seconds: no probe is waited for longer."""
STAYING: Final = "Always"
"""The restart policy of an init container that stays beside the others."""


def containers(spec: Json, status: Json, unready_since: datetime | None) -> tuple[Container, ...]:
    """The containers that wait, have ended before or are not ready. `unready_since`: when the pod became so."""
    return tuple(_troubled(spec, status, unready_since))


def ports(spec: Json) -> tuple[Port, ...]:
    """The ports that the containers declare, without those of init containers that end."""
    return tuple(port for item in _lasting(spec) for port in _ports(item))


def blueprints(spec: Json) -> tuple[Blueprint, ...]:
    """The containers of a template, without init containers."""
    return tuple(
        Blueprint(
            name=text(item, "name"),
            requests=amounts(child(item, "resources", "requests")),
            limits=amounts(child(item, "resources", "limits")),
            ports=_ports(item),
            probed=_probed(child(item, "readinessProbe")),
        )
        for item in children(spec, "containers")
    )


def amounts(value: Json) -> Resources:
    """CPU and memory, of requests or of limits."""
    return Resources(amount(value, "cpu", unit=-3), amount(value, "memory"))


def _ports(item: Json) -> tuple[Port, ...]:
    return tuple(
        Port(text(port, "name"), integer(port, "containerPort", 0), text(port, "protocol", "TCP"))
        for port in children(item, "ports")
    )


def _probed(probe: Json) -> int | str | None:
    asked = next((found for name in ("httpGet", "tcpSocket", "grpc") if (found := child(probe, name))), None)
    if asked is None:
        return None
    return integer(asked, "port", 0) if isinstance(asked.get("port"), int) else text(asked, "port")


def _lasting(spec: Json) -> Iterator[Json]:
    yield from children(spec, "containers")
    yield from (item for item in children(spec, "initContainers") if item.get("restartPolicy") == STAYING)


def _troubled(spec: Json, status: Json, unready_since: datetime | None) -> Iterator[Container]:
    for field, states in (("initContainers", "initContainerStatuses"), ("containers", "containerStatuses")):
        for item in children(status, states):
            if not _runs_well(item):
                own = next((one for one in children(spec, field) if one.get("name") == item.get("name")), {})
                passing = field == "initContainers" and own.get("restartPolicy") != STAYING
                if not (passing and _has_done(item)):
                    yield _container(own, item, unready_since, passing=passing)


def _runs_well(status: Json) -> bool:
    running = "running" in child(status, "state")
    return running and status.get("ready") is True and not status.get("restartCount")


def _has_done(status: Json) -> bool:
    """Whether an init container has done its part."""
    ended = child(status, "state", "terminated")
    return bool(ended) and not integer(ended, "exitCode", 0)


def _container(spec: Json, status: Json, unready_since: datetime | None, *, passing: bool) -> Container:
    state, last = child(status, "state"), child(status, "lastState", "terminated")
    waiting, running = child(state, "waiting"), child(state, "running")
    ends = [end for end in (child(state, "terminated"), last) if end]
    started = time(running, "startedAt")
    expected = started is not None and status.get("ready") is not True and not passing
    return Container(
        name=text(status, "name"),
        image=text(spec, "image"),
        waiting=text(waiting, "reason"),
        message=words(waiting, "message"),
        ended=tuple(text(end, "reason") for end in ends),
        exit_code=_exit_code(ends[0]) if ends else 0,
        repeated=integer(status, "restartCount", 0) >= OFTEN,
        calm_at=started + _calm(last) if started is not None else None,
        due=_due(spec, status, max(started, unready_since or started)) if expected and started else None,
        probe=_question(child(spec, "readinessProbe")) if expected else "",
    )


def _exit_code(end: Json) -> int:
    return integer(end, "exitCode", 0, maximum=2**31)


def _calm(last: Json) -> timedelta:
    """How long a start must last: twice as long as the one before it, within bounds."""
    began, finished = time(last, "startedAt"), time(last, "finishedAt")
    lasted = finished - began if began is not None and finished is not None else timedelta(0)
    return min(max(2 * lasted, SHORTEST_CALM), LONGEST_CALM)


def _due(spec: Json, status: Json, since: datetime) -> datetime:
    """When the container's own probes should have made it ready."""
    starting = child(spec, "startupProbe") if status.get("started") is not True else {}
    seconds = _seconds(child(spec, "readinessProbe"), ROUNDS) + (_seconds(starting, 1) if starting else 0)
    return since + timedelta(seconds=min(seconds, LONGEST_PROBE))


def _seconds(probe: Json, rounds: int) -> int:
    """How long a probe takes for so many verdicts. What is not set is as the kubelet has it."""
    verdict = integer(probe, "periodSeconds", 10) * integer(probe, "failureThreshold", 3)
    return integer(probe, "initialDelaySeconds", 0) + rounds * verdict


def _question(probe: Json) -> str:
    """What a probe asks, for people."""
    for field, name in (("httpGet", "GET"), ("tcpSocket", "TCP"), ("grpc", "gRPC")):
        asked = child(probe, field)
        if asked:
            return f"{name} :{_port(asked)}{words(asked, 'path')}"
    return "a command" if probe.get("exec") is not None else ""


def _port(probe: Json) -> str:
    found = probe.get("port")
    return str(integer(probe, "port", 0, maximum=65_535)) if isinstance(found, int) else words(probe, "port")
