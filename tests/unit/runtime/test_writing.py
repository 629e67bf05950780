"""Writes: the difference, the whole difference and nothing but the difference; none where there is none."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.adapters.memory import FixedClock, MemoryKube, merged
from forestall.adapters.resources import FINDINGS, PLANS
from forestall.api.base import format_time
from forestall.api.finding import Finding
from forestall.api.remediationplan import RemediationPlan
from forestall.ports import Json, KubeError
from forestall.runtime.store import Store
from forestall.runtime.writing import create_once, difference, write_status
from tests.unit.gates.scene import NOW, attempts, finding, plan, rendered

NAMES = st.sampled_from(["a", "b", "c"])
LEAVES = st.one_of(st.booleans(), st.integers(0, 3), st.lists(st.integers(0, 1), max_size=2))
BRANCHES = st.dictionaries(NAMES, st.one_of(LEAVES, st.dictionaries(NAMES, LEAVES, max_size=2)), max_size=2)
OBJECTS = st.dictionaries(NAMES, st.one_of(LEAVES, BRANCHES), max_size=3)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(OBJECTS, OBJECTS)
def test_the_difference_applied_to_the_old_gives_the_new(old: Json, new: Json) -> None:
    assert merged(old, difference(old, new)) == new


@settings(max_examples=100, deadline=None, derandomize=True)
@given(OBJECTS)
def test_equal_objects_have_no_difference(same: Json) -> None:
    assert difference(same, dict(same)) == {}


def test_only_what_differs_is_in_the_difference() -> None:
    old = {"same": {"x": 1}, "deep": {"x": 1, "y": 1}, "gone": 1, "list": [1, 2]}
    new = {"same": {"x": 1}, "deep": {"x": 1, "y": 2}, "list": [1], "new": {}}
    assert difference(old, new) == {"deep": {"y": 2}, "gone": None, "list": [1], "new": {}}


class World:
    """A plan on the API server and in the store."""

    def __init__(self, **status: Any) -> None:
        self.kube, self.store = MemoryKube(FixedClock(NOW)), Store()
        seen = json.loads(json.dumps({**plan().status.to_json(), **status}, default=format_time))
        self.store.put(PLANS.kind, self.kube.put(PLANS, {**plan().to_json(), "status": seen}))

    @property
    def plan(self) -> RemediationPlan:
        found = self.store.get(RemediationPlan, "shop", "mend-cart")
        assert found is not None
        return found

    @property
    def wire(self) -> Json:
        """The plan's status as the API server has it."""
        found: Json = asyncio.run(self.kube.get(PLANS, "shop", "mend-cart"))["status"]
        return found

    def write(self, **changes: Any) -> bool:
        status = self.plan.status.model_copy(update=changes)
        return asyncio.run(write_status(self.kube, self.store, self.plan, status))


def test_a_status_that_is_no_different_is_not_written() -> None:
    world = World()
    assert world.write() is False
    assert world.kube.calls == []


def test_a_status_that_differs_is_written_once_and_known_at_once() -> None:
    world = World()
    assert world.write(message="new") is True
    assert world.plan.status.message == "new"
    assert world.write(message="new") is False
    assert [call.verb for call in world.kube.calls] == ["patch_status"]


def test_what_is_no_longer_there_is_taken_away() -> None:
    world = World()
    world.write(approval=None)
    assert world.plan.status.approval is None
    assert "approval" not in world.wire


LATER: Json = {"future": {"x": 1}, "target": {**plan().status.to_json()["target"], "future": 2}}
"""What a later version may have added to a plan's status."""


def test_fields_that_a_later_version_has_added_are_no_reason_to_write() -> None:
    world = World(**LATER)
    assert world.write() is False


def test_fields_that_a_later_version_has_added_are_left_alone() -> None:
    world = World(**LATER)
    assert world.write(message="new") is True
    assert {name: world.wire[name] for name in LATER} == LATER


def test_so_are_those_of_items_that_stay_as_they_are() -> None:
    tried = plan(rendered(steps=2, attempts=attempts("Success"))).status.to_json()["attempts"]
    world = World(attempts=[{**one, "future": 1} for one in tried])
    first, second = world.plan.status.attempts
    world.write(attempts=(first, second.model_copy(update={"outcome": "Success"})))
    assert [one.get("future") for one in world.wire["attempts"]] == [1, None]
    assert [one["outcome"] for one in world.wire["attempts"]] == ["Success", "Success"]


def test_an_object_that_has_changed_since_is_not_overwritten() -> None:
    world = World()
    asyncio.run(world.kube.patch_status(PLANS, "shop", "mend-cart", {"status": {"message": "theirs"}}))
    with pytest.raises(KubeError, match="Conflict"):
        world.write(message="ours")
    found = asyncio.run(world.kube.get(PLANS, "shop", "mend-cart"))
    assert found["status"]["message"] == "theirs"


def test_an_object_that_is_gone_is_forgotten() -> None:
    world = World()
    world.kube.remove(PLANS, "shop", "mend-cart")
    with pytest.raises(KubeError, match="NotFound"):
        world.write(message="ours")
    assert list(world.store.all(RemediationPlan)) == []


def test_an_object_that_could_not_be_written_is_kept() -> None:
    world = World()
    world.kube.refuse("patch_status", PLANS, KubeError(503, "ServiceUnavailable", ""))
    with pytest.raises(KubeError):
        world.write(message="ours")
    assert world.plan.status.message == ""


BODY = {**finding().to_json(), "apiVersion": FINDINGS.api_version, "kind": FINDINGS.kind}


def test_an_object_is_created_once_and_taken_over_the_second_time() -> None:
    kube, store, other = MemoryKube(FixedClock(NOW)), Store(), Store()
    assert asyncio.run(create_once(kube, store, Finding, BODY)) is True
    assert asyncio.run(create_once(kube, other, Finding, BODY)) is False
    assert list(store.all(Finding)) == list(other.all(Finding)) != []


def test_a_creation_whose_answer_is_lost_is_found_the_next_time() -> None:
    kube, store = MemoryKube(FixedClock(NOW)), Store()
    kube.refuse("create", FINDINGS, KubeError(0, "Unreachable", "reset"), after=True)
    with pytest.raises(KubeError):
        asyncio.run(create_once(kube, store, Finding, BODY))
    assert asyncio.run(create_once(kube, store, Finding, BODY)) is False
    assert len(list(store.all(Finding))) == 1
