"""The twin that follows the cluster, change by change, is the one that would be made of what is there at the end."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest

from forestall.api.base import Key
from forestall.ports import Json
from forestall.twin.difference import diff
from forestall.twin.live import STORM, Live
from forestall.twin.model import Element
from tests.unit.twin.objects import (
    autoscaler,
    claim,
    deployment,
    job,
    mounted,
    mounting,
    node,
    pod,
    replica_set,
    service,
    snapshot,
    volume,
)

NAMES = ("web", "api", "cart")
Place = tuple[str, str, str]


class Counting(Live):
    """Counts the elements that are made."""

    made = 0

    def _element(self, key: Key) -> Element | None:
        self.made += 1
        return super()._element(key)


def drawn(rng: random.Random) -> Json:
    """An object of any kind, in one of its states."""
    name, home, revision = rng.choice(NAMES), rng.choice("abcd"), rng.choice("12")
    running = pod(f"{name}-{rng.randrange(4)}", home, owner=f"{name}-{revision}", ready=rng.random() < 0.5)
    return rng.choice(
        (
            node(home, ready=rng.random() < 0.8, labels={"zone": rng.choice("xy")}),
            deployment(name, replicas=rng.randrange(4), **mounting(*rng.sample(("data", "logs"), rng.randrange(3)))),
            replica_set(name, revision),
            service(name, app=rng.choice(NAMES)),
            running,
            mounted(running, "data"),
            job(name, rng.choice(("Complete", "Failed"))),
            claim(rng.choice(("data", "logs")), rng.choice(("disk", "ring")), mode=rng.choice(("ReadWriteOnce", "x"))),
            volume(rng.choice(("disk", "ring")), **rng.choice(({"zone": "x"}, {"zone": "y"}, {}))),
            autoscaler(1, rng.randrange(1, 9), target=name),
        )
    )


def changes(rng: random.Random, count: int) -> Iterator[tuple[Place, Json | None]]:
    """Objects as they come and change; None where one is deleted."""
    for _ in range(count):
        item = drawn(rng)
        metadata = item["metadata"]
        place = item["kind"], metadata.get("namespace", ""), metadata["name"]
        yield place, None if rng.random() < 0.2 else item


def take(twin: Live, there: dict[Place, Json], news: Sequence[tuple[Place, Json | None]]) -> None:
    """Tell the twin, and keep what is there."""
    for place, item in news:
        if item is None:
            twin.remove(*place)
            there.pop(place, None)
        else:
            twin.apply(place[0], item)
            there[place] = item


@pytest.mark.parametrize("seed", range(20))
def test_after_any_changes_it_is_as_if_it_had_been_made_anew(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # the same changes each time
    twin, there = Live(), dict[Place, Json]()
    for _ in range(30):
        take(twin, there, list(changes(rng, rng.choice((1, 2, 3, 40)))))
        followed, anew = twin.snapshot(), snapshot(list(there.values()))

        assert followed.id == anew.id
        assert diff(followed, anew) == ()
        for one, other in ((followed.pods, anew.pods), (followed.workloads, anew.workloads)):
            assert list(one) == list(other)
            assert one == other


def crowd(size: int) -> list[Json]:
    """So many pods, and their Deployment."""
    return [deployment(), replica_set(), *(pod(f"web-1-{number:03}", "a") for number in range(size))]


def followed(size: int) -> Counting:
    """A twin of so many pods that has been looked at."""
    twin = Counting()
    for item in crowd(size):
        twin.apply(item["kind"], item)
    twin.snapshot()
    twin.made = 0
    return twin


def flap(twin: Live, pods: int, times: int) -> None:
    """So many pods become ready and unready, and end unready."""
    for number in range(2 * times):
        for place in range(pods):
            twin.apply("Pod", pod(f"web-1-{place:03}", "a", ready=number % 2 == 0))


def test_of_changes_between_two_looks_each_element_is_made_once_however_often_it_changed() -> None:
    twin = followed(100)
    before = twin.snapshot().generation

    flap(twin, pods=10, times=50)

    assert twin.snapshot().generation == before + 1
    assert twin.made == 10


@pytest.mark.parametrize(("pods", "made"), [(102 // STORM, 102 // STORM), (102 // STORM + 1, 102)])
def test_in_a_storm_all_elements_are_made_anew_and_once(pods: int, made: int) -> None:
    twin = followed(100)

    flap(twin, pods, times=3)

    assert sum(not found.ready for found in twin.snapshot().pods.values()) == pods
    assert twin.made == made


def test_what_others_have_something_from_has_all_elements_made_anew() -> None:
    twin = followed(100)
    twin.apply("ReplicaSet", replica_set(revision="2"))
    assert {found.current for found in twin.snapshot().pods.values()} == {False}
    assert twin.made == 103
