"""One plan at a time for each target: who works on it is read anew, and no two plans are decided on at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from forestall.adapters.memory import FixedClock, MemoryKube
from forestall.adapters.resources import PLANS
from forestall.api.remediationplan import RemediationPlan
from forestall.ports import Json, KubeError
from forestall.runtime.locks import Locks, rival
from tests.unit.gates.scene import NOW, plan, rendered

OTHER_TARGET = {"ref": {"kind": "Deployment", "namespace": "shop", "name": "web"}, "uid": "u", "readsHash": "sha256:1"}


def other(namespace: str = "web", **status: Any) -> Json:
    """Another plan, in a namespace of its own; at work on the same target unless `status` says otherwise."""
    body = plan().to_json()
    metadata = {**body["metadata"], "namespace": namespace, "uid": f"uid-{namespace}"}
    return {**body, "metadata": metadata, "status": {**body["status"], "phase": "Executing", **status}}


class Sending(MemoryKube):
    """An API server that counts the objects that it sends in lists."""

    sent = 0

    async def list(self, *args: Any, **selectors: Any) -> Sequence[Json]:
        found = await super().list(*args, **selectors)
        self.sent += len(found)
        return found


def asked(kube: MemoryKube, own: RemediationPlan) -> str | None:
    return asyncio.run(rival(kube, own))


def found(*bodies: Json, own: RemediationPlan | None = None) -> str | None:
    kube = MemoryKube(FixedClock(NOW))
    for body in bodies:
        kube.put(PLANS, body)
    return asked(kube, own or plan())


def test_a_plan_of_any_namespace_that_works_on_the_same_target_is_a_rival() -> None:
    assert found(plan().to_json(), other()) == "web/mend-cart"


@pytest.mark.parametrize("phase", ["Proposed", "PendingApproval", "Approved", "Blocked", "Succeeded", "Failed"])
def test_a_plan_that_is_not_at_work_is_none(phase: str) -> None:
    assert found(other(phase=phase)) == ""


def test_neither_is_the_plan_itself_nor_one_of_another_target() -> None:
    own = plan(rendered(phase="Executing"))
    assert found(own.to_json(), other(target=OTHER_TARGET), own=own) == ""


def test_a_plan_of_the_same_target_that_cannot_be_read_is_one() -> None:
    assert found(other(attempts="nonsense")) == "web/mend-cart"


def test_of_many_plans_at_work_only_those_of_the_targets_name_are_sent() -> None:
    kube = Sending(FixedClock(NOW))
    for number in range(20):
        kube.put(PLANS, other(f"shop-{number}", target={**OTHER_TARGET, "uid": str(number)}))
    kube.put(PLANS, other())
    assert (asked(kube, plan()), kube.sent) == ("web/mend-cart", 1)


def test_without_a_target_nobody_can_tell() -> None:
    assert found(own=plan({})) is None


def test_an_api_server_that_does_not_answer_is_no_free_target() -> None:
    kube = MemoryKube(FixedClock(NOW))
    kube.refuse("list", PLANS, KubeError(500, "InternalError", "down"))
    with pytest.raises(KubeError):
        asked(kube, plan())


def test_plans_of_one_target_are_decided_on_one_after_the_other() -> None:
    async def story() -> None:
        locks, order, gate = Locks(), [], asyncio.Event()

        async def decide(name: str, one: RemediationPlan) -> None:
            async with locks.alone(one):
                order.append(f"{name} begins")
                await gate.wait()
                order.append(f"{name} ends")

        elsewhere = plan(rendered(target=OTHER_TARGET))
        async with asyncio.TaskGroup() as tasks:
            for name, one in (
                ("first", plan()),
                ("second", plan()),
                ("elsewhere", elsewhere),
                ("unrendered", plan({})),
            ):
                tasks.create_task(decide(name, one))
            await asyncio.sleep(0)
            assert order == ["first begins", "elsewhere begins", "unrendered begins"]
            gate.set()
        assert order.index("second begins") > order.index("first ends")

    asyncio.run(story())
