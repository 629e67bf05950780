"""Twins: one for each NetworkTwin, started, kept and dropped with it; metrics joined to elements by label."""

from __future__ import annotations

from decimal import Decimal

from forestall.adapters.resources import PODS
from forestall.api.base import Key
from forestall.ports import Sample
from forestall.runtime.twins import REACHABLE
from tests.unit.planning.world import broken_rollout, pod
from tests.unit.runtime.instant import run, settle
from tests.unit.runtime.scene import World, twin

LOAD = {"name": "load", "attribute": "load", "kind": "Service", "query": "load", "nameLabel": "service"}


def test_a_twin_is_ready_once_every_kind_has_been_listed() -> None:
    async def story() -> None:
        world = World(broken_rollout())
        made = await world.context.twins.put(twin())
        before = made.ready
        await settle()
        assert (before, made.ready) == (False, True)
        assert len(made.snapshot().pods) == 3
        assert world.changed[-1] == ("cluster", "")
        await world.context.twins.stop()
        assert world.context.twins.get("cluster") is None

    run(story())


def test_a_twin_that_misses_changes_of_a_kind_is_not_ready_until_it_has_caught_up() -> None:
    async def story() -> None:
        world = World(broken_rollout())
        made = await world.context.twins.put(twin())
        await settle()
        world.kube.tell(PODS, "INTERRUPTED")
        await settle()
        assert (made.ready, made.feed and made.feed.awaited) == (False, ("pods",))
        world.kube.tell(PODS, "SYNCED")
        await settle()
        assert made.ready
        await world.context.twins.stop()

    run(story())


def test_a_twin_follows_the_cluster() -> None:
    async def story() -> None:
        world = World(broken_rollout())
        made = await world.context.twins.put(twin())
        await settle()
        world.changed.clear()
        world.kube.put(PODS, pod("cart-1-9", "worker-1"))
        world.kube.remove(PODS, "shop", "cart-2-1")
        await settle()
        assert {key.name for key in made.snapshot().pods} == {"cart-1-1", "cart-1-2", "cart-1-9"}
        assert world.changed == [("cluster", "shop")] * 2
        await world.context.twins.stop()

    run(story())


def test_a_twin_of_some_namespaces_leaves_out_the_others() -> None:
    async def story() -> None:
        elsewhere = pod("cart-1-9", "worker-1")
        elsewhere["metadata"]["namespace"] = "bank"
        world = World([*broken_rollout(), elsewhere])
        source = {"name": "objects", "kubernetes": {"namespaces": ["bank"]}}
        made = await world.context.twins.put(twin(sources=[source]))
        await settle()
        assert [key.namespace for key in made.snapshot().pods] == ["bank"]
        assert len(made.snapshot().nodes) == 3
        await world.context.twins.stop()

    run(story())


def test_an_unchanged_spec_goes_on_and_a_changed_one_starts_anew() -> None:
    async def story() -> None:
        world = World()
        twins = world.context.twins
        first = await twins.put(twin())
        await settle()
        assert await twins.put(twin()) is first
        second = await twins.put(twin(refresh="20s"))
        assert second is not first
        assert twins.get("cluster") is second
        assert len(twins.feeds()) == 1
        await twins.drop("cluster")
        await twins.drop("cluster")
        assert twins.feeds() == []

    run(story())


def test_a_twin_that_is_dropped_lets_go_of_its_prometheus() -> None:
    async def story() -> None:
        world = World()
        await world.context.twins.put(twin(prometheus=True))
        assert not world.prometheus.closed
        await world.context.twins.drop("cluster")
        assert world.prometheus.closed

    run(story())


def test_a_twin_without_objects_is_never_ready() -> None:
    async def story() -> None:
        source = {"name": "metrics", "prometheus": {"url": "http://prometheus:9090"}}
        made = await World().context.twins.put(twin(sources=[source]))
        await settle()
        assert not made.ready

    run(story())


def test_a_twin_without_prometheus_says_so_and_answers_nothing() -> None:
    async def story() -> None:
        world = World()
        made = await world.context.twins.put(twin())
        assert await made.measure(["up"], "shop") == {}
        assert made.metrics_error == "the twin has no Prometheus source"
        await world.context.twins.stop()

    run(story())


def test_prometheus_is_unreachable_when_it_does_not_answer_what_cannot_be_wrong() -> None:
    async def story() -> None:
        world = World()
        made = await world.context.twins.put(twin(prometheus=True))
        world.prometheus.answers.update({"wrong": "parse error"})
        await made.refresh_loads()
        await made.measure(["wrong"], "shop")
        assert made.metrics_error == ""
        world.prometheus.answers[REACHABLE] = "refused"
        await made.refresh_loads()
        assert made.metrics_error == "refused"
        await world.context.twins.stop()

    run(story())


def test_loads_are_read_and_lost_with_their_series() -> None:
    async def story() -> None:
        world = World(broken_rollout())
        made = await world.context.twins.put(twin(prometheus=True, metrics=[LOAD]))
        await settle()
        labels = {"service": "cart", "namespace": "shop"}
        world.prometheus.answers["load"] = (Sample(labels, Decimal("0.5")),)
        await made.refresh_loads()
        assert made.snapshot().loads == {Key("Service", "shop", "cart"): Decimal("0.5")}
        world.prometheus.answers["load"] = "timed out"
        await made.refresh_loads()
        assert made.snapshot().loads == {}
        await world.context.twins.stop()

    run(story())


def test_what_cannot_be_read_is_named() -> None:
    async def story() -> None:
        world = World(broken_rollout())
        world.kube.put(PODS, {"metadata": {"namespace": "shop", "name": "odd"}, "spec": "none"})
        made = await world.context.twins.put(twin())
        await settle()
        assert [key.name for key in made.defects] == ["odd"]
        await world.context.twins.stop()

    run(story())
