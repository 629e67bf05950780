"""A NetworkTwin's status: true, and quiet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from forestall.adapters.resources import PODS, TWINS
from forestall.api import conditions
from forestall.api.networktwin import NetworkTwin, NetworkTwinStatus
from forestall.runtime import twin_status
from forestall.runtime.twins import REACHABLE
from tests.unit.planning.world import broken_rollout, pod
from tests.unit.runtime.instant import run, settle
from tests.unit.runtime.scene import TWIN, World, twin

LOAD = {"name": "load", "attribute": "load", "kind": "Service", "query": "load", "nameLabel": "service"}


def told(story: Callable[[World], Awaitable[None]], made: NetworkTwin) -> None:
    async def whole() -> None:
        world = World(broken_rollout())
        world.see(TWINS, made.to_json())
        try:
            await story(world)
        finally:
            await world.context.twins.stop()

    run(whole())


def status(world: World) -> NetworkTwinStatus:
    [found] = world.context.store.all(NetworkTwin)
    return found.status


def writes(world: World) -> int:
    return len(world.kube.made("patch_status"))


async def look(world: World) -> timedelta | None:
    again = await twin_status.reconcile(world.context, TWIN)
    await settle()
    return again


def test_it_is_filled_first_and_then_refreshed_as_its_spec_says() -> None:
    async def story(world: World) -> None:
        assert await look(world) == timedelta(seconds=0.5)
        assert not conditions.is_true(status(world).conditions, "Ready")
        assert await look(world) == timedelta(seconds=20)
        assert conditions.is_true(status(world).conditions, "Ready")

    told(story, twin(refresh="20s"))


def test_it_counts_what_it_holds() -> None:
    async def story(world: World) -> None:
        await look(world)
        await look(world)
        assert {one.layer: one.elements for one in status(world).layers} == {"platform": 3, "workload": 4, "service": 1}
        assert status(world).snapshot_id.startswith("sha256:")
        assert [(one.name, one.fresh, one.message) for one in status(world).sources] == [("objects", True, "")]

    told(story, twin())


def test_counts_are_written_at_most_once_a_minute() -> None:
    async def story(world: World) -> None:
        await look(world)
        await look(world)
        before = writes(world)
        world.kube.put(PODS, pod("cart-1-9", "worker-1"))
        await settle()
        world.clock.advance(timedelta(seconds=59))
        await look(world)
        assert writes(world) == before
        world.clock.advance(timedelta(seconds=1))
        await look(world)
        assert writes(world) == before + 1

    told(story, twin())


def test_another_snapshot_alone_is_not_worth_a_write() -> None:
    async def story(world: World) -> None:
        await look(world)
        await look(world)
        before = writes(world)
        world.kube.put(PODS, pod("cart-1-1", "worker-2"))
        await settle()
        world.clock.advance(timedelta(hours=1))
        await look(world)
        assert writes(world) == before

    told(story, twin())


def test_an_unreachable_prometheus_is_told_at_once() -> None:
    async def story(world: World) -> None:
        await look(world)
        world.prometheus.answers[REACHABLE] = "ConnectionError: refused"
        await look(world)
        found = conditions.find(status(world).conditions, "MetricsReachable")
        assert found is not None
        assert (found.status, found.reason, found.message) == ("False", "Unreachable", "ConnectionError: refused")
        assert [(one.fresh, one.message) for one in status(world).sources] == [
            (True, ""),
            (False, "ConnectionError: refused"),
        ]

    told(story, twin(prometheus=True, metrics=[LOAD]))


def test_objects_that_cannot_be_read_are_named() -> None:
    async def story(world: World) -> None:
        world.kube.put(PODS, {"metadata": {"namespace": "shop", "name": "odd"}, "spec": "none"})
        await look(world)
        await look(world)
        [source] = status(world).sources
        assert source.message.startswith("Pod/shop/odd: ")

    told(story, twin())


def test_a_twin_without_objects_says_what_it_needs() -> None:
    async def story(world: World) -> None:
        await look(world)
        found = conditions.find(status(world).conditions, "Ready")
        assert found is not None
        assert found.message == "spec.sources: name a kubernetes source"

    told(story, twin(sources=[{"name": "metrics", "prometheus": {"url": "http://prometheus:9090"}}]))


def test_a_twin_whose_object_is_gone_is_dropped() -> None:
    async def story(world: World) -> None:
        await look(world)
        world.context.store.drop("NetworkTwin", twin().to_json())
        assert await look(world) is None
        assert world.context.twins.get("cluster") is None

    told(story, twin())
