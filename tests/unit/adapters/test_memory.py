"""The fakes keep the rules of the real ones, as far as anything leans on them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from forestall.adapters.memory import FixedClock, MemoryKube, MemoryMetrics, merged
from forestall.adapters.resources import DEPLOYMENTS, PLANS, PODS
from forestall.ports import Json, KubeError, Sample
from tests.unit.gates.scene import NOW

PLAN: Json = {"metadata": {"name": "p", "labels": {"app": "cart"}}, "spec": {"x": 1}}


def told(story: Callable[[MemoryKube], Awaitable[None]]) -> None:
    asyncio.run(_told(story))


async def _told(story: Callable[[MemoryKube], Awaitable[None]]) -> None:
    kube = MemoryKube(FixedClock(NOW))
    await kube.create(PLANS, "shop", PLAN)
    await story(kube)


def test_versions_grow_and_generations_follow_the_spec_alone() -> None:
    async def story(kube: MemoryKube) -> None:
        first = await kube.get(PLANS, "shop", "p")
        second = await kube.merge_patch(PLANS, "shop", "p", {"metadata": {"annotations": {"a": "1"}}}, manager="me")
        third = await kube.merge_patch(PLANS, "shop", "p", {"spec": {"x": 2}}, manager="me")
        fourth = await kube.patch_status(PLANS, "shop", "p", {"status": {"y": 1}})
        changes = [
            (int(one["metadata"]["resourceVersion"]), one["metadata"]["generation"])
            for one in (first, second, third, fourth)
        ]
        assert changes == [(1, 1), (2, 1), (3, 2), (4, 2)]

    told(story)


def test_a_write_that_changes_nothing_is_no_new_version() -> None:
    async def story(kube: MemoryKube) -> None:
        same = await kube.merge_patch(PLANS, "shop", "p", {"spec": {"x": 1}}, manager="me")
        assert same["metadata"]["resourceVersion"] == "1"

    told(story)


def test_a_status_is_written_by_its_own_subresource_alone() -> None:
    async def story(kube: MemoryKube) -> None:
        born = await kube.create(PLANS, "shop", {"metadata": {"name": "q"}, "status": {"y": 1}})
        assert "status" not in born
        await kube.patch_status(PLANS, "shop", "q", {"status": {"y": 2}, "spec": {"x": 9}})
        await kube.merge_patch(PLANS, "shop", "q", {"status": {"y": 3}}, manager="me")
        patch = [{"op": "replace", "path": "/status/y", "value": 4}]
        await kube.json_patch(PLANS, "shop", "q", patch, manager="me")
        found = await kube.get(PLANS, "shop", "q")
        assert (found["status"], "spec" in found) == ({"y": 2}, False)

    told(story)


def test_preconditions_hold() -> None:
    async def story(kube: MemoryKube) -> None:
        stale: Json = {"metadata": {"resourceVersion": "0"}}
        for write in (
            kube.patch_status(PLANS, "shop", "p", stale),
            kube.merge_patch(PLANS, "shop", "p", stale, manager="me"),
            kube.create(PLANS, "shop", PLAN),
        ):
            with pytest.raises(KubeError) as caught:
                await write
            assert caught.value.status == 409
        for patch in ([{"op": "test", "path": "/spec/x", "value": 2}], [{"op": "remove", "path": "/spec/z"}]):
            with pytest.raises(KubeError) as caught:
                await kube.json_patch(PLANS, "shop", "p", patch, manager="me")
            assert caught.value.status == 422

    told(story)


def test_dry_runs_answer_and_leave_no_trace() -> None:
    async def story(kube: MemoryKube) -> None:
        patch = [{"op": "add", "path": "/spec/x", "value": 2}]
        answer = await kube.json_patch(PLANS, "shop", "p", patch, manager="me", dry_run=True)
        assert answer["spec"] == {"x": 2}
        await kube.create(PLANS, "shop", {"metadata": {"name": "q"}}, dry_run=True)
        assert [one["spec"] for one in await kube.list(PLANS)] == [{"x": 1}]
        assert [call.verb for call in kube.made("json_patch", "create")] == ["create"]

    told(story)


def test_lists_are_of_a_kind_a_namespace_and_labels() -> None:
    async def story(kube: MemoryKube) -> None:
        kube.put(PODS, {"metadata": {"name": "p", "namespace": "shop"}})
        for namespace, labels, count in (("", "", 1), ("shop", "app=cart", 1), ("bank", "", 0), ("shop", "app=x", 0)):
            assert len(await kube.list(PLANS, namespace, labels=labels)) == count

    told(story)


def test_a_list_is_narrowed_by_what_fields_say_and_do_not_say() -> None:
    async def story(kube: MemoryKube) -> None:
        for fields, count in (("spec.x=1", 1), ("spec.x=2", 0), ("spec.x!=2", 1), ("spec.x!=1", 0), ("a!=1,b!=1", 1)):
            assert len(await kube.list(PLANS, fields=fields)) == count, fields

    told(story)


def test_only_the_version_that_was_meant_is_deleted() -> None:
    async def story(kube: MemoryKube) -> None:
        with pytest.raises(KubeError, match="Conflict"):
            await kube.delete(PLANS, "shop", "p", version="999")
        await kube.delete(
            PLANS, "shop", "p", version=(await kube.get(PLANS, "shop", "p"))["metadata"]["resourceVersion"]
        )
        assert await kube.list(PLANS) == []

    told(story)


def test_what_it_gives_out_is_a_copy() -> None:
    async def story(kube: MemoryKube) -> None:
        (await kube.get(PLANS, "shop", "p"))["spec"]["x"] = 9
        (await kube.list(PLANS))[0]["spec"]["x"] = 9
        assert (await kube.get(PLANS, "shop", "p"))["spec"]["x"] == 1

    told(story)


def test_a_watch_tells_what_there_is_and_then_what_happens() -> None:
    async def story(kube: MemoryKube) -> None:
        heard: list[str] = []

        async def listen() -> None:
            async for event in kube.watch(PLANS, "shop"):
                heard.append(event.type)
                if event.type == "DELETED":
                    return

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0)
        await kube.patch_status(PLANS, "shop", "p", {"status": {"y": 1}})
        kube.put(PODS, {"metadata": {"name": "p", "namespace": "shop"}})
        kube.remove(PLANS, "shop", "p")
        await asyncio.wait_for(listening, 60)
        assert heard == ["ADDED", "SYNCED", "MODIFIED", "DELETED"]

    told(story)


def test_an_object_made_anew_is_another_one() -> None:
    async def story(kube: MemoryKube) -> None:
        first = await kube.get(PLANS, "shop", "p")
        kube.remove(PLANS, "shop", "p")
        second = await kube.create(PLANS, "shop", PLAN)
        assert second["metadata"]["uid"] != first["metadata"]["uid"]
        assert second["metadata"]["generation"] == 1

    told(story)


@pytest.mark.parametrize("after", [False, True])
def test_a_refusal_counts_for_its_verb_and_kind_and_so_many_times(after: bool) -> None:
    async def story(kube: MemoryKube) -> None:
        kube.refuse("patch_status", PLANS, KubeError(503, "No", "no"), times=2, after=after)
        await kube.get(PLANS, "shop", "p")
        for number in (1, 2):
            with pytest.raises(KubeError):
                await kube.patch_status(PLANS, "shop", "p", {"status": {"y": number}})
        found = await kube.get(PLANS, "shop", "p")
        assert found.get("status") == ({"y": 2} if after else None)
        await kube.patch_status(PLANS, "shop", "p", {"status": {"y": 3}})

    told(story)


def test_what_is_not_there_is_not_found() -> None:
    async def story(kube: MemoryKube) -> None:
        with pytest.raises(KubeError) as caught:
            await kube.get(DEPLOYMENTS, "shop", "p")
        assert (caught.value.status, caught.value.reason) == (404, "NotFound")

    told(story)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # the examples of RFC 7386
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_does_as_its_standard_says(target: object, patch: object, result: object) -> None:
    assert merged(target, patch) == result


def test_metrics_answer_as_told_and_a_clock_moves_when_it_is_moved() -> None:
    clock = FixedClock(NOW)
    metrics = MemoryMetrics(clock)
    metrics.answers = {"a": (Sample({}, Decimal(1)),), "b": "refused"}
    clock.advance(timedelta(seconds=5))
    found = asyncio.run(metrics.query(["a", "b", "c"], namespace="shop"))
    assert [(len(one.samples), one.error, one.at) for one in found.values()] == [
        (1, "", NOW + timedelta(seconds=5)),
        (0, "refused", NOW + timedelta(seconds=5)),
        (0, "", NOW + timedelta(seconds=5)),
    ]
    assert metrics.asked == [(("a", "b", "c"), "shop")]
