"""Topology sources: which ConfigMaps are followed, when a twin may be used, and what its status says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from forestall.adapters.resources import CONFIG_MAPS, NAMESPACES, TWINS
from forestall.api import conditions
from forestall.api.networktwin import NetworkTwin, NetworkTwinStatus
from forestall.ports import Json
from forestall.runtime import twin_status
from forestall.runtime.twins import Twin
from forestall.twin.formats.documents import export
from tests.unit.planning.world import broken_rollout
from tests.unit.runtime.instant import run, settle
from tests.unit.runtime.scene import TWIN, World, twin
from tests.unit.twin.networks import platform, ring

GOOD = export(ring(), "rfc8345")
MARK = {"forestall.dev/topology": "true"}


def document(text: str = GOOD, *, name: str = "ring", namespace: str = "networks", **labels: str) -> Json:
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": {**MARK, **labels}},
        "data": {"ring.json": text},
    }


def namespace(name: str, **labels: str) -> Json:
    return {"metadata": {"name": name, "labels": labels}}


def told(story: Callable[[World, Twin], Awaitable[None]], *given: Json, **source: Any) -> None:
    async def whole() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
        world = World(broken_rollout())
        for item in given:
            world.kube.put(CONFIG_MAPS if "data" in item else NAMESPACES, item)
        sources = [{"name": "objects", "kubernetes": {}}, {"name": "nets", "topology": source}]
        world.see(TWINS, twin(sources=sources).to_json())
        made = await world.context.twins.put(status(world, NetworkTwin))
        try:
            await threads()
            await story(world, made)
        finally:
            await world.context.twins.stop()

    run(whole())


async def threads() -> None:
    """Let what is read in a thread come back: with one thread, all that was asked of it before is done."""
    loop = asyncio.get_running_loop()
    for _ in range(3):
        await settle()
        await loop.run_in_executor(None, int)


def status(world: World, model: type[NetworkTwin]) -> NetworkTwin:
    [found] = world.context.store.all(model)
    return found


async def look(world: World) -> NetworkTwinStatus:
    await threads()
    await twin_status.reconcile(world.context, TWIN)
    return status(world, NetworkTwin).status


def test_networks_come_from_the_listed_namespaces() -> None:
    async def story(world: World, made: Twin) -> None:
        assert made.ready
        assert made.snapshot().topology.id == ring().id
        found = {one.layer: one.elements for one in (await look(world)).layers}
        assert found == {"ip": 12, "platform": 3, "workload": 4, "service": 1}

    told(story, document(), document(namespace="elsewhere"), namespaces=["networks"])


def test_networks_come_from_the_namespaces_that_are_marked_and_go_with_the_mark() -> None:
    async def story(world: World, made: Twin) -> None:
        assert made.snapshot().topology.id == ring().id
        world.kube.remove(NAMESPACES, "", "networks")
        await threads()
        assert made.snapshot().topology.nodes == {}
        world.kube.put(NAMESPACES, namespace("networks", **MARK))
        await threads()
        assert made.snapshot().topology.id == ring().id

    told(story, namespace("networks", **MARK), namespace("other"), document(), document(namespace="other"))


def test_no_config_map_without_the_label_is_asked_for() -> None:
    async def story(world: World, made: Twin) -> None:
        assert made.topologies.status("nets").documents == 1
        world.kube.put(CONFIG_MAPS, {"metadata": {"name": "passwords", "namespace": "networks"}, "data": {"a": GOOD}})
        world.kube.put(CONFIG_MAPS, document(name="other-site", site="b"))
        await threads()
        assert made.topologies.status("nets").documents == 1

    told(story, document(site="a"), namespaces=["networks"], labels={"site": "a"})


def test_a_twin_waits_for_its_documents_once() -> None:
    async def story(world: World, made: Twin) -> None:
        world.kube.tell(CONFIG_MAPS, "INTERRUPTED")
        await threads()
        assert made.ready
        assert made.snapshot().topology.id == ring().id
        found = conditions.find((await look(world)).conditions, "TopologyReadable")
        assert found is not None
        assert (found.status, found.reason) == ("False", "Unreadable")
        assert "ConfigMaps of networks are not heard of" in found.message
        assert "topology.namespaces" in found.message
        world.kube.tell(CONFIG_MAPS, "SYNCED")
        assert conditions.is_true((await look(world)).conditions, "TopologyReadable")

    told(story, document(), namespaces=["networks"])


def test_a_twin_is_not_ready_before_all_its_documents_were_asked_for() -> None:
    async def whole() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
        world = World(broken_rollout())
        made = await world.context.twins.put(twin(sources=[{"name": "objects", "kubernetes": {}}, NETS]))
        assert made.awaited[-1] == "topology documents"
        await threads()
        assert made.ready
        await world.context.twins.stop()

    run(whole())


NETS = {"name": "nets", "topology": {"namespaces": ["networks"]}}


def test_a_bad_document_is_told_and_the_last_good_one_stays_until_it_is_mended_or_deleted() -> None:
    async def story(world: World, made: Twin) -> None:
        assert conditions.is_true((await look(world)).conditions, "TopologyReadable")
        world.kube.put(CONFIG_MAPS, document(GOOD[:100]))
        after = await look(world)
        found = conditions.find(after.conditions, "TopologyReadable")
        assert found is not None
        assert found.status == "False"
        assert found.message.startswith("ConfigMap networks/ring, key ring.json: ")
        assert made.snapshot().topology.id == ring().id
        [_, source] = after.sources
        assert (source.fresh, source.documents, source.message) == (False, 1, found.message)
        world.kube.put(CONFIG_MAPS, document())
        assert conditions.is_true((await look(world)).conditions, "TopologyReadable")
        world.kube.remove(CONFIG_MAPS, "networks", "ring")
        gone = conditions.find((await look(world)).conditions, "TopologyReadable")
        assert gone is not None
        assert gone.message.startswith("source nets has no document: give ConfigMaps of its namespaces the label")
        assert made.snapshot().topology.nodes == {}

    told(story, document(), namespaces=["networks"])


def test_all_policies_of_the_twin_look_again_when_a_document_changes() -> None:
    async def story(world: World, _: Twin) -> None:
        world.changed.clear()
        world.kube.put(CONFIG_MAPS, document(export(ring("abc"), "rfc8345")))
        await threads()
        assert world.changed == [("cluster", "")]

    told(story, document(), namespaces=["networks"])


def test_a_change_that_is_none_is_written_nowhere() -> None:
    async def story(world: World, _: Twin) -> None:
        await look(world)
        before = len(world.kube.made("patch_status"))
        world.kube.put(CONFIG_MAPS, document(touched="yes"))
        await look(world)
        assert len(world.kube.made("patch_status")) == before

    told(story, document(), namespaces=["networks"])


def test_a_kubernetes_node_that_a_platform_network_has_is_counted_once() -> None:
    async def story(world: World, _: Twin) -> None:
        layers = {one.layer: one.elements for one in (await look(world)).layers}
        assert layers["platform"] == 4

    above = platform({"worker-1": "a", "elsewhere": "b"})
    told(story, document(export(above, "rfc8345")), namespaces=["networks"])


def test_the_age_of_a_source_is_the_time_since_it_was_heard() -> None:
    async def story(world: World, made: Twin) -> None:
        assert made.ages == {"objects": 0, "nets": 0}
        world.kube.tell(CONFIG_MAPS, "INTERRUPTED")
        await threads()
        await asyncio.sleep(30)
        assert made.ages["nets"] == pytest.approx(30, abs=1)

    told(story, document(), namespaces=["networks"])


def test_nothing_is_said_of_documents_before_they_were_asked_for() -> None:
    async def whole() -> None:
        world = World(broken_rollout())
        world.see(TWINS, twin(sources=[{"name": "objects", "kubernetes": {}}, NETS]).to_json())
        await twin_status.reconcile(world.context, TWIN)
        found = conditions.find(status(world, NetworkTwin).status.conditions, "TopologyReadable")
        assert found is not None
        assert (found.status, found.reason, found.message) == ("Unknown", "Reading", "")
        await world.context.twins.stop()

    run(whole())


def test_a_condition_of_a_source_that_the_twin_has_no_longer_is_gone() -> None:
    async def story(world: World, _: Twin) -> None:
        await look(world)
        world.see(TWINS, {**status(world, NetworkTwin).to_json(), "spec": twin().to_json()["spec"]})
        after = await look(world)
        assert conditions.find(after.conditions, "TopologyReadable") is None

    told(story, document(), namespaces=["networks"])
