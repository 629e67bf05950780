"""A replica that may not write reads, and changes nothing, whatever it tries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from forestall.adapters.memory import FixedClock, MemoryKube
from forestall.adapters.resources import JOBS, PLANS
from forestall.ports import Identity, Json, Kube, KubeError
from forestall.runtime.fencing import NOT_LEADING, Fenced
from tests.unit.gates.scene import NOW

PLAN: Json = {"metadata": {"name": "p", "namespace": "shop"}}
Use = Callable[[Kube], Awaitable[object]]
WRITES: dict[str, Use] = {
    "create": lambda kube: kube.create(JOBS, "shop", {"metadata": {"name": "j"}}),
    "patch_status": lambda kube: kube.patch_status(PLANS, "shop", "p", {"status": {"phase": "Executing"}}),
    "json_patch": lambda kube: kube.json_patch(PLANS, "shop", "p", [], manager="forestall"),
    "merge_patch": lambda kube: kube.merge_patch(PLANS, "shop", "p", {"spec": {}}, manager="forestall"),
    "delete": lambda kube: kube.delete(PLANS, "shop", "p"),
    "evict": lambda kube: kube.evict("shop", "web", "uid"),
}
HARMLESS: dict[str, Use] = {
    "get": lambda kube: kube.get(PLANS, "shop", "p"),
    "list": lambda kube: kube.list(PLANS),
    "create": lambda kube: kube.create(JOBS, "shop", {"metadata": {"name": "j"}}, dry_run=True),
    "json_patch": lambda kube: kube.json_patch(PLANS, "shop", "p", [], manager="forestall", dry_run=True),
    "can": lambda kube: kube.can(Identity("ann"), "approve", PLANS, "shop", "p"),
}


def called(use: Use, *, may: bool) -> list[str]:
    """The verbs that reach the API server."""
    kube = MemoryKube(FixedClock(NOW))
    kube.put(PLANS, PLAN)

    async def both() -> None:
        await use(Fenced(kube, lambda: may))

    try:
        asyncio.run(both())
    except KubeError as error:
        if error.status != 404 and error.reason != NOT_LEADING:
            raise
    return [call.verb for call in kube.calls]


@pytest.mark.parametrize("verb", WRITES)
def test_a_write_reaches_the_api_server_only_from_the_one_that_may(verb: str) -> None:
    assert called(WRITES[verb], may=False) == []
    assert called(WRITES[verb], may=True) == [verb]


@pytest.mark.parametrize("verb", HARMLESS)
def test_reads_and_dry_runs_pass_always(verb: str) -> None:
    assert called(HARMLESS[verb], may=False) == [verb]


def test_what_is_followed_is_followed_always() -> None:
    async def first() -> str:
        kube = MemoryKube(FixedClock(NOW))
        kube.put(PLANS, PLAN)
        async for event in Fenced(kube, lambda: False).watch(PLANS):
            return str(event.object["metadata"]["name"])
        raise AssertionError("a watch has ended")

    assert asyncio.run(first()) == "p"


def test_a_refusal_says_nothing_against_the_object() -> None:
    with pytest.raises(KubeError, match="another replica") as caught:
        asyncio.run(_write())
    assert (caught.value.status, caught.value.reason) == (0, NOT_LEADING)


async def _write() -> None:
    await Fenced(MemoryKube(FixedClock(NOW)), lambda: False).create(JOBS, "shop", {"metadata": {"name": "j"}})
